// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_HTTP_REQUEST_TARGET_HPP
#define FOREST_CORE_DETAIL_HTTP_REQUEST_TARGET_HPP

#include <forest/core/detail/http/authority.hpp>
#include <forest/core/fields.hpp>
#include <forest/form.hpp>

// The possible forms of a request target (RFC 9112, 3.2), and the path by which a server finds the
// route.

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace forest::inline FOREST_FORM::detail {

/// Returns whether a request target may have this byte. It accepts more than RFC 3986, because
/// clients do not escape quotes and brackets. It accepts no control, no blank, no `#` and no byte
/// above 127.
[[nodiscard]] constexpr bool is_target_byte(char byte) noexcept {
    return '!' <= byte && byte <= '~' && byte != '#';
}

// Returns the place of the first byte from `position` on that is no target byte, or the end.
constexpr std::size_t skip_target(std::string_view text, std::size_t position) noexcept {
    while (position < text.size() && is_target_byte(text[position]))
        ++position;
    return position;
}

/// Whether `target`, of target bytes only, is in origin form (`/a?b`) or absolute form
/// (`http://h/a?b`).
[[nodiscard]] constexpr bool is_resource_target(std::string_view target) noexcept {
    if (target.starts_with('/'))
        return true;
    const std::size_t scheme_end = target.find("://");
    if (scheme_end == std::string_view::npos)
        return false;
    const std::string_view scheme = target.substr(0, scheme_end);
    const std::string_view rest = target.substr(scheme_end + 3);
    const std::string_view host = rest.substr(0, rest.find_first_of("/?"));
    return (iequals(scheme, "http") || iequals(scheme, "https")) && !host.empty() &&
           is_host_field(host);
}

/// Whether `target` is in asterisk or authority form, which only OPTIONS and CONNECT send.
[[nodiscard]] constexpr bool is_server_target(std::string_view target) noexcept {
    return target == "*" || (!target.empty() && is_host_field(target));
}

/// Returns the target without scheme, authority and query; `/` if nothing is left.
[[nodiscard]] constexpr std::string_view path_of_target(std::string_view target) noexcept {
    const std::size_t scheme_end =
        target.starts_with('/') ? std::string_view::npos : target.find("://");
    if (scheme_end != std::string_view::npos) {
        target.remove_prefix(scheme_end + 3);
        target.remove_prefix(std::min(target.find_first_of("/?"), target.size()));
    }
    const std::string_view path = target.substr(0, target.find('?'));
    return path.empty() ? "/" : path;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
