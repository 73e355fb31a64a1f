// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_INTEROP_DIALECTS_HPP
#define FOREST_TESTS_INTEROP_DIALECTS_HPP

#include <forest/core/detail/http/http_date.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

// What the agents for Ruby and Node answer (PROTOCOL.md, 3 and 4), byte for byte as their servers
// send it: taken down from Sinatra 3 and Rails 6.1 on puma 5.6, and from Node 20.

namespace forest::test {

/// One agent on its server. In the answers `%CONNECTION%` is what the server says of the
/// connection, `%DATE%` the present, `%ETAG%` that of the schema, and `%BODY%` the body, with
/// `%LENGTH%` in decimal and `%CHUNKS%` with the framing of chunks.
struct dialect {
    std::string name{};
    std::string health{};       ///< 200
    std::string schema{};       ///< 200
    std::string not_modified{}; ///< 304
    std::string refused{};      ///< to a signature that is missing or wrong
    std::string refusal{};      ///< the body of that
    std::string broken{};       ///< to a signature of the wrong length; empty: as to a wrong one
    std::string breakage{};     ///< the body of that
    std::string kept{};         ///< `%CONNECTION%` unless the connection is to be closed
    bool etag_in_body = true;
    bool takes_quoted_etag = false; ///< beside the raw one
    bool takes_dashes = true;       ///< X-Timestamp and X-Signature, beside those with underscores
    bool forgets_304 = false;
    bool hangs_up = false; ///< after each answer, without having said so
};

inline std::ostream& operator<<(std::ostream& out, const dialect& each) {
    return out << each.name;
}

/// On Sinatra. The etag of the schema is in the header only.
inline dialect ruby_older() {
    const std::string type = "Content-Type: application/json\r\n";
    const std::string etag = "ETag: \"%ETAG%\"\r\n";
    const std::string fields = "X-Content-Type-Options: nosniff\r\n%CONNECTION%";
    const std::string body = "Content-Length: %LENGTH%\r\n\r\n%BODY%";
    return {.name = "Ruby, older",
            .health = "HTTP/1.1 200 OK\r\n" + type + fields + body,
            .schema = "HTTP/1.1 200 OK\r\n" + type + etag + fields + body,
            .not_modified = "HTTP/1.1 304 Not Modified\r\n" + etag + fields + "\r\n",
            .refused = "HTTP/1.1 401 Unauthorized\r\n" + type + fields + body,
            .refusal = R"({"error":"Unauthorized"})",
            .etag_in_body = false,
            .takes_quoted_etag = true};
}

/// On Rails, which sends every body in chunks, and puts an ETag of its own on what is 200.
inline dialect ruby_current() {
    const std::string fields = "X-Frame-Options: SAMEORIGIN\r\n"
                               "X-XSS-Protection: 1; mode=block\r\n"
                               "X-Content-Type-Options: nosniff\r\n"
                               "X-Download-Options: noopen\r\n"
                               "X-Permitted-Cross-Domain-Policies: none\r\n"
                               "Referrer-Policy: strict-origin-when-cross-origin\r\n";
    const std::string type = "Content-Type: application/json; charset=utf-8\r\n";
    const std::string validated = "ETag: W/\"14122a512db3aceac32f373ecde71161\"\r\n"
                                  "Cache-Control: max-age=0, private, must-revalidate\r\n";
    const std::string not_cached = "Cache-Control: no-cache\r\n";
    const std::string traced = "X-Request-Id: a0b57b1b-334f-4c51-b370-d53b97bb0df5\r\n"
                               "X-Runtime: 0.040919\r\n"
                               "%CONNECTION%";
    const std::string body = "Transfer-Encoding: chunked\r\n\r\n%CHUNKS%";
    const std::string succeeded = "HTTP/1.1 200 OK\r\n" + fields + type + validated + traced + body;
    return {.name = "Ruby, current",
            .health = succeeded,
            .schema = succeeded,
            .not_modified = "HTTP/1.1 304 Not Modified\r\n" + fields + not_cached + traced + "\r\n",
            .refused = "HTTP/1.1 401 Unauthorized\r\n" + fields + type + not_cached + traced + body,
            .refusal = R"({"error":"Unauthorized"})"};
}

/// On Koa, with a field whose value is empty. It throws when it is to compare signatures of
/// different lengths.
inline dialect node() {
    const std::string vary = "Vary: \r\n";
    const std::string type = "Content-Type: application/json; charset=utf-8\r\n"
                             "Content-Length: %LENGTH%\r\n";
    const std::string fields = "Date: %DATE%\r\n%CONNECTION%\r\n";
    const std::string succeeded = "HTTP/1.1 200 OK\r\n" + vary + type + fields + "%BODY%";
    return {.name = "Node",
            .health = succeeded,
            .schema = succeeded,
            .not_modified = "HTTP/1.1 304 Not Modified\r\n" + vary + fields,
            .refused = "HTTP/1.1 403 Forbidden\r\n" + vary + type + fields + "%BODY%",
            .refusal = R"({"errors":[{"name":"ForbiddenError","detail":"Invalid signature",)"
                       R"("status":403}]})",
            .broken = "HTTP/1.1 500 Internal Server Error\r\n" + vary + type + fields + "%BODY%",
            .breakage = R"({"errors":[{"name":"Error","detail":"Unexpected error","status":500}]})",
            .kept = "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n",
            .takes_dashes = false};
}

inline const std::array dialects{ruby_older(), ruby_current(), node()};

inline std::string number_text(std::size_t number, int base = 10) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
    return {digits.data(), end};
}

/// The body with the framing of chunks, the last one among them.
inline std::string in_chunks(std::string_view body,
                             std::size_t chunk_bytes_max = std::string_view::npos) {
    std::string result;
    while (!body.empty()) {
        const std::string_view chunk = body.substr(0, chunk_bytes_max);
        result.append(number_text(chunk.size(), 16)).append("\r\n").append(chunk).append("\r\n");
        body.remove_prefix(chunk.size());
    }
    return result.append("0\r\n\r\n");
}

/// An answer with everything in its place. `connection` stands for `%CONNECTION%`.
inline std::string filled_in(std::string answer, std::string_view connection, std::string_view etag,
                             std::string_view body) {
    const auto date = forest::detail::format_http_date(
        std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
    const std::pair<std::string_view, std::string> values[] = {
        {"%CONNECTION%", std::string{connection}},
        {"%DATE%", {date.data(), date.size()}},
        {"%ETAG%", std::string{etag}},
        {"%LENGTH%", number_text(body.size())},
        {"%CHUNKS%", in_chunks(body)},
        {"%BODY%", std::string{body}}};
    for (const auto& [place, value] : values) {
        if (const std::size_t at = answer.find(place); at != std::string::npos)
            answer.replace(at, place.size(), value);
    }
    return answer;
}

} // namespace forest::test

#endif
