// SPDX-License-Identifier: BSL-1.0
#include <tool/arguments/chosen_backoff.hpp>
#include <tool/simulate/simulation.hpp>
#include <tool/simulate/simulation_report.hpp>
#include <tool/simulate/simulation_shrink.hpp>
#include <tool/simulate/timeline.hpp>

#include <forest/core/outage.hpp>
#include <forest/health_client.hpp>
#include <forest/sim/rules/outage_counter.hpp>
#include <forest/sim/script/fault.hpp>
#include <forest/sim/search/plan.hpp>
#include <forest/sim/search/plan_code.hpp>
#include <forest/sim/world/world.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

// What `forest-health simulate` counts, in worlds of which every number is known beforehand: a
// check each 30 s from 0 s on, and messages that take 1 ms.

namespace {

using namespace std::chrono_literals;
using forest::duration;
using forest::cli::latency_sample;
using forest::cli::simulation_outcome;
using forest::cli::timeline_lane;
using forest::sim::fault;
using forest::sim::fault_kind;
using forest::sim::outage_counts;

struct policies : forest::sim::world_policies {
    using backoff = forest::cli::chosen_backoff;
};

forest::sim::plan world_of(forest::sim::script faults, const forest::options& settings = {},
                           duration length = 10min) {
    forest::sim::plan what;
    what.clients.front().settings = settings;
    what.faults = std::move(faults);
    what.length = length;
    return what;
}

simulation_outcome run(forest::sim::script faults, const forest::options& settings = {}) {
    simulation_outcome ended =
        forest::cli::simulate<policies>(world_of(std::move(faults), settings), {});
    BOOST_TEST(!ended.broken.has_value());
    return ended;
}

fault between(duration begin, duration end, fault_kind kind) {
    return {.kind = kind, .at = begin, .lasting = end - begin};
}

fault of_client(fault what) {
    what.client = 0;
    return what;
}

bool same(const std::vector<duration>& latencies, const std::vector<duration>& expected) {
    return latencies == expected;
}

} // namespace

BOOST_AUTO_TEST_SUITE(tool_simulation_test)

BOOST_AUTO_TEST_CASE(a_world_without_faults_has_no_outage_and_a_check_each_interval) {
    const simulation_outcome ended = run({});
    BOOST_TEST((ended.outages == outage_counts{}));
    BOOST_TEST(ended.checks == 20U);
    BOOST_TEST(ended.failed == 0U);
    BOOST_TEST(ended.latencies.empty());
}

// Checks fail 2 ms after 90 s, 2 s after that, and 4 s after that.
BOOST_AUTO_TEST_CASE(a_crash_is_detected_at_the_third_failure) {
    const simulation_outcome ended = run({between(75s, 200s, fault_kind::crash)});
    BOOST_TEST((ended.outages == outage_counts{.obliged = 1, .obliged_detected = 1}));
    BOOST_TEST(same(ended.latencies, {21s + 6ms}));
}

BOOST_AUTO_TEST_CASE(a_black_hole_is_detected_after_three_timeouts) {
    const simulation_outcome ended = run({between(75s, 200s, fault_kind::black_hole)});
    BOOST_TEST((ended.outages == outage_counts{.obliged = 1, .obliged_detected = 1}));
    BOOST_TEST(same(ended.latencies, {15s + 5s + 2s + 5s + 4s + 5s}));
}

// B9.
BOOST_AUTO_TEST_CASE(an_announced_end_is_detected_at_the_next_check) {
    for (const fault_kind kind : {fault_kind::drain, fault_kind::stop}) {
        fault announced = between(75s, 200s, kind);
        announced.span = 60s;
        const simulation_outcome ended = run({announced});
        BOOST_TEST((ended.outages == outage_counts{.obliged = 1, .obliged_detected = 1}));
        BOOST_TEST(same(ended.latencies, {15s + 2ms}));
    }
}

BOOST_AUTO_TEST_CASE(an_outage_obliges_from_the_promised_bound_on) {
    const outage_counts obliged = run({between(61s, 112s, fault_kind::crash)}).outages;
    BOOST_TEST((obliged == outage_counts{.obliged = 1, .obliged_detected = 1}));
    const outage_counts shorter = run({between(61s, 112s - 1ns, fault_kind::crash)}).outages;
    BOOST_TEST((shorter == outage_counts{.excused = 1, .excused_detected = 1}));
}

BOOST_AUTO_TEST_CASE(an_outage_between_two_checks_is_excused_and_not_detected) {
    const simulation_outcome ended = run({between(61s, 71s, fault_kind::crash)});
    BOOST_TEST((ended.outages == outage_counts{.excused = 1}));
    BOOST_TEST(ended.failed == 0U);
}

