// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detail/logic/timestamp_sequence.hpp>

#include <boost/test/unit_test.hpp>
#include <rapidcheck.h>

#include <chrono>
#include <optional>
#include <vector>

using namespace std::chrono_literals;

namespace {

using forest::wall_time;
using forest::detail::timestamp_sequence;

const wall_time noon{std::chrono::sys_days{std::chrono::year{2025} / 12 / 9} + 12h};

// What the sequence answers when the wall clock stands so far from noon at each call.
std::vector<std::chrono::milliseconds>
answered(const std::vector<std::chrono::milliseconds>& offsets) {
    timestamp_sequence sequence;
    std::vector<std::chrono::milliseconds> result;
    for (const auto offset : offsets)
        result.push_back(sequence.next(noon + offset) - noon);
    return result;
}

using moments = std::vector<std::chrono::milliseconds>;

} // namespace

BOOST_AUTO_TEST_SUITE(timestamp_sequence_test)

BOOST_AUTO_TEST_CASE(it_is_the_wall_clock_while_that_goes_on) {
    BOOST_TEST((answered({0ms, 1ms, 2ms, 30s, 1h}) == moments{0ms, 1ms, 2ms, 30s, 1h}));
}

BOOST_AUTO_TEST_CASE(two_of_one_millisecond_differ_by_one) {
    BOOST_TEST((answered({0ms, 0ms, 0ms, 1ms, 2ms, 4ms}) == moments{0ms, 1ms, 2ms, 3ms, 4ms, 5ms}));
    BOOST_TEST((answered({0ms, 0ms, 2ms}) == moments{0ms, 1ms, 2ms}));
}

BOOST_AUTO_TEST_CASE(a_clock_set_back_a_little_does_not_set_it_back) {
    BOOST_TEST((answered({0ms, -1ms, -10s, 5ms}) == moments{0ms, 1ms, 2ms, 5ms}));
    // It stays ahead for as long as the clock needs to overtake it.
    BOOST_TEST((answered({0ms, -200s, -100s, -1s, 1s}) == moments{0ms, 1ms, 2ms, 3ms, 1s}));
}

