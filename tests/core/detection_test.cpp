// SPDX-License-Identifier: BSL-1.0

#include <forest/core/backoff.hpp>
#include <forest/core/detection.hpp>
#include <forest/core/options.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>

using namespace std::chrono_literals;
using namespace forest;

BOOST_AUTO_TEST_SUITE(detection_test)

BOOST_AUTO_TEST_CASE(B4_the_bound_of_the_default_options_is_36_and_51_seconds) {
    constexpr detection_bound bound = worst_case_detection(options{});
    BOOST_TEST((bound == detection_bound{36s, 51s}));
}

BOOST_AUTO_TEST_CASE(B4_a_check_under_way_may_last_longer_than_the_interval) {
    constexpr detection_bound bound =
        worst_case_detection({.interval = 1s, .timeout = 20s, .failure_threshold = 1});
    BOOST_TEST((bound == detection_bound{20s, 40s}));
}

BOOST_AUTO_TEST_CASE(B4_a_server_may_be_dead_before_the_first_check) {
    constexpr detection_bound bound =
        worst_case_detection({.failure_threshold = 1, .initial_delay_max = 10min});
    BOOST_TEST((bound == detection_bound{10min, 10min + 5s}));
}

BOOST_AUTO_TEST_CASE(B4_in_a_fleet_each_wait_and_each_timeout_ends_with_its_tick) {
    constexpr detection_bound bound = worst_case_detection(options{}, exponential_backoff{}, 1s);
    BOOST_TEST((bound == detection_bound{36s + 4s, 51s + 7s}));
    constexpr detection_bound exact = worst_case_detection(options{}, exponential_backoff{}, 0s);
    BOOST_TEST((exact == worst_case_detection(options{})));
    const options huge{.interval = options::duration_max, .failure_threshold = 1'000'000};
    BOOST_TEST((worst_case_detection(huge, constant_backoff{}, 1s).refused == duration::max()));
}

BOOST_AUTO_TEST_CASE(B4_a_jitter_lengthens_each_delay) {
    constexpr detection_bound bound = worst_case_detection(
        {.interval = 10s, .failure_threshold = 2, .interval_jitter = 0.5}, constant_backoff{});
    BOOST_TEST((bound == detection_bound{30s, 40s}));
}

BOOST_AUTO_TEST_CASE(B42_a_hold_does_not_change_the_worst_case) {
    for (const duration hold : {1s, 25s, 30s})
        BOOST_TEST((worst_case_detection({.hold = hold}) == detection_bound{36s, 51s}));
}

BOOST_AUTO_TEST_CASE(B42_the_end_of_a_held_check_is_told_at_once_and_its_silence_at_its_deadline) {
    static_assert(held_detection({.hold = 25s}) == detection_bound{100ms, 46s});
    static_assert(held_detection({.hold = 30s}) == detection_bound{100ms, 51s});
    static_assert(held_detection({.failure_threshold = 1, .hold = 25s}) ==
                  detection_bound{0s, 30s});
    static_assert(held_detection({}) == worst_case_detection(options{}));
    // From the fourth failure on, the delays are those of the backoff.
    static_assert(held_detection({.failure_threshold = 5, .hold = 25s}).refused == 500ms + 16s);
    static_assert(held_detection({.hold = 25s, .confirm_after = confirm_delays::none}).refused ==
                  6s);
    // A delay of the backoff is never exceeded.
    static_assert(
        held_detection({.hold = 25s, .confirm_after = {.first = 1h, .second = 1h}}).refused == 6s);
}

BOOST_AUTO_TEST_CASE(B42_no_held_figure_is_larger_than_the_worst_case) {
    for (const duration hold : {1s, 10s})
        for (const duration timeout : {1s, 5s, 60s})
            for (const int threshold : {1, 2, 3, 4, 1'000'000})
                for (const double jitter : {0.0, 0.5}) {
                    const options settings{.interval = 10s,
                                           .timeout = timeout,
                                           .failure_threshold = threshold,
                                           .interval_jitter = jitter,
                                           .hold = hold};
                    const detection_bound held = held_detection(settings);
                    const detection_bound worst = worst_case_detection(settings);
                    BOOST_TEST((held.refused <= worst.refused));
                    BOOST_TEST((held.black_holed <= worst.black_holed));
                }
    const options huge{
        .interval = options::duration_max, .failure_threshold = 1'000'000, .hold = 1s};
    BOOST_TEST((held_detection(huge, constant_backoff{}).black_holed == duration::max()));
}

BOOST_AUTO_TEST_SUITE_END()
