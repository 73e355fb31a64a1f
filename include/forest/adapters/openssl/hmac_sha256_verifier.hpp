// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_HMAC_SHA256_VERIFIER_HPP
#define FOREST_ADAPTERS_OPENSSL_HMAC_SHA256_VERIFIER_HPP

#include <forest/adapters/openssl/signature_errc.hpp>
#include <forest/core/detail/logic/option_mistake.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verification.hpp>
#include <forest/form.hpp>
#include <forest/policy/server.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <system_error>

// The server's side of hmac_sha256_signer (PROTOCOL.md, 2). The reason that a verifier returns is
// for the log of the server: a stranger must not learn what was wrong.

namespace forest::inline FOREST_FORM {

/// The requests that a verifier accepts.
struct verifier_options {
    /// How far a timestamp may be from the server's clock, in both directions. Both times are cut
    /// to whole seconds, and both ends are included. 0 to 366 days; 0 accepts only the present
    /// second. This library's clients sign up to 1 s behind their clocks, so a tolerance of less
    /// than 2 s refuses some of them.
    std::chrono::seconds tolerance{300};

    /// How long a signature is refused after it was accepted, including the end of this time. With
    /// 0 it is accepted again and again, as long as its timestamp is accepted. Otherwise the window
    /// is at least `replay_window_min()`, the whole time in which the timestamp is accepted. With
    /// less, a signature could be used again after the window.
    ///
    /// Clients with the same secret that sign the same moment send the same bytes. Then only one
    /// client is accepted. `signer_options::fraction_digits` makes the moments differ.
    duration replay_window = duration::zero();

    /// How many signatures are remembered for the replay window. Each needs some 50 bytes,
    /// allocated at construction. This number divided by the window is the largest rate of checks
    /// at which no replay is accepted: 109 a second with 601 s. If more checks come, the oldest
    /// signature is forgotten too early; `verification::replay_forgotten` and `replays_forgotten()`
    /// report that. No request is refused for this reason. 1 to 16777216.
    std::size_t replay_entries_max = 65536;

    /// Also accepts timestamps of the form `Sun, 29 Nov 2026 15:22:31 GMT` (IMF-fixdate, RFC 9110),
    /// and no other form of a date. Node datasources 1.8.0 to 1.11.0 sign this form. It cannot be
    /// combined with a replay window, because all clients sign the same date during a second.
    bool accept_http_dates = false;

    static constexpr std::chrono::seconds tolerance_max{std::chrono::hours{24 * 366}};
    static constexpr std::size_t replay_entries_limit = std::size_t{1} << 24U;

    /// Returns the whole time in which a timestamp is accepted.
    [[nodiscard]] constexpr duration replay_window_min() const noexcept {
        return 2 * tolerance + std::chrono::seconds{1};
    }

    /// Returns the error of the options, if any: a `signature_errc` that names the member.
    [[nodiscard]] std::error_code validate() const noexcept;
};

/// Accepts requests that were signed just now with the secret.
///
/// From examples/programs/warehouse/warehouse.cpp:
///     request_verifier make_verifier(const options& settings) {
///         const auto secret = cli::read_secret(settings.secret);
///         if (!secret)
///             return accept_unsigned;
///         return hmac_sha256_verifier{*secret, {.accept_http_dates = settings.accept_http_dates}};
///     }
///
/// **Thread safety:** all members may be called from several threads at once.
///
/// **Lifetime:** copies share one state, which includes the replay window. So a std::function may
/// own a copy. A verifier that was moved from may only be assigned to or destroyed.
///
/// **Errors:** the constructor throws std::system_error with the error of `options.validate()`, or
/// with `errc::secret_missing` when the secret is empty; std::runtime_error when OpenSSL offers no
/// HMAC or no SHA-256; and std::bad_alloc. A call throws std::bad_alloc when OpenSSL finds no
/// memory, and a route then refuses the request. Every other refusal is in the returned
/// `verification`.
class hmac_sha256_verifier {
public:
    /// Throws std::system_error with the error of `options.validate()`, and as hmac_sha256 does:
    /// with `errc::secret_missing` when `secret` is empty.
    explicit hmac_sha256_verifier(std::string_view secret, verifier_options options = {});

    // Says what is wrong with braced options.
    template <std::size_t MisspeltOrWithoutUnit>
    hmac_sha256_verifier(std::string_view, const detail::any_member (&)[MisspeltOrWithoutUnit]) {
        detail::refuse_options<MisspeltOrWithoutUnit>();
    }

    /// Returns how many signatures were forgotten before the replay window had passed. Each such
    /// signature could be used again. May be called from any thread.
    [[nodiscard]] std::uint64_t replays_forgotten() const;

    /// Returns whether the request is signed, and if not, why. A signed request has one timestamp
    /// and one signature, each in one spelling, or with the same value in both. Throws
    /// std::bad_alloc if OpenSSL finds no memory.
    [[nodiscard]] verification operator()(const server_request& request) const;

private:
    class sole_value;
    class state;

    std::shared_ptr<state> state_;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/openssl/impl/hmac_sha256_verifier.ipp>
#endif

#endif