BOOST_AUTO_TEST_CASE(faults_that_touch_are_one_outage) {
    const simulation_outcome ended =
        run({between(61s, 100s, fault_kind::crash), between(80s, 100s, fault_kind::refuse),
             between(100s, 140s, fault_kind::dns_failure)});
    BOOST_TEST((ended.outages == outage_counts{.obliged = 1, .obliged_detected = 1}));
    const simulation_outcome apart =
        run({between(61s, 71s, fault_kind::crash), between(71s + 1ns, 81s, fault_kind::crash)});
    BOOST_TEST((apart.outages == outage_counts{.excused = 2}));
}

BOOST_AUTO_TEST_CASE(what_only_takes_long_is_an_outage_when_it_takes_longer_than_the_timeout) {
    for (const fault_kind kind : {fault_kind::slow, fault_kind::drip}) {
        fault slow = between(61s, 200s, kind);
        slow.span = 4s;
        BOOST_TEST((run({slow}).outages == outage_counts{}));
        slow.span = 6s;
        BOOST_TEST((run({slow}).outages == outage_counts{.obliged = 1, .obliged_detected = 1}));
    }
    fault delayed = between(61s, 200s, fault_kind::delay);
    delayed.span = 2s; // in each direction
    BOOST_TEST((run({delayed}).outages == outage_counts{}));
    delayed.span = 3s;
    BOOST_TEST((run({delayed}).outages == outage_counts{.obliged = 1, .obliged_detected = 1}));
}

// Of a thousand messages 999 are lost: a check may succeed, and these do not.
BOOST_AUTO_TEST_CASE(a_down_by_chance_is_a_false_positive) {
    fault lossy = between(61s, 100s, fault_kind::loss);
    lossy.amount = 999;
    const simulation_outcome ended = run({lossy}, {.failure_threshold = 1});
    BOOST_TEST((ended.outages == outage_counts{.false_positives = 1}));
    BOOST_TEST(ended.latencies.empty());
    lossy.amount = 1000;
    const simulation_outcome certain = run({lossy}, {.failure_threshold = 1});
    BOOST_TEST((certain.outages == outage_counts{.obliged = 1, .obliged_detected = 1}));
}

BOOST_AUTO_TEST_CASE(a_restart_is_an_outage_of_the_checks_that_are_under_way) {
    fault slow = between(59s, 70s, fault_kind::slow);
    slow.span = 2s;
    const fault restart{.kind = fault_kind::restart, .at = 61s};
    const simulation_outcome ended = run({slow, restart}, {.failure_threshold = 1});
    BOOST_TEST((ended.outages == outage_counts{.excused = 1, .excused_detected = 1}));
    BOOST_TEST(same(ended.latencies, {1ms}));
    BOOST_TEST((run({restart}, {.failure_threshold = 1}).outages == outage_counts{.excused = 1}));
}

// The check that was due at 90 s begins at 130 s, and what then fails at 135 s does not count
// (B12).
BOOST_AUTO_TEST_CASE(a_client_that_stands_still_is_excused) {
    fault pause = of_client({.kind = fault_kind::pause, .at = 70s});
    pause.span = 60s;
    const simulation_outcome ended = run({between(61s, 200s, fault_kind::black_hole), pause});
    BOOST_TEST(
        (ended.outages == outage_counts{.excused = 1, .excused_detected = 1, .beyond_bound = 1}));
    BOOST_TEST(same(ended.latencies, {69s + 5s + 5s + 2s + 5s + 4s + 5s}));
    BOOST_TEST(ended.inconclusive == 1U);
}

BOOST_AUTO_TEST_CASE(a_server_that_stands_still_is_not) {
    fault suspend{.kind = fault_kind::suspend, .at = 75s};
    suspend.span = 125s;
    const simulation_outcome ended = run({suspend});
    BOOST_TEST((ended.outages == outage_counts{.obliged = 1, .obliged_detected = 1}));
    BOOST_TEST(same(ended.latencies, {36s}));
}

BOOST_AUTO_TEST_CASE(clocks_are_an_outage_when_every_signature_is_refused) {
    const auto stepped = [](duration by) {
        fault there = of_client({.kind = fault_kind::step_wall, .at = 75s});
        there.span = by;
        fault back = of_client({.kind = fault_kind::step_wall, .at = 200s});
        back.span = -by;
        return run({there, back});
    };
    BOOST_TEST((stepped(300s).outages == outage_counts{}));
    for (const duration by : {400s, -400s}) {
        const simulation_outcome ended = stepped(by);
        BOOST_TEST((ended.outages == outage_counts{.obliged = 1, .obliged_detected = 1}));
        BOOST_TEST(same(ended.latencies, {21s + 6ms}));
    }
    // A clock that was set back that little is not believed: at 90 s the client signs what it
    // signed at 60 s, and a millisecond.
    BOOST_TEST((stepped(-320s).outages == outage_counts{.excused = 1}));
}

BOOST_AUTO_TEST_CASE(a_client_that_has_quit_owes_nothing) {
    const fault quit = of_client({.kind = fault_kind::quit, .at = 70s});
    BOOST_TEST((run({quit, between(75s, 200s, fault_kind::crash)}).outages == outage_counts{}));
}

