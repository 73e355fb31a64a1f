// SPDX-License-Identifier: BSL-1.0

// A watcher finds each violation by a client, and none that the faults of the world have caused.

#include <sim/search/broken_clients.hpp>

#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/rules/outage_counter.hpp>
#include <forest/sim/rules/watch.hpp>
#include <forest/sim/search/plan.hpp>
#include <forest/sim/search/plan_runner.hpp>
#include <forest/sim/trace/violation.hpp>
#include <forest/sim/world/world.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

using namespace std::chrono_literals;
using namespace forest;
using namespace forest::detail;

namespace {

// A world with one client, which is watched.
template <typename Policies = sim::world_policies>
struct watched_world {
    using world_type = sim::basic_world<Policies>;

    explicit watched_world(const options& settings = {}, sim::client_setup setup = {},
                           sim::watch_listener listener = {})
        : server{world.add_server("server")},
          client{world.prepare_client(server, settings, std::move(setup))},
          watching{sim::watch(world, client, settings, {}, std::move(listener))} {
        client.client().start();
    }

    [[nodiscard]] std::string rule() const {
        const std::optional<sim::violation> found = watching.found();
        return found ? found->rule : "none";
    }

    world_type world{1};
    sim::server_process& server;
    typename world_type::client_type& client;
    sim::watcher<world_type> watching;
};

using always_up = broken::with_client<broken::always_up>;
using mute_down = broken::with_client<broken::mute_down>;
using mute_up = broken::with_client<broken::mute_up>;
using giving_up = broken::with_client<broken::giving_up>;

std::string rule_of(const sim::plan& what) {
    const auto broken = sim::plan_runner<>{}.run(what).broken;
    return broken ? broken->rule + ": " + broken->explanation : "none";
}

} // namespace

BOOST_AUTO_TEST_SUITE(watch_test)

BOOST_AUTO_TEST_CASE(the_real_client_breaks_no_rule) {
    watched_world in;
    in.world.between(75s, 200s).crash(in.server);
    in.world.every(10min).lasting(2min).stop(in.server, 40s);
    in.world.run_for(24h);
    in.watching.finish();
    BOOST_TEST(in.rule() == "none");
    BOOST_TEST(in.watching.counts().obliged == 144U);
    BOOST_TEST(in.watching.counts().missed() == 0U);
}

BOOST_AUTO_TEST_CASE(a_success_while_each_check_must_fail_is_no_truth) {
    watched_world<always_up> in;
    in.world.between(75s, 200s).crash(in.server);
    in.world.run_for(80s);
    BOOST_TEST(in.rule() == "none");
    in.world.run_for(20s);
    BOOST_TEST(in.rule() == "truth");
    BOOST_TEST((in.watching.found()->at == 90s + 2ms));
}

BOOST_AUTO_TEST_CASE(an_outage_that_is_not_reported_in_time_breaks_B4) {
    watched_world<giving_up> in; // It checks for the last time at 240 s.
    in.world.between(300s, 400s).crash(in.server);
    in.world.run_for(410s);
    in.watching.finish();
    BOOST_TEST(in.rule() == "B4");
    BOOST_TEST((in.watching.found()->at == 300s + 51s));
    BOOST_TEST(in.watching.counts().missed() == 1U);
}

// The link holds requests back from 277 s to 312 s, when it already loses new ones. So a check that
// began at 300 s succeeds, and the bound starts again.
BOOST_AUTO_TEST_CASE(an_outage_in_which_a_check_could_succeed_is_two) {
    watched_world<> in{{.timeout = 20s}};
    in.world.between(277s, 312s).clog(in.server);
    in.world.between(304s, 420s).partition_requests(in.server);
    in.world.run_for(10min);
    in.watching.finish();
    BOOST_TEST(in.rule() == "none");
    BOOST_TEST((in.watching.counts() ==
                sim::outage_counts{.obliged = 1, .obliged_detected = 1, .excused = 1}));
}

