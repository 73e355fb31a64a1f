// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_FUZZ_REQUEST_PARSER_TARGET_HPP
#define FOREST_TESTS_FUZZ_REQUEST_PARSER_TARGET_HPP

#include <core/detail/http/feeding.hpp>
#include <forest/core/detail/http/request_parser.hpp>
#include <fuzz/require.hpp>

// Any bytes, however they arrive, give one and the same request, and leave what follows it alone.
// The first byte chooses the limits, the second the size of the pieces.

#include <cstddef>
#include <string_view>

namespace forest_fuzz {

inline void request_parser_target(std::string_view input) {
    const unsigned char choice = take_choice(input);
    const std::size_t step = 1U + take_choice(input) % 64U;
    const std::string_view message = input.substr(0, message_bytes_max);
    forest::message_limits limits;
    if (choice % 2 == 1)
        limits = {.head_bytes_max = 64, .body_bytes_max = 16};

    const auto whole = forest_test::feed_request(message, {}, limits);
    forest_test::cuts positions;
    for (std::size_t position = step; position < message.size(); position += step)
        positions.push_back(position);
    require(forest_test::feed_request(message, positions, limits) == whole,
            "the result depends on how the bytes arrived");
    require(forest_test::feed_request(message, forest_test::cut_everywhere(message), limits) ==
                whole,
            "the result differs byte by byte");
    require(whole.within_limits, "more was kept than the limits allow");
    require(whole.body.size() <= limits.body_bytes_max, "the body is larger than its limit");
    require(!!whole.error == (whole.error_status != 0), "an error without a status, or a status "
                                                        "without an error");
    require(!whole.error || !whole.keep_alive, "a broken connection is kept");
    if (!whole.error) {
        require(!whole.method.empty() && !whole.path.empty(), "a request without method or path");
        require(message.substr(message.size() - whole.surplus.size()) == whole.surplus,
                "what follows the request was harmed");
        const auto alone = forest_test::feed_request(
            message.substr(0, message.size() - whole.surplus.size()), {}, limits);
        require(!alone.error && alone.path == whole.path && alone.body == whole.body,
                "a request depends on what follows it");
    }
}

} // namespace forest_fuzz

#endif
