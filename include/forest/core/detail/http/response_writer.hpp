// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_HTTP_RESPONSE_WRITER_HPP
#define FOREST_CORE_DETAIL_HTTP_RESPONSE_WRITER_HPP

#include <forest/core/detail/http/http_date.hpp>
#include <forest/core/response.hpp>
#include <forest/form.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <concepts>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>

// The bytes of an answer.

namespace forest::inline FOREST_FORM::detail {

// The reason phrases of RFC 9110, 15 for the statuses of the server itself and for the usual
// statuses of handlers. No client may rely on them (RFC 9112, 4), so other statuses have none.
constexpr std::string_view reason_phrase(int status) noexcept {
    switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return {};
    }
}

inline void append(std::string& out, std::initializer_list<std::string_view> parts) {
    for (const std::string_view part : parts)
        out.append(part);
}

template <std::integral Number>
void append_number(std::string& out, Number number) {
    std::array<char, std::numeric_limits<Number>::digits10 + 2> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

/// The value of `Date`. It is written once a second.
class date_field {
public:
    std::string_view at(std::chrono::sys_seconds now) noexcept;

private:
    std::chrono::sys_seconds written_{};
    std::array<char, http_date_size> text_ = format_http_date({});
};

// The body of an answer from the server itself: `{"error":"Not Found"}`.
FOREST_DECL std::string_view error_body(std::string& storage, int status);

// The framing of an answer.
struct answer_frame {
    std::string_view date;
    bool head = false;  // the request was HEAD
    bool close = false; // no further request will be read
};

// Returns whether the status allows a body (RFC 9110, 6.4.1).
constexpr bool status_has_body(int status) noexcept {
    return status != 204 && status != 304;
}

// A status that is not final becomes 500: the client would wait for another answer.
constexpr int final_status(int status) noexcept {
    return 200 <= status && status <= 599 ? status : 500;
}

// Replaces the content of `out` with the head of the answer.
FOREST_DECL void write_head(std::string& out, const response& answer, const answer_frame& frame);

// Returns the body that is sent.
FOREST_DECL std::string_view body_to_send(const response& answer,
                                          const answer_frame& frame) noexcept;

// The answer when there is no memory for another one.
inline constexpr std::string_view no_room_answer =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/detail/http/impl/response_writer.ipp>
#endif

#endif
