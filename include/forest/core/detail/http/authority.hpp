// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_HTTP_AUTHORITY_HPP
#define FOREST_CORE_DETAIL_HTTP_AUTHORITY_HPP

#include <forest/core/detail/json/hex.hpp>
#include <forest/form.hpp>

// The host and port of a URL and of a Host field (RFC 3986, 3.2). Both use this reader, so a server
// accepts every host that a client may name. No names are resolved here.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace forest::inline FOREST_FORM::detail {

inline constexpr auto host_name_bytes = [] {
    std::array<bool, 256> table{};
    for (std::size_t byte = 0; byte < table.size(); ++byte)
        table[byte] = ('0' <= byte && byte <= '9') || ('A' <= byte && byte <= 'Z') ||
                      ('a' <= byte && byte <= 'z');
    for (const char byte : std::string_view{"-._~!$&'()*+,;="})
        table[static_cast<unsigned char>(byte)] = true;
    return table;
}();

constexpr bool is_digit(char byte) noexcept {
    return '0' <= byte && byte <= '9';
}

/// Returns whether a byte never needs an escape (RFC 3986, 2.3).
[[nodiscard]] constexpr bool is_unreserved(char byte) noexcept {
    return is_digit(byte) || ('A' <= byte && byte <= 'Z') || ('a' <= byte && byte <= 'z') ||
           byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

/// Returns whether a host name may have this byte: unreserved or a sub-delimiter (RFC 3986, 3.2.2).
[[nodiscard]] constexpr bool is_host_name_byte(char byte) noexcept {
    return host_name_bytes[static_cast<unsigned char>(byte)];
}

/// Whether `text` is four decimal numbers up to 255, without leading zeros, joined by dots.
[[nodiscard]] constexpr bool is_ipv4_literal(std::string_view text) noexcept {
    int numbers = 0;
    std::size_t position = 0;
    while (true) {
        const std::size_t first = position;
        int value = 0;
        while (position < text.size() && position - first < 3 && is_digit(text[position]))
            value = value * 10 + (text[position++] - '0');
        const std::size_t digits = position - first;
        if (digits == 0 || value > 255 || (digits > 1 && text[first] == '0'))
            return false;
        ++numbers;
        if (position == text.size())
            return numbers == 4;
        if (numbers == 4 || text[position] != '.')
            return false;
        ++position;
    }
}

/// Whether `text` is an IPv6 address without brackets and without a zone (RFC 4291, 2.2).
[[nodiscard]] constexpr bool is_ipv6_literal(std::string_view text) noexcept {
    int groups = 0;
    bool shortened = text.substr(0, 2) == "::";
    std::size_t position = shortened ? 2 : 0;
    if (shortened && position == text.size())
        return true;
    while (true) {
        const std::size_t first = position;
        while (position < text.size() && position - first < 4 && is_hex_digit(text[position]))
            ++position;
        if (position < text.size() && text[position] == '.') {
            groups += 2;
            return is_ipv4_literal(text.substr(first)) && (shortened ? groups < 8 : groups == 8);
        }
        if (position == first)
            return false;
        ++groups;
        if (position == text.size())
            return shortened ? groups < 8 : groups == 8;
        if (groups == 8 || text[position] != ':')
            return false;
        ++position;
        if (position < text.size() && text[position] == ':') {
            if (shortened)
                return false;
            shortened = true;
            ++position;
            if (position == text.size())
                return groups < 8;
        }
    }
}

/// Returns whether a valid IPv6 address has meaning only on one link, fe80::/10 (RFC 4291, 2.5.6).
/// Only then a zone says which link.
[[nodiscard]] constexpr bool is_link_local(std::string_view address) noexcept {
    return address.find(':') == 4 && (address[0] == 'f' || address[0] == 'F') &&
           (address[1] == 'e' || address[1] == 'E') && hex_value(address[2]) / 4 == 2;
}

/// A port in digits, 1 to 65535; leading zeros are accepted. Empty for anything else.
[[nodiscard]] constexpr std::optional<std::uint16_t> read_port(std::string_view text) noexcept {
    std::uint32_t value = 0;
    for (const char byte : text) {
        if (!is_digit(byte))
            return std::nullopt;
        value = value * 10 + static_cast<std::uint32_t>(byte - '0');
        if (value > 65535)
            return std::nullopt;
    }
    if (value == 0)
        return std::nullopt;
    return static_cast<std::uint16_t>(value);
}

/// The parts of `host [":" port]`, as views into the text.
struct authority {
    std::string_view host; ///< without brackets; may be empty
    std::string_view port; ///< the text after the colon, unchecked; empty if there is none
    bool bracketed = false;
};

/// Reads the parts of an authority without userinfo. Returns nothing if the host has bytes that no
/// host may have, or is in brackets and is no IPv6 address.
[[nodiscard]] constexpr std::optional<authority> read_authority(std::string_view text) noexcept {
    authority result;
    std::string_view rest;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos || !is_ipv6_literal(text.substr(1, end - 1)))
            return std::nullopt;
        result.host = text.substr(1, end - 1);
        result.bracketed = true;
        rest = text.substr(end + 1);
        if (!rest.empty() && rest.front() != ':')
            return std::nullopt;
    } else {
        const std::size_t colon = text.find(':');
        result.host = text.substr(0, colon);
        rest = text.substr(result.host.size());
        for (const char byte : result.host) {
            if (!is_host_name_byte(byte))
                return std::nullopt;
        }
    }
    if (!rest.empty())
        result.port = rest.substr(1);
    return result;
}

/// Returns whether `value` is valid in a Host field: an authority, or an empty text, which a client
/// sends if its target has no authority (RFC 9110, 7.2).
[[nodiscard]] constexpr bool is_host_field(std::string_view value) noexcept {
    if (value.empty())
        return true;
    const auto parts = read_authority(value);
    return parts && !parts->host.empty() && (parts->port.empty() || read_port(parts->port));
}

} // namespace forest::inline FOREST_FORM::detail

#endif
