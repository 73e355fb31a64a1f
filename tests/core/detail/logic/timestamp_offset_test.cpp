// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detail/logic/timestamp_offset.hpp>
#include <forest/core/detail/logic/timestamp_sequence.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <set>
#include <vector>

using namespace std::chrono_literals;

namespace {

using forest::random_generator;
using forest::wall_time;
using forest::detail::timestamp_offset;

const wall_time noon{std::chrono::sys_days{std::chrono::year{2025} / 12 / 9} + 12h};

} // namespace

BOOST_AUTO_TEST_SUITE(timestamp_offset_test)

BOOST_AUTO_TEST_CASE(without_a_generator_there_is_none) {
    constexpr timestamp_offset none;
    BOOST_TEST((none.behind() == 0ms));
    BOOST_TEST((none.before(noon) == noon));
    BOOST_TEST((none.precise(noon) == forest::precise_time{noon}));
}

BOOST_AUTO_TEST_CASE(it_is_up_to_a_second_back_and_spread_over_all_of_it) {
    constexpr int count = 10'000;
    std::vector<int> of_hundred(10);
    for (std::uint64_t seed = 0; seed < count; ++seed) {
        const timestamp_offset offset{random_generator{seed}};
        BOOST_TEST_REQUIRE((offset.behind() >= 0ms));
        BOOST_TEST_REQUIRE((offset.behind() < timestamp_offset::behind_max));
        BOOST_TEST_REQUIRE((offset.before(noon) == noon - offset.behind()));
        ++of_hundred[static_cast<std::size_t>(offset.behind() / 100ms)];
    }
    const auto [least, most] = std::minmax_element(of_hundred.begin(), of_hundred.end());
    BOOST_TEST(*least > count / 10 * 8 / 10);
    BOOST_TEST(*most < count / 10 * 12 / 10);
}

BOOST_AUTO_TEST_CASE(the_same_generator_gives_the_same_and_is_left_as_it_was) {
    random_generator generator{7};
    const timestamp_offset first{generator};
    const timestamp_offset second{generator};
    BOOST_TEST((first.behind() == second.behind()));
    BOOST_TEST((first.precise(noon) == second.precise(noon)));
    BOOST_TEST(generator() == random_generator{7}());
}

// A client that puts its first check off by a share of a second must not sign the same moment
// whatever that share is.
BOOST_AUTO_TEST_CASE(it_is_independent_of_what_the_client_draws_next) {
    std::set<std::int64_t> sums;
    constexpr std::size_t count = 1000;
    for (std::uint64_t seed = 0; seed < count; ++seed) {
        random_generator generator{seed};
        const timestamp_offset offset{generator};
        sums.insert(static_cast<std::int64_t>(generator.uniform() * 1000) -
                    offset.behind().count());
    }
    BOOST_TEST(sums.size() > count / 2);
}

BOOST_AUTO_TEST_CASE(what_is_below_the_millisecond_is_drawn_for_each_timestamp) {
    const timestamp_offset offset{random_generator{1}};
    const timestamp_offset other{random_generator{2}};
    std::set<std::int64_t> seen;
    for (auto at = noon; at < noon + 1s; at += 1ms) {
        const auto precise = offset.precise(at);
        BOOST_TEST_REQUIRE((precise.at == at));
        BOOST_TEST_REQUIRE((precise.below >= 0ns));
        BOOST_TEST_REQUIRE((precise.below < 1ms));
        BOOST_TEST_REQUIRE((precise == offset.precise(at)));
        BOOST_TEST_REQUIRE(!(precise == other.precise(at)));
        seen.insert(precise.below.count());
    }
    BOOST_TEST(seen.size() > 990U);
}

BOOST_AUTO_TEST_CASE(
    a_sequence_that_goes_by_it_still_increases_and_is_never_more_than_a_second_back) {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        const timestamp_offset offset{random_generator{seed}};
        forest::detail::timestamp_sequence sequence;
        wall_time last = wall_time::min();
        for (wall_time now = noon; now < noon + 100ms;
             now += (now.time_since_epoch().count() % 3) * 1ms + 1ms)
            for (int twice = 0; twice < 2; ++twice) {
                const wall_time next = sequence.next(offset.before(now));
                BOOST_TEST_REQUIRE((next > last));
                BOOST_TEST_REQUIRE((next > now - 1s));
                last = next;
            }
    }
}

BOOST_AUTO_TEST_SUITE_END()
