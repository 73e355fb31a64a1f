// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_FUZZ_TIMESTAMP_TARGET_HPP
#define FOREST_TESTS_FUZZ_TIMESTAMP_TARGET_HPP

#include <forest/core/detail/http/http_date.hpp>
#include <forest/core/timestamp.hpp>
#include <fuzz/require.hpp>

// Whatever is accepted as a time is a time near the one written, and comes back when it is written
// again.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace forest_fuzz {

inline void timestamp_target(std::string_view input) {
    const std::vector<char> exact{input.begin(), input.end()};
    const std::string_view text{exact.data(), exact.size()};
    using namespace std::chrono;
    constexpr sys_seconds first{sys_days{year{0} / January / 1}};
    constexpr sys_seconds last{sys_days{year{9999} / December / 31} + hours{24}};

    if (const auto time = forest::parse_timestamp(text)) {
        require(first - hours{24} <= *time && *time <= last + hours{24}, "a time out of range");
        require(forest::parse_timestamp(' ' + std::string{text} + '\t') == time, "blanks matter");
        require(!forest::parse_timestamp(std::string{text} + '!'), "trailing junk is accepted");
        if (first <= *time && *time < last) {
            const auto again = forest::format_timestamp(*time);
            require(forest::parse_timestamp({again.data(), again.size()}) == time,
                    "a timestamp changes on its way");
        }
    }
    if (const auto time = forest::detail::parse_http_date(text)) {
        require(first <= *time && *time <= last, "a date out of range");
        require(!forest::parse_timestamp(text), "a date is a timestamp too");
        if (*time < last) {
            const auto again = forest::detail::format_http_date(*time);
            require(forest::detail::parse_http_date({again.data(), again.size()}) == time,
                    "a date changes on its way");
        }
    }
}

} // namespace forest_fuzz

#endif