BOOST_AUTO_TEST_CASE(a_clock_set_back_by_more_than_servers_tolerate_restarts_it) {
    BOOST_TEST((answered({0ms, -300s}) == moments{0ms, 1ms}));
    BOOST_TEST((answered({0ms, -300'001ms}) == moments{0ms, -300'001ms}));
    BOOST_TEST((answered({0ms, -1h, -1h}) == moments{0ms, -1h, -1h + 1ms}));
    // What counts is the distance to the last one, which may be ahead of the clock itself.
    BOOST_TEST((answered({0ms, 0ms, -300s + 1ms}) == moments{0ms, 1ms, 2ms}));
    BOOST_TEST((answered({0ms, 0ms, -300s}) == moments{0ms, 1ms, -300s}));
}

BOOST_AUTO_TEST_CASE(one_that_ran_ahead_by_itself_never_goes_back) {
    timestamp_sequence sequence;
    wall_time last = sequence.next(noon);
    for (int n = 0; n < 400'000; ++n) {
        const wall_time next = sequence.next(noon + 1ms * (n / 1000));
        BOOST_REQUIRE(next > last);
        last = next;
    }
    BOOST_TEST((last == noon + 400s));
    // Nor for a clock that is set back by less than servers tolerate.
    BOOST_TEST((sequence.next(noon - 290s) == noon + 400s + 1ms));
    BOOST_TEST((sequence.next(noon - 300s) == noon - 300s));
}

BOOST_AUTO_TEST_CASE(who_waits_until_the_next_one_is_near_has_a_thousand_at_once_and_in_a_second) {
    timestamp_sequence sequence;
    BOOST_TEST((sequence.until_near(noon) == 0ms));
    int taken = 0;
    for (; sequence.until_near(noon) == 0ms; ++taken)
        BOOST_REQUIRE(sequence.next(noon) - noon <= timestamp_sequence::ahead_max);
    BOOST_TEST(taken == 1001);
    BOOST_TEST((sequence.until_near(noon) == 1ms));
    BOOST_TEST((sequence.until_near(noon + 1ms) == 0ms));
    (void)sequence.next(noon);
    BOOST_TEST((sequence.until_near(noon) == 2ms));
    BOOST_TEST((sequence.until_near(noon + 1s) == 0ms));
    for (; sequence.until_near(noon + 3s) == 0ms; ++taken)
        (void)sequence.next(noon + 3s);
    BOOST_TEST(taken == 2002);
}

BOOST_AUTO_TEST_CASE(who_waits_does_not_wait_out_what_the_clock_was_set_back) {
    timestamp_sequence sequence;
    for (int n = 0; n < 500; ++n)
        (void)sequence.next(noon);
    for (const auto back : moments{-1ms, -10s, -299s})
        BOOST_TEST((sequence.until_near(noon + back) == 0ms));
    // Set back, it has its thousand in a second as before.
    wall_time now = noon - 200s;
    for (int n = 0; n < 100'000; ++n) {
        BOOST_REQUIRE((sequence.until_near(now) == 0ms));
        (void)sequence.next(now);
        now += 1ms;
    }
    BOOST_TEST((sequence.next(now) == noon + 100'500ms));
    int more = 0;
    for (; sequence.until_near(now) == 0ms; ++more)
        (void)sequence.next(now);
    BOOST_TEST(more == 500);
}

BOOST_AUTO_TEST_CASE(a_fleet_may_keep_one_for_each_server) {
    static_assert(sizeof(timestamp_sequence) == 16);
    BOOST_TEST(sizeof(timestamp_sequence) == 16U);
}

BOOST_AUTO_TEST_CASE(one_that_was_passed_long_ago_may_be_forgotten_without_repeating_a_moment) {
    timestamp_sequence sequence;
    BOOST_TEST(sequence.passed_by(noon)); // It has answered nothing.
    (void)sequence.next(noon);
    for (const auto later : moments{-1h, -1ms, 0ms, 1ms, 300s})
        BOOST_TEST(!sequence.passed_by(noon + later));
    BOOST_TEST(sequence.passed_by(noon + 300'001ms));
}

// What counts is the last timestamp, not the clock at which it was taken.
BOOST_AUTO_TEST_CASE(one_that_is_ahead_is_passed_as_much_later) {
    timestamp_sequence busy;
    for (int taken = 0; taken < 500; ++taken)
        (void)busy.next(noon); // the last one is 499 ms ahead
    BOOST_TEST(!busy.passed_by(noon + 300'001ms));
    BOOST_TEST(!busy.passed_by(noon + 300'499ms));
    BOOST_TEST(busy.passed_by(noon + 300'500ms));
    // The clock was set back by as much as servers tolerate: the sequence goes on.
    timestamp_sequence ahead;
    (void)ahead.next(noon + 299'999ms);
    BOOST_TEST((ahead.next(noon) == noon + 300s));
    for (const auto later : moments{0ms, 300s, 300'001ms, 599'999ms, 600s})
        BOOST_TEST(!ahead.passed_by(noon + later));
    BOOST_TEST(ahead.passed_by(noon + 600'001ms));
}

BOOST_AUTO_TEST_CASE(sequences_are_independent_of_each_other) {
    timestamp_sequence first;
    timestamp_sequence second;
    BOOST_TEST((first.next(noon) == noon));
    BOOST_TEST((second.next(noon) == noon));
    timestamp_sequence copy = first;
    BOOST_TEST((copy.next(noon) == noon + 1ms));
    BOOST_TEST((first.next(noon) == noon + 1ms));
}

BOOST_AUTO_TEST_CASE(whatever_the_clock_does_it_increases_and_stays_near) {
    const bool holds = rc::check([] {
        const auto steps = *rc::gen::container<std::vector<int>>(
            rc::gen::oneOf(rc::gen::inRange(-2, 3), rc::gen::inRange(-400'000, 400'000)));
        timestamp_sequence sequence;
        wall_time now = noon;
        std::optional<wall_time> last;
        for (const int step : steps) {
            now += std::chrono::milliseconds{step};
            const wall_time next = sequence.next(now);
            RC_ASSERT(next >= now);
            RC_ASSERT(next - now <= 300s + 1ms);
            const bool restarted = last && *last - now > 300s;
            if (restarted)
                RC_ASSERT(next == now);
            else if (last)
                RC_ASSERT(next > *last);
            if (!last || now > *last)
                RC_ASSERT(next == now);
            last = next;
        }
    });
    BOOST_TEST(holds);
}

BOOST_AUTO_TEST_SUITE_END()
