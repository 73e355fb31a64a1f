// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_HMAC_SHA256_HPP
#define FOREST_ADAPTERS_OPENSSL_HMAC_SHA256_HPP

#include <forest/form.hpp>

#include <openssl/types.h>

#include <array>
#include <cstddef>
#include <string_view>

// HMAC-SHA256 (RFC 2104) with a key that is set once. Looking up the algorithm and hashing the
// padded key take most of the time of a one-shot call, so one EVP_MAC context is kept and restarted
// for each message (docs/measurements.md).

namespace forest::inline FOREST_FORM {

/// Signs messages with one key. Copyable and movable. Two threads must not use one object at the
/// same time, but each thread may use its own copy. An object that was moved from can only be
/// assigned to or destroyed. OpenSSL keeps a copy of the secret and the states that it has computed
/// from the secret, and wipes both when it frees them.
class hmac_sha256 {
public:
    using digest = std::array<unsigned char, 32>;
    using hex_digest = std::array<char, 64>; ///< in lower case, without a final NUL

    /// Throws std::system_error with `errc::secret_missing` when `secret` is empty,
    /// std::runtime_error when OpenSSL offers no HMAC or no SHA-256 or refuses the secret (a FIPS
    /// provider may refuse a short one), and std::bad_alloc.
    explicit hmac_sha256(std::string_view secret);

    hmac_sha256(const hmac_sha256& other);
    hmac_sha256(hmac_sha256&&) noexcept;
    hmac_sha256& operator=(const hmac_sha256& other);
    hmac_sha256& operator=(hmac_sha256&&) noexcept;
    ~hmac_sha256();

    /// Returns the signature of `message` as bytes. Throws std::bad_alloc, because OpenSSL may need
    /// memory; `operator new` is not called.
    [[nodiscard]] digest digest_of(std::string_view message);

    /// Returns the signature of `message` as 64 lower-case hex digits, as the header field has it.
    [[nodiscard]] hex_digest sign(std::string_view message);

private:
    EVP_MAC_CTX* keyed_ = nullptr;
    bool restarts_ = false; // otherwise, each message uses a copy of its own
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/openssl/impl/hmac_sha256.ipp>
#endif

#endif
