// SPDX-License-Identifier: BSL-1.0

#include <forest/core/detail/logic/check_watch.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <vector>

using namespace std::chrono_literals;
using forest::duration;
using forest::options;
using forest::steady_time;
using forest::detail::check_watch;
using advice = forest::detail::check_watch::advice;

namespace {

constexpr duration zero = duration::zero();
constexpr duration least{1};

constexpr steady_time at(duration moment) {
    return steady_time{moment};
}

check_watch begun(bool patient = false) {
    check_watch watch;
    watch.begin({}, patient);
    return watch;
}

} // namespace

BOOST_AUTO_TEST_SUITE(check_watch_test)

BOOST_AUTO_TEST_CASE(B12_the_tolerance_during_a_check_is_that_of_the_options_or_a_quarter) {
    BOOST_TEST((forest::detail::lateness_max({}) == 1250ms)); // of 5 s
    BOOST_TEST((forest::detail::lateness_max({.stall_tolerance = 1s}) == 1s));
    BOOST_TEST((forest::detail::lateness_max({.timeout = 500ms}) == 125ms));
}

BOOST_AUTO_TEST_CASE(wake_ups_are_a_quarter_of_the_timeout_apart_and_meet_its_half_and_its_end) {
    const check_watch watch = begun();
    std::vector<duration> moments;
    for (steady_time now{}; now < at(6s); now = watch.next({}, now))
        moments.push_back(now - steady_time{});
    BOOST_TEST((moments == std::vector<duration>{0s, 1250ms, 2500ms, 3750ms, 5s}));
    // Also after a wake-up at another moment.
    BOOST_TEST((watch.next({}, at(1s)) == at(2250ms)));
    BOOST_TEST((watch.next({}, at(2s)) == at(2500ms)));
    BOOST_TEST((watch.next({}, at(4s)) == at(5s)));
    BOOST_TEST((watch.next({}, at(5s)) == at(6250ms)));
    // Never without a pause.
    BOOST_TEST((begun().next({.timeout = 3ns}, at(0s)) == at(least)));
    BOOST_TEST((begun().next({.timeout = 3ns}, at(1s)) == at(1s + 1ms)));
}

BOOST_AUTO_TEST_CASE(B12_a_wake_up_is_late_when_it_exceeds_the_tolerance) {
    for (const duration late : {1250ms - least, 1250ms + zero, 1250ms + least}) {
        check_watch watch = begun();
        BOOST_TEST((watch.woke({}, at(1250ms + late), late) ==
                    (late < 1250ms ? advice::none : advice::hedge)));
        BOOST_TEST(watch.ended({}, at(3s), zero) == (late > 1250ms));
    }
}

BOOST_AUTO_TEST_CASE(B12_the_end_of_a_check_is_a_wake_up_too) {
    for (const duration late : {1250ms + zero, 1250ms + least}) {
        check_watch watch = begun();
        BOOST_TEST(watch.ended({}, at(1250ms + late), late) == (late > 1250ms));
    }
}

BOOST_AUTO_TEST_CASE(B12_lateness_counts_only_from_the_beginning_of_the_check) {
    check_watch watch;
    watch.begin(at(60s), false); // while this process is late
    BOOST_TEST(!watch.ended({}, at(60s + 1250ms), 60s));
    watch.begin(at(60s), false);
    BOOST_TEST(watch.ended({}, at(60s + 1250ms + least), 60s));
}

BOOST_AUTO_TEST_CASE(B12_one_late_wake_up_is_enough_and_a_new_check_begins_without_it) {
    check_watch watch = begun();
    (void)watch.woke({}, at(3s), 1750ms);
    (void)watch.woke({}, at(4s), zero);
    BOOST_TEST(watch.ended({}, at(5s), zero));
    watch.begin(at(10s), false);
    BOOST_TEST(!watch.ended({}, at(15s), zero));
}

BOOST_AUTO_TEST_CASE(half_of_the_timeout_is_told_once) {
    check_watch watch = begun();
    BOOST_TEST((watch.woke({}, at(2500ms - least), zero) == advice::none));
    BOOST_TEST((watch.woke({}, at(2500ms), zero) == advice::hedge));
    BOOST_TEST((watch.woke({}, at(3750ms), zero) == advice::none));
}

BOOST_AUTO_TEST_CASE(B12_a_patient_check_has_its_time_on_time) {
    check_watch watch = begun(true);
    steady_time now{};
    // A second on time, and one that is lost, in turns.
    for (int n = 0; n < 4; ++n) {
        BOOST_TEST((watch.woke({}, now += 1s, zero) != advice::give_up));
        BOOST_TEST((watch.woke({}, now += 2s, 2s) != advice::give_up));
    }
    BOOST_TEST((watch.next({}, now) == now + 1s)); // what is left of 5 s
    BOOST_TEST((watch.woke({}, now + 1s - least, zero) == advice::none));
    BOOST_TEST((watch.next({}, now + 1s - least) == now + 1s));
    BOOST_TEST((watch.woke({}, now + 1s, zero) == advice::give_up));
    BOOST_TEST(watch.ended({}, now + 1s, zero));
    // Without lateness it is over at its timeout.
    check_watch other = begun(true);
    (void)other.woke({}, at(1250ms), zero);
    BOOST_TEST((other.woke({}, at(5s), zero) == advice::give_up));
    BOOST_TEST(!other.ended({}, at(5s), zero));
    // Any other check is ended by its transport.
    check_watch usual = begun();
    (void)usual.woke({}, at(2500ms), zero);
    BOOST_TEST((usual.woke({}, at(60s), zero) == advice::none));
}

BOOST_AUTO_TEST_CASE(B49_a_held_check_is_woken_rarely_until_the_hold_is_over) {
    check_watch watch = begun();
    watch.hold(forest::detail::hold_seconds{24});
    std::vector<duration> moments;
    for (steady_time now{}; now < at(30s); now = watch.next({}, now))
        moments.push_back(now - steady_time{});
    BOOST_TEST(
        (moments == std::vector<duration>{0s, 6s, 12s, 18s, 24s, 25250ms, 26500ms, 27750ms, 29s}));
    // Also where the hold is shorter than the timeout.
    watch.hold(forest::detail::hold_seconds{2});
    BOOST_TEST((watch.next({}, at(1s)) == at(2s)));
    BOOST_TEST((watch.next({}, at(2s)) == at(3250ms)));
    BOOST_TEST((watch.next({}, at(6s)) == at(7s)));
    BOOST_TEST((watch.next({}, at(7s)) == at(8250ms)));
}

BOOST_AUTO_TEST_CASE(B49_no_second_request_is_sent_beside_a_held_check) {
    check_watch watch = begun();
    watch.hold(forest::detail::hold_seconds{24});
    for (steady_time now = watch.next({}, {}); now < at(40s); now = watch.next({}, now))
        BOOST_TEST((watch.woke({}, now, zero) == advice::none));
    BOOST_TEST(!watch.ended({}, at(40s), zero));
}

BOOST_AUTO_TEST_SUITE_END()
