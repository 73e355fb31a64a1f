// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_HTTP_IMPL_URL_READER_IPP
#define FOREST_CORE_DETAIL_HTTP_IMPL_URL_READER_IPP

#include <forest/core/detail/container/algorithm.hpp>
#include <forest/core/detail/http/url_reader.hpp>
#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/url.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL std::error_code url_parts::read(std::string_view whole) {
    if (whole.size() > url::text_bytes_max)
        return errc::url_too_long;
    // This check comes first, so that no message ever repeats a control character.
    if (detail::any_of(whole, [](char byte) {
            return static_cast<unsigned char>(byte) < '!' || byte == 0x7f;
        }))
        return errc::url_malformed;

    const std::size_t scheme_end = whole.find("://");
    if (scheme_end == std::string_view::npos || !read_scheme(whole.substr(0, scheme_end)))
        return errc::url_scheme_unsupported;
    std::string_view rest = whole.substr(scheme_end + 3);
    const std::string_view place = rest.substr(0, rest.find_first_of("/?#"));
    rest.remove_prefix(place.size());

    if (place.find('@') != std::string_view::npos)
        return errc::url_userinfo_refused;
    if (const std::error_code ec =
            scheme == url_scheme::http_unix ? read_socket(place) : read_host(place))
        return ec;

    const std::size_t hash = detail::min(rest.find('#'), rest.size());
    const std::string_view resource = rest.substr(0, hash);
    if (!path_valid(resource) || (hash < rest.size() && !path_valid(rest.substr(hash + 1))))
        return errc::url_malformed;
    if (scheme == url_scheme::tcp && !resource.empty() && resource != "/")
        return errc::url_malformed; // It has no resources.
    if (resource.substr(0, 1) != "/")
        target.push_back('/');
    target.append(resource);
    text = whole;
    return {};
}

FOREST_DECL std::uint16_t url_parts::default_port() const noexcept {
    return scheme == url_scheme::https ? 443 : scheme == url_scheme::http ? 80 : 0;
}

FOREST_DECL bool url_parts::read_scheme(std::string_view name) noexcept {
    if (iequals(name, "http"))
        scheme = url_scheme::http;
    else if (iequals(name, "https"))
        scheme = url_scheme::https;
    else if (iequals(name, "http+unix"))
        scheme = url_scheme::http_unix;
    else if (iequals(name, "tcp"))
        scheme = url_scheme::tcp;
    else
        return false;
    return true;
}

FOREST_DECL std::error_code url_parts::take_zone(std::string& place) {
    const std::size_t end = place.find(']');
    const std::size_t begin = place.find('%');
    if (!place.starts_with('[') || end == std::string::npos || begin > end)
        return {};
    const std::string address = place.substr(1, begin - 1);
    if (!is_ipv6_literal(address))
        return errc::url_malformed;
    const std::string_view escaped = std::string_view{place}.substr(begin, end - begin);
    if (!is_link_local(address) || !escaped.starts_with("%25") || !escapes_valid(escaped))
        return errc::url_zone_invalid;
    for (std::size_t index = 3; index < escaped.size(); ++index) {
        char byte = escaped[index];
        if (byte == '%') {
            byte = static_cast<char>(hex_value(escaped[index + 1]) * 16 +
                                     hex_value(escaped[index + 2]));
            index += 2;
        } else if (!is_unreserved(byte)) {
            return errc::url_zone_invalid;
        }
        // No interface has another character in its name.
        if (byte < '!' || byte > '~' || byte == '/' || byte == ':')
            return errc::url_zone_invalid;
        zone += byte;
    }
    if (zone.empty() || zone.size() > url::zone_bytes_max)
        return errc::url_zone_invalid;
    place.erase(begin, end - begin);
    return {};
}

FOREST_DECL std::error_code url_parts::read_host(std::string_view place_and_zone) {
    std::string place{place_and_zone};
    if (const std::error_code ec = take_zone(place))
        return ec;
    if (beyond_ascii(place))
        return errc::url_host_not_ascii;
    const auto parts = read_authority(place);
    if (!parts)
        return errc::url_malformed;
    if (parts->host.empty())
        return errc::url_host_missing;
    port = default_port();
    if (!parts->port.empty()) {
        const auto number = read_port(parts->port);
        if (!number)
            return errc::url_port_invalid;
        port = *number;
    }
    if (port == 0)
        return errc::url_port_invalid; // tcp has no default.
    host = parts->host;
    for (char& byte : host)
        byte = lower(byte);
    ip_literal = parts->bracketed || is_ipv4_literal(host);
    host_header = parts->bracketed ? '[' + host + ']' : host;
    if (host_header.ends_with('.'))
        host_header.pop_back();
    // Only the last label, that of the root, is empty; and an address has no root.
    if (host.starts_with('.') || host.find("..") != std::string::npos ||
        (!ip_literal && is_ipv4_literal(host_header)))
        return errc::url_malformed;
    if (port != default_port())
        host_header += ':' + std::to_string(port);
    return {};
}

FOREST_DECL std::error_code url_parts::read_socket(std::string_view place) {
    if (place.empty())
        return errc::url_host_missing;
    if (place.find(':') != std::string_view::npos)
        return errc::url_port_invalid;
    if (!path_valid(place))
        return errc::url_malformed;
    for (std::size_t index = 0; index < place.size(); ++index) {
        char byte = place[index];
        if (byte == '%') {
            byte =
                static_cast<char>(hex_value(place[index + 1]) * 16 + hex_value(place[index + 2]));
            index += 2;
        }
        // For the system, a zero would end the path early. Other controls would damage logs.
        if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f)
            return errc::url_malformed;
        socket_path += byte;
    }
    if (socket_path.size() > url::socket_path_bytes_max)
        return errc::url_too_long;
    host = "localhost";
    host_header = host;
    return {};
}

} // namespace forest::inline FOREST_FORM::detail

#endif
