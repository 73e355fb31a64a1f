// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_HTTP_METHOD_HPP
#define FOREST_CORE_HTTP_METHOD_HPP

#include <forest/form.hpp>

// A health route answers two methods. It treats all other methods alike, so they have no names
// here.

#include <string_view>

namespace forest::inline FOREST_FORM {

/// The methods that a health route distinguishes.
enum class http_method { get, head, other };

/// Returns the method with that name, case-sensitively (RFC 9110, 9.1).
[[nodiscard]] constexpr http_method read_http_method(std::string_view name) noexcept {
    return name == "GET"    ? http_method::get
           : name == "HEAD" ? http_method::head
                            : http_method::other;
}

} // namespace forest::inline FOREST_FORM

#endif
