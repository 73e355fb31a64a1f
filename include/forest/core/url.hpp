// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_URL_HPP
#define FOREST_CORE_URL_HPP

#include <forest/core/authority.hpp>
#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>

// The target of a check as a value that was verified once, so that whoever uses it need not check
// anything again. Strict (RFC 3986): a URL that two programs would read differently is refused.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace forest {

/// How a target is reached.
enum class url_scheme {
    http,
    https,
    http_unix, ///< HTTP over a unix domain socket: `http+unix://%2Frun%2Fa.sock/path`
};

namespace detail {

inline constexpr auto path_bytes = [] {
    std::array<bool, 256> table = host_name_bytes;
    for (const char byte : std::string_view{":@/?"})
        table[static_cast<unsigned char>(byte)] = true;
    return table;
}();

constexpr unsigned hex_value(char digit) noexcept {
    const char small = lower(digit);
    return static_cast<unsigned>(is_digit(small) ? small - '0' : small - 'a' + 10);
}

// Whether every `%` begins an escape.
constexpr bool escapes_valid(std::string_view text) noexcept {
    for (std::size_t index = text.find('%'); index != std::string_view::npos;
         index = text.find('%', index + 1)) {
        if (text.size() - index < 3 || !is_hex_digit(text[index + 1]) ||
            !is_hex_digit(text[index + 2]))
            return false;
    }
    return true;
}

// Whether `text` may be a path, query or fragment.
constexpr bool path_valid(std::string_view text) noexcept {
    return escapes_valid(text) && std::all_of(text.begin(), text.end(), [](char byte) {
               return byte == '%' || path_bytes[static_cast<unsigned char>(byte)];
           });
}

} // namespace detail

/// A URL taken apart; owns its text. Safe to read from several threads.
class url {
public:
    /// Bounds of the text, and of a socket path (`sun_path` of Linux less its final zero).
    static constexpr std::size_t text_bytes_max = 2048;
    static constexpr std::size_t socket_path_bytes_max = 107;

    /// Names nothing: to be assigned to.
    url() = default;

    /// Parses `text`. Throws std::system_error with the code that `parse` answers.
    url(std::string_view text) {
        if (const std::error_code ec = parse(text, *this))
            throw std::system_error{ec, "forest::url"};
    }
    url(const std::string& text) : url{std::string_view{text}} {}
    url(const char* text) : url{std::string_view{text}} {}

    /// Parses `text` into `result`, which is left alone on an error: `url_malformed`,
    /// `url_scheme_unsupported`, `url_userinfo_refused`, `url_host_missing`, `url_port_invalid` or
    /// `url_too_long`. Userinfo is refused since it would end up in logs.
    [[nodiscard]] static std::error_code parse(std::string_view text, url& result) {
        url parsed;
        const std::error_code ec = parsed.assign(text);
        if (!ec)
            result = std::move(parsed);
        return ec;
    }

    /// As given, with the fragment.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

    [[nodiscard]] url_scheme scheme() const noexcept { return scheme_; }

    /// Lower case, an IPv6 address without brackets; `localhost` for a unix socket.
    [[nodiscard]] const std::string& host() const noexcept { return host_; }

    /// 1 to 65535, the scheme's default when the text has none; 0 for a unix socket.
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    /// Path and query as the request line has them: `/` when empty, without the fragment.
    [[nodiscard]] const std::string& target() const noexcept { return target_; }

    /// The value of the Host field: without the port when it is the scheme's default, IPv6 in
    /// brackets.
    [[nodiscard]] const std::string& host_header() const noexcept { return host_header_; }

    /// The decoded path of a unix socket; empty for the other schemes.
    [[nodiscard]] const std::string& socket_path() const noexcept { return socket_path_; }

    /// Whether the host is an address and no name: then it is neither resolved nor sent as SNI.
    [[nodiscard]] bool is_ip_literal() const noexcept { return ip_literal_; }

