// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_FUZZ_RESPONSE_PARSER_TARGET_HPP
#define FOREST_TESTS_FUZZ_RESPONSE_PARSER_TARGET_HPP

#include <core/detail/http/feeding.hpp>
#include <forest/core/detail/http/response_parser.hpp>
#include <fuzz/require.hpp>

// Any bytes, however they arrive, give one and the same result, within the limits. The first byte
// chooses the limits and whether the request was a HEAD, the second the size of the pieces.

#include <cstddef>
#include <string_view>

namespace forest_fuzz {

inline void response_parser_target(std::string_view input) {
    const unsigned char choice = take_choice(input);
    const std::size_t step = 1U + take_choice(input) % 64U;
    const std::string_view message = input.substr(0, message_bytes_max);
    forest::message_limits limits;
    if (choice % 4 == 1)
        limits = {.head_bytes_max = 64, .body_bytes_max = 16};
    const bool to_head_request = choice % 4 == 2;

    const auto whole = forest_test::feed_response(message, {}, limits, to_head_request);
    forest_test::cuts positions;
    for (std::size_t position = step; position < message.size(); position += step)
        positions.push_back(position);
    require(forest_test::feed_response(message, positions, limits, to_head_request) == whole,
            "the result depends on how the bytes arrived");
    require(forest_test::feed_response(message, forest_test::cut_everywhere(message), limits,
                                       to_head_request) == whole,
            "the result differs byte by byte");
    require(whole.within_limits, "more was kept than the limits allow");
    require(whole.body.size() <= limits.body_bytes_max, "the body is larger than its limit");
    require(whole.error || (100 <= whole.status && whole.status <= 999), "no status, no error");
    require(!whole.error || !whole.keep_alive, "a broken connection is kept");
    require(!to_head_request || whole.body.empty(), "an answer to HEAD has a body");
}

} // namespace forest_fuzz

#endif
