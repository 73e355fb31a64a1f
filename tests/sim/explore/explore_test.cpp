// SPDX-License-Identifier: BSL-1.0

#include "broken_machines.hpp"

#include <forest/core/backoff.hpp>
#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/options.hpp>
#include <forest/core/random.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/explore/explore.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

using namespace std::chrono_literals;
using broken::real_machine;
using forest::duration;
using forest::exponential_backoff;
using forest::options;
using forest::random_generator;
using forest::sim::exploration;
using forest::sim::explore;
using forest::sim::stimulus;

namespace {

struct planted {
    std::string_view bug;
    std::string_view rule;
    exploration (*explored)(const options&);

    friend std::ostream& operator<<(std::ostream& to, const planted& of) { return to << of.bug; }
};

template <typename Machine>
exploration of(const options& settings) {
    return explore<Machine>(settings);
}

constexpr std::array all_planted{
    planted{"down one failure early", "B7", of<broken::down_one_early>},
    planted{"down one failure late", "B7", of<broken::down_one_late>},
    planted{"up one success early", "B8", of<broken::up_one_early>},
    planted{"up one success late", "B8", of<broken::up_one_late>},
    planted{"counter not reset", "B6", of<broken::counter_not_reset>},
    planted{"down reported twice", "B7", of<broken::down_reported_twice>},
    planted{"backoff not reset", "B3", of<broken::backoff_not_reset>},
    planted{"stall counted", "B12", of<broken::stall_counted>},
    planted{"doubt ends early", "B12", of<broken::doubt_ends_early>},
    planted{"doubt ends late", "B12", of<broken::doubt_ends_late>},
    planted{"connection kept", "B12", of<broken::connection_kept>},
    planted{"repeated late", "B12", of<broken::repeated_late>},
    planted{"outage id reused", "B8", of<broken::outage_id_reused>},
    planted{"outage rewritten", "B8", of<broken::outage_rewritten>},
    planted{"recovery without outage", "B8", of<broken::recovery_without_outage>},
    planted{"interval drifts", "B1", of<broken::interval_drifts>},
    planted{"attempt not reset", "B10", of<broken::attempt_not_reset>},
    planted{"farewell ignored", "B9", of<broken::farewell_ignored>},
    planted{"second check in flight", "B2", of<broken::second_check_in_flight>},
    planted{"second start begins again", "B13", of<broken::second_start_begins_again>},
    planted{"start ends report", "B13", of<broken::start_ends_report>},
    planted{"reported after stop", "B14", of<broken::reported_after_stop>},
    planted{"restarts", "B15", of<broken::restarts>},
    planted{"warning not reported", "B25", of<broken::warning_not_reported>},
    planted{"warning reported again", "B25", of<broken::warning_reported_again>},
    planted{"failed probe counted", "B12", of<broken::failed_probe_counted>},
};

struct other_options {
    std::string_view what;
    options settings;