    /// Equal when they lead to the same resource at the same place, however they are written.
    [[nodiscard]] friend bool operator==(const url& left, const url& right) noexcept {
        return left.scheme_ == right.scheme_ && left.host_ == right.host_ &&
               left.port_ == right.port_ && left.target_ == right.target_ &&
               left.socket_path_ == right.socket_path_;
    }

private:
    static constexpr std::uint16_t default_port(url_scheme scheme) noexcept {
        return scheme == url_scheme::https ? 443 : scheme == url_scheme::http ? 80 : 0;
    }

    std::error_code assign(std::string_view text) {
        if (text.size() > text_bytes_max)
            return errc::url_too_long;
        // Before anything else, so that no message ever repeats a control character.
        if (std::any_of(text.begin(), text.end(),
                        [](char byte) { return byte < '!' || byte > '~'; }))
            return errc::url_malformed;

        const std::size_t scheme_end = text.find("://");
        if (scheme_end == std::string_view::npos || !assign_scheme(text.substr(0, scheme_end)))
            return errc::url_scheme_unsupported;
        std::string_view rest = text.substr(scheme_end + 3);
        const std::string_view place = rest.substr(0, rest.find_first_of("/?#"));
        rest.remove_prefix(place.size());

        if (place.find('@') != std::string_view::npos)
            return errc::url_userinfo_refused;
        if (const std::error_code ec =
                scheme_ == url_scheme::http_unix ? assign_socket(place) : assign_host(place))
            return ec;

        const std::size_t hash = std::min(rest.find('#'), rest.size());
        const std::string_view resource = rest.substr(0, hash);
        if (!detail::path_valid(resource) ||
            (hash < rest.size() && !detail::path_valid(rest.substr(hash + 1))))
            return errc::url_malformed;
        if (resource.substr(0, 1) != "/")
            target_.push_back('/');
        target_.append(resource);
        text_ = text;
        return {};
    }

    bool assign_scheme(std::string_view name) noexcept {
        if (iequals(name, "http"))
            scheme_ = url_scheme::http;
        else if (iequals(name, "https"))
            scheme_ = url_scheme::https;
        else if (iequals(name, "http+unix"))
            scheme_ = url_scheme::http_unix;
        else
            return false;
        return true;
    }

    std::error_code assign_host(std::string_view place) {
        const auto parts = read_authority(place);
        if (!parts)
            return errc::url_malformed;
        if (parts->host.empty())
            return errc::url_host_missing;
        port_ = default_port(scheme_);
        if (!parts->port.empty()) {
            const auto port = read_port(parts->port);
            if (!port)
                return errc::url_port_invalid;
            port_ = *port;
        }
        host_ = parts->host;
        std::transform(host_.begin(), host_.end(), host_.begin(), detail::lower);
        ip_literal_ = parts->bracketed || is_ipv4_literal(host_);
        host_header_ = parts->bracketed ? '[' + host_ + ']' : host_;
        if (port_ != default_port(scheme_))
            host_header_ += ':' + std::to_string(port_);
        return {};
    }

    std::error_code assign_socket(std::string_view place) {
        if (place.empty())
            return errc::url_host_missing;
        if (place.find(':') != std::string_view::npos)
            return errc::url_port_invalid;
        if (!detail::path_valid(place))
            return errc::url_malformed;
        for (std::size_t index = 0; index < place.size(); ++index) {
            char byte = place[index];
            if (byte == '%') {
                byte = static_cast<char>(detail::hex_value(place[index + 1]) * 16 +
                                         detail::hex_value(place[index + 2]));
                index += 2;
            }
            // A zero would end the path early for the system; other controls would spoil logs.
            if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f)
                return errc::url_malformed;
            socket_path_ += byte;
        }
        if (socket_path_.size() > socket_path_bytes_max)
            return errc::url_too_long;
        host_ = "localhost";
        host_header_ = host_;
        return {};
    }

    std::string text_;
    std::string host_;
    std::string target_;
    std::string host_header_;
    std::string socket_path_;
    url_scheme scheme_ = url_scheme::http;
    std::uint16_t port_ = 0;
    bool ip_literal_ = false;
};

} // namespace forest

#endif
