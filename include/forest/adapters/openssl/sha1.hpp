// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_SHA1_HPP
#define FOREST_ADAPTERS_OPENSSL_SHA1_HPP

#include <forest/core/detail/json/hex.hpp>
#include <forest/form.hpp>

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

// SHA-1 as the etag of a schema (PROTOCOL.md, 3), as peers compute it. It only distinguishes
// versions of one text. It protects nothing, so it does not matter that it can be forged.

namespace forest::inline FOREST_FORM {

/// Returns the SHA-1 of `bytes` (FIPS 180-4) as 40 lower-case hex digits. Throws std::runtime_error
/// if OpenSSL has no SHA-1, and std::bad_alloc. May be called from several threads at once.
[[nodiscard]] inline std::string sha1_hex(std::string_view bytes) {
    struct deleter {
        void operator()(EVP_MD* algorithm) const noexcept { EVP_MD_free(algorithm); }
    };
    const std::unique_ptr<EVP_MD, deleter> algorithm{EVP_MD_fetch(nullptr, "SHA1", nullptr)};
    if (algorithm == nullptr)
        throw std::runtime_error("OpenSSL offers no SHA-1; is its default provider loaded?");
    std::array<unsigned char, 20> digest{};
    // The algorithm was found, so OpenSSL can only lack memory.
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, algorithm.get(), nullptr) !=
        1)
        throw std::bad_alloc{};
    std::string text(2 * digest.size(), '0');
    detail::write_hex(digest, text.data());
    return text;
}

} // namespace forest::inline FOREST_FORM

#endif
