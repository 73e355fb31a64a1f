// SPDX-License-Identifier: BSL-1.0

#include <forest/detail/fleet/watches.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>

using namespace std::chrono_literals;
using forest::duration;
using forest::steady_time;
using forest::detail::fleet_watches;

namespace {

constexpr duration zero = duration::zero();

constexpr steady_time at(duration moment) {
    return steady_time{moment};
}

} // namespace

BOOST_AUTO_TEST_SUITE(watches_test)

BOOST_AUTO_TEST_CASE(the_shortest_timeout_decides_how_often_all_checks_are_watched) {
    fleet_watches watches;
    watches.include({}); // 5 s
    watches.include({.timeout = 2s});
    watches.include({.timeout = 10s});
    watches.begun(at(1s));
    BOOST_TEST((watches.next() == at(1500ms)));
    BOOST_TEST(!watches.due(at(1500ms) - duration{1}, zero));
    BOOST_TEST(watches.due(at(1500ms), zero));
}

BOOST_AUTO_TEST_CASE(a_check_that_begins_before_the_next_wake_up_does_not_put_it_off) {
    fleet_watches watches;
    watches.include({});
    watches.begun(at(1s));
    watches.begun(at(2s));
    BOOST_TEST((watches.next() == at(2250ms)));
    watches.woken(at(2250ms), zero, steady_time::max());
    BOOST_TEST((watches.next() == at(3500ms)));
    watches.woken(at(3500ms), zero, at(4s)); // A check has to be woken earlier.
    BOOST_TEST((watches.next() == at(4s)));
    watches.begun(at(60s)); // The wake-up was not needed, and has passed.
    BOOST_TEST((watches.next() == at(61250ms)));
}

BOOST_AUTO_TEST_CASE(lateness_beyond_the_least_tolerance_is_due_at_once_and_once) {
    fleet_watches watches;
    watches.include({.timeout = 1s});
    watches.begun(at(10s));
    BOOST_TEST(!watches.due(at(10100ms), 250ms));
    BOOST_TEST(watches.due(at(10100ms), 250ms + duration{1}));
    watches.woken(at(10100ms), 300ms, steady_time::max());
    // The same wake-up is later still, but known.
    BOOST_TEST(!watches.due(at(10200ms), 400ms));
    BOOST_TEST(watches.due(at(10200ms), 300ms));
}

BOOST_AUTO_TEST_SUITE_END()