BOOST_AUTO_TEST_CASE(a_callback_that_does_not_come_is_noticed_at_the_next_event_B7_B8) {
    watched_world<mute_down> down;
    down.world.at(75s).crash(down.server);
    down.world.run_for(97s); // Told at 96 s, and checked again at 104 s.
    BOOST_TEST(down.rule() == "none");
    down.world.run_for(10s);
    BOOST_TEST(down.rule() == "B7");

    watched_world<mute_up> up;
    up.world.between(75s, 200s).crash(up.server);
    up.world.run_for(5min);
    BOOST_TEST(up.rule() == "B8");
}

BOOST_AUTO_TEST_CASE(a_callback_that_does_not_come_is_noticed_in_the_end_B7) {
    watched_world<mute_down> in;
    in.world.at(75s).crash(in.server);
    in.world.run_for(97s);
    in.watching.settle(false);
    BOOST_TEST(in.rule() == "B7");
}

BOOST_AUTO_TEST_CASE(a_client_that_does_not_check_any_more_is_noticed_in_the_end_B1) {
    watched_world<giving_up> in;
    in.world.run_for(1h);
    BOOST_TEST(in.rule() == "none");
    in.watching.settle();
    BOOST_TEST(in.rule() == "B1");
    BOOST_TEST((in.client.status() == target_status::up));
}

BOOST_AUTO_TEST_CASE(a_plan_finds_that_a_client_does_not_check_any_more) {
    const sim::plan_runner<giving_up> runner;
    const auto broken = runner.run({.length = 10h}).broken;
    BOOST_TEST_REQUIRE(broken.has_value());
    BOOST_TEST(broken->rule == "B1");
}

BOOST_AUTO_TEST_CASE(callbacks_that_the_application_has_set_come_beside) {
    watched_world<> in;
    int downs = 0;
    in.client.client().on_server_down([&](const outage&) { ++downs; });
    in.world.between(75s, 200s).crash(in.server);
    in.world.run_for(1h);
    in.watching.settle();
    BOOST_TEST(downs == 1);
    BOOST_TEST(in.rule() == "none");
}

BOOST_AUTO_TEST_CASE(a_client_that_is_stopped_by_its_own_listener_owes_nothing) {
    for (const event_kind last : {event_kind::check_failed, event_kind::server_down}) {
        watched_world<> in;
        in.client.also_report([&](const event& happened) {
            if (happened.kind == last && happened.failures == 3)
                in.client.quit();
        });
        in.world.at(75s).crash(in.server);
        in.world.run_for(1h);
        in.watching.settle();
        BOOST_TEST(in.rule() == "none");
    }
}

// The server refuses a client that is 400 s ahead. Set back by less than servers tolerate, the
// client does not sign earlier times (PROTOCOL.md, 1), and is refused although the clocks agree
// again.
BOOST_AUTO_TEST_CASE(a_clock_that_was_set_back_is_not_taken_for_a_wrong_answer) {
    watched_world<> in;
    in.world.at(75s).step_wall(in.client, 400s);
    in.world.at(100s).step_wall(in.client, -200s);
    in.world.run_for(1h);
    BOOST_TEST(in.client.failures() > 3U);
    BOOST_TEST(in.rule() == "none");
}

// Each of the two messages may take up to 1 h.
BOOST_AUTO_TEST_CASE(a_timeout_within_what_the_way_may_take_is_not_taken_for_a_wrong_answer) {
    watched_world<> in{{.interval = 100min, .timeout = 90min}, {.usual = sim::exponential(30min)}};
    in.world.run_for(100min * 5000);
    BOOST_TEST(in.client.failures() > 0U);
    BOOST_TEST(in.rule() == "none");
}

