// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_URL_SCHEME_HPP
#define FOREST_CORE_URL_SCHEME_HPP

#include <forest/form.hpp>

#include <cstdint>

// The schemes of a URL.

namespace forest::inline FOREST_FORM {

/// The protocol to a target.
enum class url_scheme : std::uint8_t {
    http,
    https,
    http_unix, ///< HTTP over a unix domain socket: `http+unix://%2Frun%2Fa.sock/path`
    tcp,       ///< a connection and nothing else: `tcp://database.example:5432`
};

} // namespace forest::inline FOREST_FORM

#endif
