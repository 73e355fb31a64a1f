// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_CORE_DETAIL_HTTP_FEEDING_HPP
#define FOREST_TESTS_CORE_DETAIL_HTTP_FEEDING_HPP

// Feeds a message to a parser in pieces, as a connection would, and collects everything that the
// parser says. Every piece goes into a buffer of exactly its size, so that a sanitizer sees each
// byte read outside. Knows no test framework, because the fuzzers use it too.

#include <forest/core/detail/http/request_parser.hpp>
#include <forest/core/detail/http/response_parser.hpp>

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace forest_test {

/// Ascending positions at which a message is cut.
using cuts = std::vector<std::size_t>;

inline cuts cut_everywhere(std::string_view message) {
    cuts positions;
    for (std::size_t position = 1; position < message.size(); ++position)
        positions.push_back(position);
    return positions;
}

inline std::string text_of(const forest::field_view& fields) {
    std::string text;
    fields.for_each([&](std::string_view name, std::string_view value) {
        text.append(name).append("=").append(value).append("\n");
    });
    return text;
}

/// Everything that a response parser says at the end, so that two ways to the end can be compared.
struct response_result {
    std::error_code error;
    int status = 0;
    std::string fields;
    std::string body;
    bool keep_alive = false;
    bool within_limits = true; ///< the parser never kept more than it promises

    friend bool operator==(const response_result&, const response_result&) = default;
    friend std::ostream& operator<<(std::ostream& out, const response_result& result) {
        return out << result.error << ' ' << result.status << " keep_alive=" << result.keep_alive
                   << " within_limits=" << result.within_limits << '\n'
                   << result.fields << '[' << result.body << ']';
    }
};

/// Everything that a request parser says at the end.
struct request_result {
    std::error_code error;
    int error_status = 0;
    std::string method;
    std::string target;
    std::string path;
    std::string fields;
    std::string body;
    std::string surplus; ///< what is left for the next request
    int version_minor = 0;
    bool keep_alive = false;
    bool within_limits = true;

    friend bool operator==(const request_result&, const request_result&) = default;
    friend std::ostream& operator<<(std::ostream& out, const request_result& result) {
        return out << result.error << ' ' << result.error_status << ' ' << result.method << ' '
                   << result.target << " -> " << result.path << " 1." << result.version_minor
                   << " keep_alive=" << result.keep_alive
                   << " within_limits=" << result.within_limits << '\n'
                   << result.fields << '[' << result.body << "] [" << result.surplus << ']';
    }
};

namespace detail {

// Calls `parse(data)` for each piece; the bytes kept at the end.
template <class Parse>
std::vector<char> feed(std::string_view message, const cuts& positions, Parse&& parse) {
    std::vector<char> kept;
    std::size_t begin = 0;
    for (std::size_t index = 0; index <= positions.size(); ++index) {
        const std::size_t end = index < positions.size() ? positions[index] : message.size();
        std::vector<char> data(kept.size() + end - begin);
        std::copy(kept.begin(), kept.end(), data.begin());
        std::copy(message.begin() + static_cast<std::ptrdiff_t>(begin),
                  message.begin() + static_cast<std::ptrdiff_t>(end),
                  data.begin() + static_cast<std::ptrdiff_t>(kept.size()));
        const std::size_t size = parse(data);
        kept.assign(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(size));
        begin = end;
    }
    return kept;
}

} // namespace detail

/// Parses `message`, cut at `positions`, and closes the connection behind it.
inline response_result feed_response(std::string_view message, const cuts& positions = {},
                                     forest::message_limits limits = {},
                                     bool to_head_request = false) {
    forest::detail::response_parser parser{limits, to_head_request};
    response_result result;
    const std::vector<char> kept = detail::feed(message, positions, [&](std::vector<char>& data) {
        const std::size_t size = parser.parse(data);
        result.within_limits = result.within_limits && size <= data.size() &&
                               size <= limits.head_bytes_max + limits.body_bytes_max;
        return size;
    });
    parser.finish();
    result.error = parser.error();
    result.status = parser.status();
    result.fields = text_of(parser.fields(kept));
    result.body = parser.body(kept);
    result.keep_alive = parser.keep_alive();
    return result;
}

/// Parses the first request of `message`, cut at `positions`, and closes the connection behind it.
inline request_result feed_request(std::string_view message, const cuts& positions = {},
                                   forest::message_limits limits = {}) {
    forest::detail::request_parser parser{limits};
    request_result result;
    const std::vector<char> kept = detail::feed(message, positions, [&](std::vector<char>& data) {
        const std::size_t size = parser.parse(data);
        result.within_limits = result.within_limits && size <= data.size() &&
                               (!parser.done() || parser.consumed() <= size) &&
                               parser.consumed() <= limits.head_bytes_max + limits.body_bytes_max;
        return size;
    });
    parser.finish();
    result.error = parser.error();
    result.error_status = parser.error_status();
    result.method = parser.method_text(kept);
    result.target = parser.target(kept);
    result.path = parser.path(kept);
    result.fields = text_of(parser.fields(kept));
    result.body = parser.body(kept);
    result.version_minor = parser.version_minor();
    result.keep_alive = parser.keep_alive();
    if (!result.error)
        result.surplus.assign(kept.begin() + static_cast<std::ptrdiff_t>(parser.consumed()),
                              kept.end());
    return result;
}

} // namespace forest_test

#endif