// By a clock that is a tenth fast, 5 s are over after 4.55 s; by one that is slow, not after 5 s.
BOOST_AUTO_TEST_CASE(a_timeout_is_measured_by_the_clock_of_the_client) {
    watched_world<> fast{{}, {.usual = sim::constant(2400ms)}};
    fast.world.at(0s).drift(fast.client, 100'000);
    fast.world.run_for(1h);
    BOOST_TEST(fast.rule() == "none");
    watched_world<> slow{{}, {.usual = sim::constant(2600ms)}};
    slow.world.at(0s).drift(slow.client, -100'000);
    slow.world.run_for(1h);
    BOOST_TEST(slow.rule() == "none");
}

BOOST_AUTO_TEST_CASE(how_late_a_first_check_was_is_not_known) {
    for (const duration span : {1s, 3s, 20s}) {
        watched_world<> in{{.initial_delay_max = 30s}};
        in.world.at(0s).pause(in.client, span);
        in.world.at(0s).wrong_body(in.server);
        in.world.run_for(1h);
        BOOST_TEST(in.rule() == "none");
    }
}

BOOST_AUTO_TEST_CASE(a_recovery_may_take_as_long_as_the_first_check_is_put_off) {
    sim::plan late;
    late.clients.front().settings.initial_delay_max = 24h;
    BOOST_TEST(rule_of(late) == "none");
}

BOOST_AUTO_TEST_CASE(a_recovery_is_not_asked_for_where_checks_may_take_too_long) {
    sim::plan slow;
    slow.clients.front().usual = sim::constant(3s);
    BOOST_TEST(rule_of(slow) == "none");
}

BOOST_AUTO_TEST_CASE(a_recovery_begins_when_all_machines_run) {
    for (const auto kind : {sim::fault_kind::pause, sim::fault_kind::suspend}) {
        for (const std::uint16_t client : {sim::fault::everyone, std::uint16_t{0}}) {
            sim::plan paused{.length = 10min};
            paused.faults.push_back({.kind = kind, .at = 1min, .client = client, .span = 3h});
            BOOST_TEST(rule_of(paused) == "none");
        }
    }
}

BOOST_AUTO_TEST_CASE(options_of_years_overflow_nothing) {
    constexpr duration year = options::duration_max;
    const options longest{.interval = year,
                          .timeout = year,
                          .failure_threshold = 1000,
                          .success_threshold = 100,
                          .initial_delay_max = year,
                          .stall_tolerance = year};
    BOOST_TEST((sim::recovery_bound(longest, exponential_backoff{}) == duration::max()));
    BOOST_TEST((sim::recovery_bound(options{.success_threshold = 2'147'483'647},
                                    exponential_backoff{}) == duration::max()));
    sim::plan slow{.length = 10 * year};
    slow.clients.front().settings = longest;
    slow.faults.push_back({.kind = sim::fault_kind::crash, .lasting = year});
    BOOST_TEST(rule_of(slow) == "none");
}

BOOST_AUTO_TEST_CASE(what_was_found_outlives_the_world) {
    std::optional<sim::watcher<sim::basic_world<mute_down>>> kept;
    {
        watched_world<mute_down> in;
        in.world.at(75s).crash(in.server);
        in.world.run_for(1h);
        kept = in.watching;
    }
    BOOST_TEST_REQUIRE(kept->found().has_value());
    BOOST_TEST(kept->found()->rule == "B7");
    BOOST_TEST(kept->found()->client == "client");
}

BOOST_AUTO_TEST_CASE(faults_that_were_asked_for_later_are_seen_too) {
    watched_world<> in;
    in.world.run_for(70s);
    in.world.between(75s, 200s).crash(in.server);
    in.world.run_for(100s);
    in.world.heal();
    in.world.run_for(100s);
    in.world.between(300s, 500s).refuse(in.client);
    in.world.run_for(1h);
    in.watching.finish();
    BOOST_TEST(in.rule() == "none");
    BOOST_TEST((in.watching.counts() == sim::outage_counts{.obliged = 2, .obliged_detected = 2}));
}

BOOST_AUTO_TEST_SUITE_END()