    friend std::ostream& operator<<(std::ostream& to, const other_options& of) {
        return to << of.what;
    }
};

const std::vector<other_options> all_other_options{
    {"a first check that is put off", {.initial_delay_max = 10s}},
    {"a first check that is put off by nothing", {.initial_delay_max = 1ns}},
    {"delays that vary", {.interval_jitter = 0.5}},
    {"no tolerance", {.stall_tolerance = 0s}},
    {"a tolerance longer than the interval", {.interval = 1s, .stall_tolerance = 5s}},
    {"a timeout longer than the interval", {.interval = 1s, .timeout = 5s}},
    {"an interval shorter than the first delay", {.interval = 1s}},
    {"an interval shorter than any delay may be", {.interval = 10us}},
    {"a year", {.interval = 366 * 24h, .timeout = 366 * 24h, .stall_tolerance = 366 * 24h}},
};

using driven = forest::sim::detail::driven_machine<real_machine, exponential_backoff>;

// The default backoff returns 30 s from the fifth failure on.
constexpr int counted_to = 5;

// A step without the times: the state before, the input, the action, and the state after.
auto untimed(const driven& before, const stimulus& played, const driven& after) {
    const auto state = [](const driven& of) {
        auto all = of.subject().state(of.now(), counted_to);
        std::get<duration>(all) = duration::zero();
        return all;
    };
    const forest::detail::health_action& did = after.answered();
    return std::tuple{state(before), before.asked(),      played.kind,   played.result,
                      played.late,   state(after),        after.asked(), did.kind,
                      did.event,     did.fresh_connection};
}

using untimed_steps = std::set<decltype(untimed(std::declval<const driven&>(), stimulus{},
                                                std::declval<const driven&>()))>;

// Zero, a duration near a bound, a part of some intervals, or any length from 1 ns to 20 hours.
duration drawn(random_generator& random, const options& settings) {
    const std::uint64_t number = random();
    const std::array bounds{settings.stall_tolerance, settings.interval};
    switch (number % 4) {
    case 0: return duration::zero();
    case 1:
        return std::max(duration::zero(), bounds.at(number / 4 % 2) +
                                              duration{static_cast<int>(number / 16 % 7) - 3});
    case 2: return duration{static_cast<duration::rep>(random.uniform() * 6e10)};
    default: return duration{(duration::rep{1} << (number / 4 % 46))};
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(explore_test)

BOOST_AUTO_TEST_CASE(
    no_thresholds_up_to_eight_let_a_rule_be_broken_B1_B2_B3_B6_B7_B8_B9_B10_B11_B12_B13_B14_B15) {
    constexpr int threshold_max = 8;
    std::size_t states = 0;
    std::size_t transitions = 0;
    for (int failures = 1; failures <= threshold_max; ++failures) {
        for (int successes = 1; successes <= threshold_max; ++successes) {
            const exploration found = explore<real_machine>(
                {.failure_threshold = failures, .success_threshold = successes, .doubt_max = 1}, {},
                {.probing = false});
            BOOST_TEST(found.proven(), "thresholds " << failures << " and " << successes << ": "
                                                     << to_string(found));
            states += found.states;
            transitions += found.transitions;
        }
    }
    std::printf("closure: %zu states, %zu transitions, thresholds 1-%d x 1-%d\n", states,
                transitions, threshold_max, threshold_max);
    BOOST_TEST(transitions > states);
}

BOOST_AUTO_TEST_CASE(no_warnings_and_no_failing_probes_let_a_rule_be_broken_B24_B25) {
    for (int failures = 1; failures <= 3; ++failures) {
        for (int successes = 1; successes <= 3; ++successes) {
            const exploration found = explore(
                {.failure_threshold = failures, .success_threshold = successes, .doubt_max = 1});
            BOOST_TEST(found.proven(), "thresholds " << failures << " and " << successes << ": "
                                                     << to_string(found));
        }
    }
}

BOOST_AUTO_TEST_CASE(as_much_doubt_as_the_options_allow_lets_no_rule_be_broken_B12) {
    for (const int most : {0, 2, options{}.doubt_max}) {
        const exploration found = explore({.doubt_max = most});
        BOOST_TEST(found.proven(), "doubt_max " << most << ": " << to_string(found));
    }
}

BOOST_DATA_TEST_CASE(other_options_let_no_rule_be_broken_either,
                     boost::unit_test::data::make(all_other_options)) {
    options settings = sample.settings;
    settings.success_threshold = 2;
    settings.doubt_max = 2;
    const exploration found = explore(settings);
    BOOST_TEST((found.complete && !found.violation), to_string(found));
    // Of a random delay only one value was tried.
    const bool random = settings.interval_jitter > 0.0 || settings.initial_delay_max > 0s;
    BOOST_TEST(found.sampled == random);
    BOOST_TEST(found.proven() == !random);
}

BOOST_AUTO_TEST_CASE(an_exploration_that_has_sampled_says_so) {
    BOOST_TEST(to_string(explore({.interval_jitter = 0.5}))
                   .ends_with("but random delays were only sampled"));
}

BOOST_AUTO_TEST_CASE(thresholds_that_are_never_reached_are_given_up_and_nothing_overflows) {
    constexpr int most = std::numeric_limits<int>::max();
    for (const options& settings :
         {options{.failure_threshold = most}, options{.success_threshold = most},
          options{.failure_threshold = most, .success_threshold = most},
          options{.failure_threshold = most - 1}}) {
        const exploration found = explore<real_machine>(settings, {}, {.states_max = 1000});
        BOOST_TEST(!found.complete, to_string(found));
        BOOST_TEST(!found.violation, to_string(found));
    }
}

namespace {

// Grows with each failure, without an end.
struct unsettled_backoff {
    duration operator()(int failures, duration) const noexcept { return failures * 1ms; }
};

} // namespace

BOOST_AUTO_TEST_CASE(a_backoff_that_does_not_settle_leaves_the_exploration_incomplete) {
    const exploration found =
        explore<forest::detail::health_machine<unsettled_backoff>, unsettled_backoff>(
            {.failure_threshold = 1});
    BOOST_TEST(!found.complete, to_string(found));
    BOOST_TEST(!found.proven());
    BOOST_TEST(!found.violation, to_string(found));
}

BOOST_AUTO_TEST_CASE(another_backoff_lets_no_rule_be_broken_either) {
    const exploration fixed =
        explore<forest::detail::health_machine<forest::constant_backoff>, forest::constant_backoff>(
            {});
    BOOST_TEST(fixed.proven(), to_string(fixed));
    const exploration slow = explore<real_machine>(
        {.interval = 10s}, exponential_backoff{.initial = 7s, .may_exceed_interval = true});
    BOOST_TEST(slow.proven(), to_string(slow));
}

BOOST_DATA_TEST_CASE(each_planted_bug_is_found_by_the_name_of_its_rule_in_a_dozen_steps,
                     boost::unit_test::data::make(all_planted)) {
    const exploration found =
        sample.explored({.failure_threshold = 2, .success_threshold = 2, .doubt_max = 1});
    BOOST_TEST_REQUIRE(found.violation.has_value());
    BOOST_TEST(found.violation->rule == sample.rule, to_string(found));
    BOOST_TEST(found.trace.size() <= 12U, to_string(found));
    BOOST_TEST(!found.proven());
    // A tenth of a second.
    BOOST_TEST(found.transitions < 100'000U);
}

BOOST_AUTO_TEST_CASE(a_violation_is_reported_with_its_shortest_trace) {
    const exploration found = explore<broken::counter_not_reset>(options{.failure_threshold = 2});
    BOOST_TEST(to_string(found).substr(to_string(found).find("B6")) ==
               "B6 is violated: failures are 1, and not 0\n"
               "  started: started, check_started, check\n"
               "  reply connection_refused after 0s: check_failed, wait 2s\n"
               "  woke on time: check_started, check\n"
               "  reply ok after 0s: check_succeeded");
}

BOOST_AUTO_TEST_CASE(an_exploration_that_gives_up_proves_nothing) {
    const exploration found = explore<real_machine>(options{}, {}, {.states_max = 100});
    BOOST_TEST(!found.proven());
    BOOST_TEST(!found.violation.has_value());
    BOOST_TEST(to_string(found).ends_with("no violation yet: given up"));
    BOOST_TEST(!explore<broken::stall_counted>(options{}, {}, {.states_max = 0}).proven());
}

BOOST_AUTO_TEST_CASE(a_run_that_is_put_off_by_a_day_meets_the_same_states) {
    const auto run = [](forest::steady_time begin) {
        using forest::detail::health_input;
        real_machine subject{{}, exponential_backoff{}, random_generator{}};
        const forest::verdict ok{};
        std::vector<decltype(subject.state(begin, counted_to))> met;
        const auto step = [&](health_input input, duration after) {
            (void)subject.step(input, begin + after);
            met.push_back(subject.state(begin + after, counted_to));
        };
        step(health_input::started(), 0s);
        step(health_input::reported(), 1s);
        step(health_input::reported(), 2s);
        step(health_input::reply(ok), 3s);
        step(health_input::reported(), 4s);
        step(health_input::woke(), 34s);
        return met;
    };
    BOOST_TEST((run({}) == run(forest::steady_time{24h})));
}

BOOST_AUTO_TEST_CASE(every_step_of_a_random_run_with_arbitrary_times_is_one_that_was_explored) {
    constexpr std::uint64_t seed = 20'240'229;
    const options settings{.failure_threshold = 2, .success_threshold = 2, .doubt_max = 1};
    untimed_steps explored;
    const exploration found = explore<real_machine>(
        settings, exponential_backoff{}, {},
        [&](const driven& before, const stimulus& played, const driven& after) {
            explored.insert(untimed(before, played, after));
        });
    BOOST_TEST_REQUIRE(found.proven());

    const forest::sim::stimuli possible{settings, settings.interval};
    random_generator random{seed};
    untimed_steps taken;
    const driven unstarted{settings, exponential_backoff{}, random};
    driven now = unstarted;
    for (int steps = 0; steps < 8'000'000; ++steps) {
        const auto& choices = possible.when(now.asked());
        stimulus played = choices[random() % choices.size()];
        if (played.kind == forest::detail::health_input_kind::stopped && random() % 8 != 0)
            continue;
        if (played.after > duration::zero() || random() % 2 == 0)
            played.after = drawn(random, settings);
        driven next = now;
        const std::optional<forest::sim::violation> broken = next.play(played);
        BOOST_TEST_REQUIRE(!broken,
                           "seed " << seed << ": " << broken->rule << ": " << broken->explanation);
        taken.insert(untimed(now, played, next));
        now = now.asked() == forest::sim::pending::nothing && random() % 8 == 0 ? unstarted : next;
    }
    BOOST_TEST(std::includes(explored.begin(), explored.end(), taken.begin(), taken.end()));
    // The run is long enough to be significant.
    BOOST_TEST(taken.size() * 10 > explored.size() * 9);
    std::printf("closure: %zu of %zu untimed steps in a random run\n", taken.size(),
                explored.size());
}

BOOST_AUTO_TEST_SUITE_END()
