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

BOOST_AUTO_TEST_SUITE_END()
