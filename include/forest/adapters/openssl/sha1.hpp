// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_SHA1_HPP
#define FOREST_ADAPTERS_OPENSSL_SHA1_HPP

#include <forest/form.hpp>

#include <string>
#include <string_view>

// SHA-1 as the etag of a schema (PROTOCOL.md, 3), as peers compute it. It only distinguishes
// versions of one text. It protects nothing, so it does not matter that it can be forged.

namespace forest::inline FOREST_FORM {

/// Returns the SHA-1 of `bytes` (FIPS 180-4) as 40 lower-case hex digits. Throws std::runtime_error
/// if OpenSSL has no SHA-1, and std::bad_alloc. May be called from several threads at once.
[[nodiscard]] FOREST_DECL std::string sha1_hex(std::string_view bytes);

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/openssl/impl/sha1.ipp>
#endif

#endif
