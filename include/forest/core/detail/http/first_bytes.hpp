// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_HTTP_FIRST_BYTES_HPP
#define FOREST_CORE_DETAIL_HTTP_FIRST_BYTES_HPP

#include <forest/core/detail/container/algorithm.hpp>
#include <forest/core/error.hpp>
#include <forest/form.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

// Recognises the protocol of a peer that does not answer in HTTP/1.1. A URL with the wrong scheme
// or port is a frequent mistake, and "malformed response" does not help the user who made it.

namespace forest::inline FOREST_FORM::detail {

// The first bytes of peers of other protocols: they send first, or answer a GET in their own
// protocol.
inline constexpr std::array<std::string_view, 9> greetings{
    "SSH-",          // RFC 4253
    "220 ",  "220-", // SMTP (RFC 5321) and FTP (RFC 959)
    "+OK",           // POP3 (RFC 1939)
    "* OK",          // IMAP (RFC 9051)
    "-ERR",          // Redis
    "RTSP/",         // RFC 7826
    "AMQP",
    "RFB ", // VNC (RFC 6143)
};

// A byte that has not arrived may be the expected one.
constexpr bool may_be(std::string_view bytes, std::size_t index, unsigned lowest,
                      unsigned highest) noexcept {
    if (index >= bytes.size())
        return true;
    const auto byte = static_cast<unsigned char>(bytes[index]);
    return lowest <= byte && byte <= highest;
}

/// Returns what the first bytes of a peer show: `tls_expected` for an alert or a handshake of TLS,
/// `http2_only` for a SETTINGS or GOAWAY frame, `other_protocol` for the greeting of another
/// protocol, otherwise `malformed_response`. Empty while more bytes are needed; five bytes are
/// enough.
[[nodiscard]] constexpr std::optional<errc> protocol_of(std::string_view first) noexcept {
    // RFC 8446, 5.1: type, then version 3.0 to 3.4.
    constexpr std::size_t tls_bytes = 3;
    if (may_be(first, 0, 0x15, 0x16) && may_be(first, 1, 3, 3) && may_be(first, 2, 0, 4))
        return first.size() >= tls_bytes ? std::optional{errc::tls_expected} : std::nullopt;
    // RFC 9113, 4.1: length in three bytes, type 4 or 7, flags; settings have less than 64 KiB.
    constexpr std::size_t frame_bytes = 5;
    if (may_be(first, 0, 0, 0) && may_be(first, 1, 0, 0xff) &&
        (may_be(first, 3, 4, 4) || may_be(first, 3, 7, 7)) && may_be(first, 4, 0, 0))
        return first.size() >= frame_bytes ? std::optional{errc::http2_only} : std::nullopt;
    bool undecided = false;
    for (const std::string_view greeting : greetings) {
        const std::size_t count = detail::min(greeting.size(), first.size());
        if (greeting.substr(0, count) != first.substr(0, count))
            continue;
        if (count == greeting.size())
            return errc::other_protocol;
        undecided = true;
    }
    return undecided ? std::nullopt : std::optional{errc::malformed_response};
}

/// Returns what the first five or more bytes of an answer to a TLS handshake show: `http2_only` and
/// `other_protocol` as above, `plain_http_expected` for other text, otherwise `tls_failed`.
[[nodiscard]] constexpr errc instead_of_tls(std::string_view first) noexcept {
    const errc found = protocol_of(first).value_or(errc::malformed_response);
    if (found == errc::http2_only || found == errc::other_protocol)
        return found;
    const bool is_text = !first.empty() && detail::all_of(first, [](char byte) {
        return (' ' <= byte && byte <= '~') || byte == '\r' || byte == '\n' || byte == '\t';
    });
    return is_text ? errc::plain_http_expected : errc::tls_failed;
}

struct protocol_complaint_words {
    int status;
    std::string_view words;
    errc means;
};

inline constexpr std::array<protocol_complaint_words, 5> protocol_complaints{{
    {400, "plain HTTP request was sent to HTTPS port", errc::tls_expected}, // nginx
    {400, "plain HTTP to an SSL-enabled server port", errc::tls_expected},  // Apache
    {400, "HTTP request to an HTTPS server", errc::tls_expected},           // Go
    {400, "combination of host and port requires TLS", errc::tls_expected}, // Tomcat
    {403, "Unknown ALPN Protocol", errc::http2_only},                       // Node
}};

/// Some servers answer in HTTP that the request has the wrong protocol. Returns the protocol that
/// such an answer asks for: `tls_expected` if the port is for TLS, or `http2_only`. Empty for all
/// other answers.
[[nodiscard]] constexpr std::optional<errc> protocol_complaint(int status,
                                                               std::string_view body) noexcept {
    constexpr int lowest = [] {
        int least = protocol_complaints.front().status;
        for (const protocol_complaint_words& each : protocol_complaints)
            least = detail::min(least, each.status);
        return least;
    }();
    if (status < lowest) // most answers
        return std::nullopt;
    for (const protocol_complaint_words& each : protocol_complaints)
        if (status == each.status && body.find(each.words) != std::string_view::npos)
            return each.means;
    return std::nullopt;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
