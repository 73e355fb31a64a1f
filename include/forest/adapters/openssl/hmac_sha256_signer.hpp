// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_HMAC_SHA256_SIGNER_HPP
#define FOREST_ADAPTERS_OPENSSL_HMAC_SHA256_SIGNER_HPP

#include <forest/adapters/openssl/header_style.hpp>
#include <forest/adapters/openssl/hmac_sha256.hpp>
#include <forest/adapters/openssl/signature_errc.hpp>
#include <forest/core/detail/logic/option_mistake.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/signer.hpp>

#include <cstddef>
#include <string_view>
#include <system_error>

// The signature that Forest servers require (PROTOCOL.md, 1). It covers only the timestamp, so the
// request is not examined.

namespace forest::inline FOREST_FORM {

/// The options for signing requests.
struct signer_options {
    /// The spelling of the names of the two fields.
    header_style style = header_style::underscore;

    /// How many digits the fraction of the timestamp has, 3 to 9. All servers read milliseconds. A
    /// client draws the digits after the third at random. So more digits distinguish clients with
    /// the same secret that check in the same millisecond; without them a server with a replay
    /// window would refuse these checks as replays.
    int fraction_digits = fraction_digits_min;

    /// Returns the error of the options, if any: `signature_errc::invalid_fraction_digits`.
    [[nodiscard]] std::error_code validate() const noexcept;
};

/// Signs requests with HMAC-SHA256: a model of `precise_signer`.
///
/// From examples/tutorial/07_tls_or_unix_socket.cpp:
///     forest::asio_clock clock{executor};
///     forest::transport_options options;
///     options.tls.ca_file = ca_file;
///     forest::asio_transport transport{clock, options};
///     return forest::basic_health_client{
///         std::move(transport), clock,
///         forest::hmac_sha256_signer{shared_secret, forest::header_style::dash},
///         forest::exponential_backoff{}, "https://warehouse.example/forest/health"};
///
/// **Thread safety:** two threads must not use one object at the same time, but each thread may use
/// its own copy.
///
/// **Lifetime:** copyable and movable; a signer that was moved from may only be assigned to or
/// destroyed. A signer keeps a copy of the secret; OpenSSL wipes the copy before it is freed.
///
/// **Errors:** the constructors throw std::system_error with `errc::secret_missing` when the secret
/// is empty, or with `signature_errc::invalid_fraction_digits`; std::runtime_error when OpenSSL
/// offers no HMAC or no SHA-256; and std::bad_alloc. `sign` and copying throw std::bad_alloc when
/// OpenSSL finds no memory. If the header fields have no room for a signature, an assertion fails.
class hmac_sha256_signer {
public:
    static constexpr bool signs_time_alone = true;

    /// Throws like hmac_sha256: std::system_error with `errc::secret_missing` if `secret` is empty.
    hmac_sha256_signer(std::string_view secret, header_style style)
        : hmac_sha256_signer{secret, signer_options{.style = style}} {}

    /// Also throws std::system_error with the error of `options.validate()`.
    explicit hmac_sha256_signer(std::string_view secret, const signer_options& options = {});

    // Says what is wrong with braced options.
    template <std::size_t MisspeltOrWithoutUnit>
    hmac_sha256_signer(std::string_view secret, const detail::any_member (&)[MisspeltOrWithoutUnit])
        : hmac_sha256_signer{secret} {
        detail::refuse_options<MisspeltOrWithoutUnit>();
    }

    /// Adds the timestamp in UTC, and its signature. `fields` must have room for 121 bytes, and for
    /// one more byte for each digit after the third. Throws std::bad_alloc if OpenSSL finds no
    /// memory.
    void sign(const request&, precise_time moment, header_fields& fields);

private:
    hmac_sha256 key_;
    signature_field_names names_;
    int digits_;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/openssl/impl/hmac_sha256_signer.ipp>
#endif

#endif
