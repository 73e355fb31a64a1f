// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detection.hpp>
#include <forest/sim/rules/outage_counter.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>

using namespace std::chrono_literals;
using forest::sim::down_meaning;
using forest::sim::outage_counter;
using forest::sim::outage_counts;

// The default options promise a detection within 51 s.

BOOST_AUTO_TEST_SUITE(outage_counter_test)

BOOST_AUTO_TEST_CASE(an_outage_that_is_never_reported_is_missed_and_overdue) {
    outage_counter counter{forest::worst_case_detection({})};
    counter.update(10s, {.down = true});
    counter.update(61s, {.down = false});
    counter.finish(100s);
    BOOST_TEST((counter.counts() == outage_counts{.obliged = 1}));
    BOOST_TEST(counter.counts().missed() == 1U);
    BOOST_TEST((counter.overdue() == 61s));
}

BOOST_AUTO_TEST_CASE(an_outage_that_is_reported_too_late_is_overdue) {
    outage_counter counter{forest::worst_case_detection({})};
    counter.update(10s, {.down = true});
    counter.check_began(60s);
    counter.check_failed();
    BOOST_TEST((counter.down_reported(62s) == down_meaning::detection));
    BOOST_TEST((counter.latency() == 52s));
    counter.finish(100s);
    BOOST_TEST((counter.counts() ==
                outage_counts{.obliged = 1, .obliged_detected = 1, .beyond_bound = 1}));
    BOOST_TEST((counter.overdue() == 61s));
}

BOOST_AUTO_TEST_CASE(a_down_after_a_late_success_is_the_same_outage_again) {
    outage_counter counter{forest::worst_case_detection({})};
    counter.update(10s, {.down = true});
    counter.check_began(20s);
    counter.check_failed();
    BOOST_TEST((counter.down_reported(22s) == down_meaning::detection));
    counter.check_succeeded();
    counter.up_reported();
    counter.check_began(30s);
    counter.check_failed();
    BOOST_TEST((counter.down_reported(32s) == down_meaning::again));
    counter.finish(100s);
    BOOST_TEST((counter.counts() ==
                outage_counts{.obliged = 1, .obliged_detected = 1, .reported_again = 1}));
}

BOOST_AUTO_TEST_CASE(an_outage_that_has_ended_is_detected_by_a_check_that_overlapped_it) {
    outage_counter counter{forest::worst_case_detection({})};
    counter.check_began(19s);
    counter.update(20s, {.down = true});
    counter.update(21s, {.down = false});
    counter.check_failed();
    BOOST_TEST((counter.down_reported(24s) == down_meaning::detection));
    counter.check_succeeded();
    counter.up_reported();
    counter.check_began(30s);
    counter.check_failed();
    BOOST_TEST((counter.down_reported(35s) == down_meaning::false_positive));
    counter.finish(100s);
    BOOST_TEST((counter.counts() ==
                outage_counts{.excused = 1, .excused_detected = 1, .false_positives = 1}));
}

// A check that began in an outage and succeeds shows that the outage has ended.
BOOST_AUTO_TEST_CASE(a_success_within_an_outage_makes_two_of_it) {
    outage_counter counter{forest::worst_case_detection({})};
    counter.update(10s, {.down = true});
    counter.check_began(40s);
    counter.interrupt(42s, {.down = true});
    counter.check_succeeded();
    counter.update(70s, {.down = false});
    counter.finish(100s);
    BOOST_TEST((counter.counts() == outage_counts{.excused = 2}));
}

BOOST_AUTO_TEST_CASE(an_outage_is_excused_if_the_host_of_the_client_was_disturbed) {
    outage_counter disturbed{forest::worst_case_detection({})};
    disturbed.update(10s, {.down = true});
    disturbed.update(20s, {.down = true, .host_changes = 1});
    disturbed.finish(100s);
    BOOST_TEST((disturbed.counts() == outage_counts{.excused = 1}));

    outage_counter unsound{forest::worst_case_detection({})};
    unsound.update(10s, {.down = true, .client_sound = false});
    unsound.finish(100s);
    BOOST_TEST((unsound.counts() == outage_counts{.excused = 1}));
}

BOOST_AUTO_TEST_SUITE_END()