BOOST_AUTO_TEST_CASE(quantiles_are_values_that_occurred) {
    latency_sample sample;
    BOOST_TEST((sample.quantile(0.5) == 0s));
    for (int seconds = 100; seconds > 0; --seconds)
        sample.add(std::chrono::seconds{seconds});
    BOOST_TEST((sample.quantile(0.5) == 50s));
    BOOST_TEST((sample.quantile(0.99) == 99s));
    BOOST_TEST((sample.quantile(1.0) == 100s));
    BOOST_TEST((sample.worst() == 100s));
    for (std::size_t more = 0; more < latency_sample::kept_max; ++more)
        sample.add(1s);
    BOOST_TEST(sample.count() == latency_sample::kept_max + 100);
    BOOST_TEST((sample.quantile(0.5) == 1s));
    BOOST_TEST((sample.worst() == 100s));
}

BOOST_AUTO_TEST_CASE(a_lane_accounts_for_all_of_the_time) {
    std::vector<timeline_lane> lanes{{"server0", 10min}};
    (void)forest::cli::simulate<policies>(world_of({between(75s, 200s, fault_kind::crash)}), {},
                                          {.lanes = &lanes});
    forest::cli::timeline_column sum;
    for (const auto& each : lanes.front().columns())
        sum += each;
    const auto in = [&](forest::target_status status) {
        return sum.in_status[static_cast<std::size_t>(status)];
    };
    BOOST_TEST((sum.time == 10min));
    BOOST_TEST((sum.must_fail == 125s));
    BOOST_TEST((in(forest::target_status::unknown) == 2ms));
    BOOST_TEST((in(forest::target_status::suspect) == 6s + 4ms));
    BOOST_TEST((std::accumulate(sum.in_status.begin(), sum.in_status.end(), duration{}) == 10min));
    BOOST_TEST(sum.downs == 1U);
    BOOST_TEST(sum.ups == 1U);
    BOOST_TEST((sum.latency == 21s + 6ms));
}

// The world that a pasted script makes is the one that was simulated.
BOOST_AUTO_TEST_CASE(the_digest_is_that_of_the_script) {
    const auto what = world_of({between(75s, 200s, fault_kind::crash),
                                of_client(between(300s, 400s, fault_kind::garble))});
    forest::sim::world world{0U};
    auto& server0 = world.add_server("server0");
    auto& client0 = world.add_client(server0, {});
    world.between(75s, 200s).crash(server0);
    world.between(300s, 400s).garble(client0);
    world.run_for(600s);
    BOOST_TEST(forest::cli::simulate<policies>(what, {}).digest == world.trace().digest());
}

namespace {

// A planted bug: it calls on_server_down twice (B7).
template <typename Transport, typename Clock, typename Signer, typename Backoff>
class eager_client : public forest::basic_health_client<Transport, Clock, Signer, Backoff> {
    using base = forest::basic_health_client<Transport, Clock, Signer, Backoff>;

public:
    using base::base;

    void on_server_down(std::function<void(const forest::outage&)> callback) {
        base::on_server_down([callback](const forest::outage& of) {
            callback(of);
            callback(of);
        });
    }
};

struct broken_policies : policies {
    template <forest::transport Transport, forest::clock Clock, typename Signer, typename Backoff>
    using client = eager_client<Transport, Clock, Signer, Backoff>;
};

} // namespace

BOOST_AUTO_TEST_CASE(a_broken_rule_in_a_long_world_is_shrunk_to_a_few_lines) {
    forest::sim::plan what = world_of(
        {between(40h, 41h, fault_kind::crash), between(41h, 42h, fault_kind::freeze)}, {}, 48h);
    what.servers = 2;
    what.clients.push_back({.server = 1});
    what.faults.push_back({.kind = fault_kind::crash, .at = 20h, .lasting = 10s, .server = 1});
    const auto ended = forest::cli::simulate<broken_policies>(what, {});
    BOOST_REQUIRE(ended.broken.has_value());
    BOOST_TEST(ended.broken->rule == "B7");
    const auto [shrunk, told] =
        forest::cli::shrink_violation<broken_policies>(what, *ended.broken, {});
    BOOST_TEST(shrunk.faults.size() == 1U);
    BOOST_TEST(shrunk.clients.size() == 1U);
    BOOST_TEST((shrunk.length < 5min));
    const auto again = forest::cli::simulate<broken_policies>(shrunk, {});
    BOOST_REQUIRE(again.broken.has_value());
    BOOST_TEST(again.broken->rule == "B7");
    // The reports are of what happens in the short one.
    BOOST_TEST(to_string(*again.broken) == to_string(told));
    BOOST_TEST((told.at < shrunk.length));
    BOOST_TEST(forest::sim::to_code(shrunk).find("world.between(0s, ") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
