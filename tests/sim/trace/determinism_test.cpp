// SPDX-License-Identifier: BSL-1.0
#include <forest/core/time.hpp>
#include <forest/sim/trace/determinism.hpp>
#include <forest/sim/trace/trace.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

// Each difference between two runs is found, on any line.

namespace {

using forest::sim::check_determinism;
using forest::sim::difference;
using forest::sim::trace;

// A trace with so many lines, one of which has another value.
trace lines_of(trace lines, std::uint64_t count, std::optional<std::uint64_t> other = {}) {
    for (std::uint64_t line = 0; line < count; ++line)
        lines.add({.at = forest::duration{static_cast<std::int64_t>(line)},
                   .kind = forest::sim::trace_kind::sent,
                   .value = line == other ? 1U : 0U});
    return lines;
}

} // namespace

BOOST_AUTO_TEST_SUITE(determinism_test)

BOOST_AUTO_TEST_CASE(runs_that_are_the_same_have_no_difference) {
    const auto same = [](std::uint64_t, trace lines) { return lines_of(std::move(lines), 1000); };
    BOOST_TEST(!check_determinism(same, 1));
    BOOST_TEST(!check_determinism(same, 1, 10));
}

BOOST_AUTO_TEST_CASE(the_first_line_that_differs_is_found_however_few_are_kept) {
    for (const std::size_t lines_max : {0U, 1U, 7U, 100'000U}) {
        int run = 0;
        const auto differs = [&](std::uint64_t, trace lines) {
            return lines_of(std::move(lines), 100, ++run % 2 == 0 ? 42 : 43);
        };
        const auto found = check_determinism(differs, 1, lines_max);
        BOOST_TEST_REQUIRE(found.has_value());
        BOOST_TEST(found->line == 42U);
        BOOST_TEST(!found->intermittent);
        BOOST_TEST(found->first.ends_with(" 0"));
        BOOST_TEST(found->second.ends_with(" 1"));
    }
}

BOOST_AUTO_TEST_CASE(a_run_that_ends_early_differs_where_it_ends) {
    int run = 0;
    const auto shorter = [&](std::uint64_t, trace lines) {
        return lines_of(std::move(lines), ++run % 2 == 0 ? 50 : 100);
    };
    const auto found = check_determinism(shorter, 1, 8);
    BOOST_TEST_REQUIRE(found.has_value());
    BOOST_TEST(found->line == 50U);
    BOOST_TEST(found->second.empty());
}

BOOST_AUTO_TEST_CASE(a_difference_that_does_not_come_again_is_reported_as_intermittent) {
    int run = 0;
    const auto once = [&](std::uint64_t, trace lines) {
        return lines_of(std::move(lines), 1000, ++run == 2 ? 900 : 1000);
    };
    const auto found = check_determinism(once, 1, 100);
    BOOST_TEST_REQUIRE(found.has_value());
    BOOST_TEST(found->intermittent);
    BOOST_TEST(found->line == 100U);
}

// Each run has more lines than the one before, by the number that is kept.
BOOST_AUTO_TEST_CASE(runs_that_grow_for_ever_are_given_up) {
    std::uint64_t run = 0;
    const auto growing = [&](std::uint64_t, trace lines) {
        ++run;
        return lines_of(std::move(lines), 10 * run);
    };
    const auto found = check_determinism(growing, 1, 10);
    BOOST_TEST(found.has_value());
    BOOST_TEST(run < 20U);
}

BOOST_AUTO_TEST_SUITE_END()
