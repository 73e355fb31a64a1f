// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DEFAULT_ROUTES_HPP
#define FOREST_DEFAULT_ROUTES_HPP

#include <forest/adapters/asio/asio_server.hpp>
#include <forest/adapters/openssl/hmac_sha256_verifier.hpp>
#include <forest/adapters/openssl/sha1.hpp>
#include <forest/form.hpp>
#include <forest/health_route.hpp>
#include <forest/schema_route.hpp>

// The built-in server and its two routes, alone.

namespace forest::inline FOREST_FORM {

/// The route on the built-in server: `health_route route{server, hmac_sha256_verifier{secret}}`.
using health_route = basic_health_route<asio_server>;

/// The schema on the built-in server: `schema_route route{server, hmac_sha256_verifier{secret},
/// sha1_hex, text}`.
using schema_route = basic_schema_route<asio_server>;

#ifdef FOREST_SEPARATE_COMPILATION
extern template class basic_health_route<asio_server>;
extern template class basic_schema_route<asio_server>;
#endif

} // namespace forest::inline FOREST_FORM

#endif
