// SPDX-License-Identifier: BSL-1.0

#include <forest/core/detail/logic/rate_limit.hpp>

#include <forest/core/random.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <climits>
#include <cstddef>
#include <vector>

using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

namespace {

using forest::duration;
using forest::steady_time;
using forest::detail::rate_limit;

// Takes as many as are allowed at each step.
std::vector<steady_time> taken(rate_limit& limit, steady_time from, duration span, duration step) {
    std::vector<steady_time> result;
    for (steady_time now = from; now < from + span; now += step)
        while (limit.take(now))
            result.push_back(now);
    return result;
}

// The most that were taken within any second.
std::size_t busiest_second(const std::vector<steady_time>& times) {
    std::size_t most = 0;
    std::size_t first = 0;
    for (std::size_t last = 0; last < times.size(); ++last) {
        while (times[last] - times[first] >= 1s)
            ++first;
        most = std::max(most, last - first + 1);
    }
    return most;
}

} // namespace

BOOST_AUTO_TEST_SUITE(rate_limit_test)

BOOST_AUTO_TEST_CASE(zero_is_no_limit) {
    rate_limit limit{0, 5ms};
    for (int n = 0; n < 1000; ++n)
        BOOST_TEST_REQUIRE(limit.take(steady_time{}));
    limit.give_back();
    BOOST_TEST(limit.take(steady_time{}));
}

BOOST_AUTO_TEST_CASE(the_first_may_be_taken_at_any_time) {
    for (const steady_time now : {steady_time{}, steady_time{-100h}, steady_time{24h * 366 * 50}}) {
        rate_limit limit{1, 0s};
        BOOST_TEST((limit.next() <= now));
        BOOST_TEST(limit.take(now));
        BOOST_TEST(!limit.take(now));
        BOOST_TEST((limit.next() == now + 1s));
        BOOST_TEST(!limit.take(now + 1s - 1ns));
        BOOST_TEST(limit.take(now + 1s));
    }
}

BOOST_AUTO_TEST_CASE(one_and_what_falls_within_the_slack_may_be_taken_at_once_after_any_pause) {
    rate_limit limit{10, 250ms};
    for (const steady_time now : {steady_time{1h}, steady_time{2h}, steady_time{24h * 300}}) {
        BOOST_TEST(taken(limit, now, 1ns, 1ns).size() == 3U);
        BOOST_TEST((limit.next() == now + 50ms));
    }
}

// Rates that do not divide a second among them.
BOOST_DATA_TEST_CASE(in_no_second_are_there_more_than_the_rate_and_nearly_so_many_are_to_be_had,
                     data::make({1, 2, 3, 7, 10, 24, 60, 99, 1000, 1001, 2999, 20'000}), rate) {
    rate_limit limit{rate, 0s};
    const auto times = taken(limit, steady_time{5s}, 3s, 10us);
    BOOST_TEST(busiest_second(times) <= static_cast<std::size_t>(rate));
    BOOST_TEST(times.size() >= static_cast<std::size_t>(2.5 * rate));
}

// Also of rates of which more than one and less than two fall to a look.
BOOST_DATA_TEST_CASE(who_looks_once_in_the_slack_gets_all_and_no_second_has_more_than_those_of_it,
                     data::make({1, 3, 150, 200, 201, 300, 399, 400, 1000, 1999, 20'000}), rate) {
    rate_limit limit{rate, 5ms};
    const auto times = taken(limit, steady_time{5s}, 10s, 5ms);
    BOOST_TEST(times.size() + 1 >= static_cast<std::size_t>(10 * rate));
    BOOST_TEST(busiest_second(times) <= static_cast<std::size_t>(rate + rate / 200 + 1));
}

BOOST_AUTO_TEST_CASE(rates_up_to_the_largest_neither_overflow_nor_divide_by_zero) {
    for (const int rate : {999'999'999, 1'000'000'000, 1'000'000'001, INT_MAX})
        for (const duration slack : {duration{0s}, duration{1s}}) {
            rate_limit limit{rate, slack};
            BOOST_TEST(limit.take(steady_time{1s}));
            limit.give_back();
            BOOST_TEST(limit.take(steady_time{1s}));
            BOOST_TEST(limit.take(steady_time{2s}));
        }
}

BOOST_AUTO_TEST_CASE(what_is_given_back_can_be_taken_again) {
    rate_limit limit{1, 1s};
    const steady_time now{1h};
    BOOST_TEST(taken(limit, now, 1ns, 1ns).size() == 2U);
    limit.give_back();
    BOOST_TEST(limit.take(now));
    BOOST_TEST(!limit.take(now));
    // Taking and giving back at once changes nothing.
    rate_limit other{1, 1s};
    for (int n = 0; n < 10; ++n) {
        BOOST_TEST(other.take(now));
        other.give_back();
    }
    BOOST_TEST(taken(other, now, 1ns, 1ns).size() == 2U);
}

// On the average over any time it is the rate, whatever was taken without leave.
BOOST_AUTO_TEST_CASE(what_happened_without_leave_is_made_up_for_before_anything_is_allowed) {
    rate_limit limit{10, 0s};
    const steady_time now{1h};
    BOOST_TEST(limit.take(now));
    limit.debit(29, now);
    BOOST_TEST((limit.next() == now + 3s));
    BOOST_TEST(!limit.take(now + 3s - 1ns));
    BOOST_TEST(limit.take(now + 3s));
    // Nothing was saved up before, and nothing is owed for no more.
    limit.debit(1, now + 1h);
    BOOST_TEST((limit.next() == now + 1h + 100ms));
    limit.debit(0, now + 2h);
    BOOST_TEST(limit.take(now + 2h));
}

BOOST_AUTO_TEST_CASE(a_debt_never_forbids_anything_for_longer_than_its_bound) {
    for (const steady_time now : {steady_time{}, steady_time{24h * 366 * 50}}) {
        rate_limit limit{1, 0s};
        for (int n = 0; n < 10; ++n)
            limit.debit(UINT_MAX, now);
        BOOST_TEST((limit.next() == now + rate_limit::debt_max));
        BOOST_TEST(limit.take(now + rate_limit::debt_max));
    }
    rate_limit none{0, 0s};
    none.debit(UINT_MAX, steady_time{});
    BOOST_TEST(none.take(steady_time{}));
}

BOOST_AUTO_TEST_CASE(giving_back_more_than_is_owed_saves_up_nothing_for_later) {
    rate_limit limit{1, 1s};
    BOOST_TEST(limit.take(steady_time{1s}));
    for (int n = 0; n < 100; ++n)
        limit.give_back();
    BOOST_TEST(taken(limit, steady_time{1h}, 1ns, 1ns).size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
