// SPDX-License-Identifier: BSL-1.0

// The rules B1–B18 for a target of a fleet, with a virtual clock: compared to a single client with
// the same script, and for what only a fleet does. The effects of many targets on each other are in
// health_fleet_load_test.cpp.

#include <support/virtual_fleet.hpp>

#include <archetypes/backoff.hpp>
#include <archetypes/clock.hpp>
#include <archetypes/signer.hpp>
#include <archetypes/transport.hpp>

#include <forest/health_client.hpp>
#include <forest/health_fleet.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
using forest::tests::counting_clock;
using forest::tests::reported_event;
using forest::tests::scripted_network;
using forest::tests::url_number;
using forest::tests::virtual_fleet;
namespace data = boost::unit_test::data;

namespace forest {

std::ostream& operator<<(std::ostream& out, event_kind kind) {
    return out << name(kind);
}

std::ostream& operator<<(std::ostream& out, target_id id) {
    return out << static_cast<std::uint64_t>(id);
}

} // namespace forest

namespace {

using seconds = std::vector<double>;

constexpr duration tick = fleet_options{}.tick;
const std::string a = url_number(1);
const std::string b = url_number(2);
const auto refused = sim::failing(errc::connection_refused);

// Every event in which a callback may do something: all of a target that fails, recovers and has a
// stall.
constexpr std::array kinds{event_kind::started,           event_kind::check_started,
                           event_kind::check_failed,      event_kind::server_down,
                           event_kind::check_succeeded,   event_kind::server_up,
                           event_kind::check_inconclusive};

// Makes each of `kinds` happen to the target with this URL, whose threshold is 1.
template <typename Watched>
void live_through_everything(Watched& watched, const std::string& target) {
    watched.network.then(target, sim::healthy());
    watched.network.then(target, refused);
    watched.network.then(target, sim::healthy());
    watched.network.then(target, refused);
    watched.queue.run_for(10s);
    watched.queue.run_for(40s);
    watched.queue.skip(1h);
    watched.queue.run_for(10min);
}

template <typename Call>
std::error_code code_of(Call&& call) {
    try {
        call();
    } catch (const std::system_error& thrown) {
        return thrown.code();
    }
    return {};
}

// -- The single client under the same script --

using outage_values = std::tuple<std::uint64_t, duration, int, std::error_code, int, bool,
                                 std::optional<std::chrono::seconds>, std::optional<duration>>;

outage_values values_of(const outage& ended) {
    return {ended.id,          ended.first_failed_at.time_since_epoch(),
            ended.failures,    ended.last_error,
            ended.last_status, ended.unauthorized,
            ended.clock_skew,  ended.ended_after};
}

struct reference {
    sim::event_queue queue;
    counting_clock clock{queue};
    scripted_network network{queue};
    std::vector<reported_event> events;
    std::vector<outage_values> outages;
    basic_health_client<scripted_network::transport, counting_clock, unsigned_requests,
                        exponential_backoff>
        client;

    reference(const std::string& target, const std::vector<sim::scripted_reply>& script,
              const options& settings)
        : client{network.make(), clock,    unsigned_requests{}, exponential_backoff{},
                 target,         settings, random_generator{1}} {
        for (const auto& each : script)
            network.then(target, each);
        client.on_event([this](const event& happened) {
            events.push_back(tests::copy_of(happened, queue.now()));
        });
        client.on_server_down(
            [this](const outage& happened) { outages.push_back(values_of(happened)); });
        client.on_server_up(
            [this](const outage& happened) { outages.push_back(values_of(happened)); });
    }
};

sim::scripted_reply random_reply(random_generator& random, duration unit) {
    const auto latency = [&](std::uint64_t most) {
        return unit * static_cast<duration::rep>(random() % (most + 1));
    };
    switch (random() % 12) {
    case 0: return sim::failing(errc::connection_refused, latency(10));
    case 1: return sim::failing(errc::connection_lost, latency(500));
    case 2: return sim::silent();
    case 3: return sim::stopping();
    case 4: return sim::answering(401, "", "Date: Wed, 31 Dec 2025 23:00:00 GMT\r\n");
    case 5: return sim::answering(500, "x");
    case 6: return sim::failing(errc::resolve_failed);
    default: return sim::healthy(latency(random() % 4 == 0 ? 1000 : 5));
    }
}

bool same_but_for_time(const reported_event& left, const reported_event& right) {
    return left.kind == right.kind && left.status == right.status &&
           left.attempt == right.attempt && left.failures == right.failures &&
           left.error == right.error && left.http_status == right.http_status &&
           left.outage_id == right.outage_id && left.detail == right.detail;
}

options random_options(random_generator& random) {
    options settings;
    settings.interval = std::array<duration, 4>{1s, 5s, 10s, 30s}[random() % 4];
    settings.timeout = std::array<duration, 3>{1s, 3s, 7s}[random() % 3];
    settings.failure_threshold = 1 + static_cast<int>(random() % 4);
    settings.success_threshold = 1 + static_cast<int>(random() % 3);
    settings.stall_tolerance = std::array<duration, 3>{tick, 500ms, 2s}[random() % 3];
    return settings;
}

} // namespace

BOOST_AUTO_TEST_SUITE(health_fleet_test)

// Replies take whole ticks, and the client starts with the tick in which the fleet begins, so that
// the two must agree to the nanosecond. A process with one target is suspended now and then (B12);
// with more targets a fleet spreads the checks that are late after a stall.
BOOST_DATA_TEST_CASE(B1_to_B12_a_target_of_a_fleet_has_the_events_of_a_client,
                     data::xrange(std::uint64_t{1}, std::uint64_t{41}), seed) {
    random_generator random{seed};
    const std::size_t targets = seed % 2 == 0 ? 1 : 5;
    virtual_fleet watched;
    std::map<target_id, std::unique_ptr<reference>> references;
    std::map<target_id, std::vector<outage_values>> outages;
    watched.fleet->on_server_down(
        [&](target_id id, const outage& ended) { outages[id].push_back(values_of(ended)); });
    watched.fleet->on_server_up(
        [&](target_id id, const outage& ended) { outages[id].push_back(values_of(ended)); });
    for (std::size_t n = 0; n < targets; ++n) {
        std::vector<sim::scripted_reply> script;
        while (script.size() < 200)
            script.push_back(random_reply(random, tick));
        for (const auto& each : script)
            watched.network.then(url_number(n), each);
        const options settings = random_options(random);
        const target_id id = watched.fleet->add(url_number(n), settings);
        references[id] = std::make_unique<reference>(url_number(n), script, settings);
    }
    watched.fleet->start();
    watched.queue.run_for(tick - 1ns);
    BOOST_TEST(watched.events.empty());
    for (auto& [id, alone] : references) {
        alone->queue.run_for(tick - 1ns);
        alone->queue.run_for(1ns);
        alone->client.start();
    }
    watched.queue.run_for(1ns);
    for (int phase = 0; phase < 20; ++phase) {
        const duration going = tick * static_cast<duration::rep>(random() % 20'000);
        const duration suspended = targets == 1 && random() % 2 == 0
                                       ? tick * static_cast<duration::rep>(random() % 4000)
                                       : 0s;
        const auto live = [&](sim::event_queue& queue) {
            queue.run_for(going);
            queue.skip(suspended);
            queue.run_for(0s);
        };
        live(watched.queue);
        for (auto& [id, alone] : references)
            live(alone->queue);
    }
    for (auto& [id, alone] : references) {
        const auto events = watched.reports_of(id);
        const std::size_t common = std::min(events.size(), alone->events.size());
        BOOST_TEST(common > 20U);
        for (std::size_t n = 0; n < common; ++n) {
            BOOST_TEST_CONTEXT("target " << id << ", event " << n) {
                BOOST_TEST_REQUIRE(events[n].kind == alone->events[n].kind);
                BOOST_TEST_REQUIRE(same_but_for_time(events[n], alone->events[n]));
                BOOST_TEST_REQUIRE((events[n].at == alone->events[n].at));
                BOOST_TEST_REQUIRE((events[n].clock_skew == alone->events[n].clock_skew));
            }
        }
        BOOST_TEST(events.size() == alone->events.size());
        BOOST_TEST((outages[id] == alone->outages));
    }
    BOOST_TEST(watched.network.broken_promises() == 0);
}

// Replies take any time: the events are the same, and each check is late by up to a tick more.
BOOST_DATA_TEST_CASE(B1_to_B11_apart_from_the_tick_when_answers_take_any_time,
                     data::xrange(std::uint64_t{1}, std::uint64_t{21}), seed) {
    random_generator random{seed * 7919};
    virtual_fleet watched;
    const options settings = random_options(random);
    std::vector<sim::scripted_reply> script;
    while (script.size() < 300)
        script.push_back(random_reply(random, 1234567ns));
    for (const auto& each : script)
        watched.network.then(a, each);
    const target_id id = watched.fleet->add(a, settings);
    reference alone{a, script, settings};
    watched.fleet->start();
    alone.client.start();
    watched.queue.run_for(20min);
    alone.queue.run_for(20min);
    const auto events = watched.reports_of(id);
    const std::size_t common = std::min(events.size(), alone.events.size());
    BOOST_TEST(common > 100U);
    duration::rep checks = 1;
    for (std::size_t n = 0; n < common; ++n) {
        checks += events[n].kind == event_kind::check_started ? 1 : 0;
        BOOST_TEST_REQUIRE(events[n].kind == alone.events[n].kind);
        BOOST_TEST_REQUIRE(same_but_for_time(events[n], alone.events[n]));
        BOOST_TEST_REQUIRE((events[n].at >= alone.events[n].at));
        BOOST_TEST_REQUIRE((events[n].at <= alone.events[n].at + checks * tick));
    }
}

// Schedule

BOOST_AUTO_TEST_CASE(B8_the_outage_of_a_target_knows_whose_it_is) {
    virtual_fleet watched;
    std::map<target_id, std::string> urls;
    for (std::size_t n = 0; n < 3; ++n) {
        for (int failed = 0; failed < 4; ++failed)
            watched.network.then(url_number(n), sim::failing(errc::connection_refused));
        watched.network.then(url_number(n), sim::healthy());
        urls[watched.fleet->add(url_number(n))] = url_number(n);
    }
    watched.fleet->start();
    const auto is_down = [&] { return watched.fleet->count(target_status::down) == 3; };
    BOOST_REQUIRE(watched.queue.run_until(is_down, 10min));
    for (const target_snapshot& each : watched.fleet->snapshot()) {
        BOOST_TEST(each.target == urls[each.id]);
        BOOST_TEST_REQUIRE(each.outage.has_value());
        BOOST_TEST(each.outage->target.empty()); // A copy that outlives the target.
    }
    BOOST_REQUIRE(watched.queue.run_until([&] { return watched.ups.size() == 3; }, 10min));
    BOOST_TEST(watched.downs.size() == 3U);
    for (const auto* const reported : {&watched.downs, &watched.ups})
        for (const auto& [id, of] : *reported)
            BOOST_TEST(of.target == urls[id]);
}

BOOST_AUTO_TEST_CASE(B1_the_first_check_is_within_a_tick_of_the_start_and_then_at_every_interval) {
    virtual_fleet watched;
    watched.queue.run_for(1234567ns);
    watched.fleet->add(a, {.interval = 30s});
    watched.fleet->start();
    BOOST_TEST(watched.events.empty()); // No callback runs inside `start`.
    watched.queue.run_for(100s);
    // The first checks come at the end of the tick, and the next ones an interval after that.
    BOOST_TEST(watched.check_times(a) == (seconds{0.005, 30.005, 60.005, 90.005}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(B1_the_interval_runs_without_drift_even_if_it_is_no_whole_number_of_ticks) {
    virtual_fleet watched;
    watched.network.otherwise(sim::healthy(3s));
    watched.fleet->add(a, {.interval = 10'001ms});
    watched.fleet->start();
    watched.queue.run_for(24h);
    BOOST_TEST(watched.network.requests().size() == 8640U);
    const auto expected = 5ms + 8639 * 10'001ms;
    const auto last = watched.network.requests().back().at.time_since_epoch();
    BOOST_TEST((last >= expected && last < expected + tick));
}

BOOST_AUTO_TEST_CASE(B1_a_fleet_that_slept_for_an_hour_checks_each_target_once) {
    virtual_fleet watched;
    for (std::size_t n = 0; n < 100; ++n)
        watched.fleet->add(url_number(n));
    watched.fleet->start();
    watched.queue.run_for(45s);
    BOOST_TEST(watched.network.requests().size() == 200U);
    watched.queue.skip(1h);
    watched.queue.run_for(0s);
    BOOST_TEST(watched.network.requests().size() == 300U);
    watched.queue.run_for(29s);
    BOOST_TEST(watched.network.requests().size() == 300U);
    watched.queue.run_for(1s);
    BOOST_TEST(watched.network.requests().size() == 400U);
}

BOOST_AUTO_TEST_CASE(B1_an_interval_shorter_than_a_tick_checks_once_in_a_tick) {
    virtual_fleet watched;
    watched.fleet->add(a, {.interval = 1ms});
    watched.fleet->start();
    watched.queue.run_for(1s);
    BOOST_TEST(watched.network.requests().size() == 200U);
}

BOOST_AUTO_TEST_CASE(B1_an_initial_delay_of_a_targets_own_replaces_the_spread) {
    virtual_fleet watched{fleet_options{}};
    for (std::size_t n = 0; n < 200; ++n)
        watched.fleet->add(url_number(n), {.interval = 1h, .initial_delay_max = 10s});
    watched.fleet->start();
    watched.queue.run_for(10s + 2 * tick);
    BOOST_TEST(watched.network.requests().size() == 200U);
    std::set<steady_time> times;
    for (const auto& each : watched.network.requests())
        times.insert(each.at);
    BOOST_TEST(times.size() > 150U);
}

BOOST_AUTO_TEST_CASE(B1_jitter_differs_from_target_to_target) {
    virtual_fleet watched;
    watched.fleet->add(a, {.interval = 10s, .interval_jitter = 0.5});
    watched.fleet->add(b, {.interval = 10s, .interval_jitter = 0.5});
    watched.fleet->start();
    watched.queue.run_for(1h);
    const auto of_a = watched.check_times(a);
    const auto of_b = watched.check_times(b);
    BOOST_TEST_REQUIRE(of_a.size() > 300U);
    BOOST_TEST(of_a.front() == of_b.front());
    BOOST_TEST(of_a[1] != of_b[1]);
    BOOST_TEST(of_a[100] != of_b[100]);
}

BOOST_AUTO_TEST_CASE(B2_at_most_one_check_of_a_target_is_in_flight) {
    virtual_fleet watched;
    watched.network.otherwise(sim::silent());
    watched.fleet->add(a, {.interval = 1s, .timeout = 10s});
    watched.fleet->start();
    watched.queue.run_for(1h);
    BOOST_TEST(watched.network.in_flight_max() == 1);
    BOOST_TEST(watched.network.requests().size() > 300U);
    BOOST_TEST(watched.network.broken_promises() == 0);
}

BOOST_AUTO_TEST_CASE(B7_B8_callbacks_and_events_say_whose_outage_it_is) {
    virtual_fleet watched;
    const target_id of_a = watched.fleet->add(a);
    const target_id of_b = watched.fleet->add(b);
    BOOST_TEST(of_a != of_b);
    watched.network.then(b, sim::healthy());
    watched.network.then(b, refused, 5);
    watched.fleet->start();
    watched.queue.run_for(45s);
    BOOST_TEST_REQUIRE(watched.downs.size() == 1U);
    BOOST_TEST(watched.downs.front().first == of_b);
    BOOST_TEST((watched.fleet->status(of_a) == target_status::up));
    BOOST_TEST((watched.fleet->status(of_b) == target_status::down));
    watched.queue.run_for(2min);
    BOOST_TEST_REQUIRE(watched.ups.size() == 1U);
    BOOST_TEST(watched.ups.front().first == of_b);
    BOOST_TEST(watched.ups.front().second.id == watched.downs.front().second.id);
    for (const auto& each : watched.events)
        BOOST_TEST_REQUIRE(each.target == (each.id == of_a ? a : b));
}

// Life cycle

BOOST_AUTO_TEST_CASE(B13_starting_twice_starts_one_loop) {
    virtual_fleet watched;
    watched.fleet->add(a);
    watched.fleet->start();
    watched.fleet->start();
    watched.queue.run_for(45s);
    watched.fleet->start();
    watched.queue.run_for(30s);
    BOOST_TEST(watched.network.requests().size() == 3U);
    BOOST_TEST(watched.count(event_kind::started) == 1U);
}

BOOST_AUTO_TEST_CASE(B13_start_after_stop_does_nothing_and_neither_does_add) {
    virtual_fleet watched;
    const target_id before = watched.fleet->add(a);
    watched.fleet->stop();
    watched.fleet->start();
    BOOST_TEST(watched.fleet->add(b) == target_id{});
    watched.queue.run_for(1h);
    BOOST_TEST(watched.network.requests().empty());
    BOOST_TEST(watched.events.empty());
    BOOST_TEST(watched.fleet->stopped());
    BOOST_TEST(watched.fleet->size() == 1U);
    BOOST_TEST(watched.fleet->remove(before));
    BOOST_TEST(watched.queue.pending() == 0U);
}

BOOST_AUTO_TEST_CASE(B13_stop_is_idempotent_and_reports_once_for_each_target_that_has_begun) {
    virtual_fleet watched;
    const target_id begun = watched.fleet->add(a);
    watched.fleet->start();
    watched.queue.run_for(1s);
    const target_id not_begun = watched.fleet->add(b);
    watched.fleet->stop();
    watched.fleet->stop();
    BOOST_TEST(watched.count(begun, event_kind::stopping) == 1U);
    BOOST_TEST(watched.count(begun, event_kind::stopped) == 1U);
    BOOST_TEST(watched.events.back().report.kind == event_kind::stopped);
    BOOST_TEST(watched.events.back().target == a);
    BOOST_TEST(watched.reports_of(not_begun).empty());
}

BOOST_AUTO_TEST_CASE(a_fleet_without_targets_waits_for_nothing) {
    virtual_fleet watched;
    watched.fleet->start();
    BOOST_TEST(watched.queue.pending() == 0U);
    watched.queue.run_for(1h);
    const target_id late = watched.fleet->add(a);
    BOOST_TEST(watched.events.empty()); // No callback runs inside `add`.
    watched.queue.run_for(tick);
    BOOST_TEST(watched.network.requests().size() == 1U);
    BOOST_TEST(watched.fleet->remove(late));
    const auto waits = watched.clock.counted().waits;
    watched.queue.run_for(1h);
    BOOST_TEST(watched.queue.pending() == 0U);
    BOOST_TEST(watched.clock.counted().waits == waits);
}

BOOST_AUTO_TEST_CASE(B14_checks_in_flight_are_cancelled_by_stop_and_reported_to_nobody) {
    virtual_fleet watched;
    watched.network.otherwise(sim::silent());
    watched.fleet->add(a);
    watched.fleet->add(b);
    watched.fleet->start();
    watched.queue.run_for(1s);
    BOOST_TEST(watched.network.in_flight() == 2);
    watched.fleet->stop();
    const auto reported = watched.events.size();
    watched.queue.run_for(0s);
    BOOST_TEST(watched.network.in_flight() == 0);
    watched.queue.run_for(1h);
    BOOST_TEST(watched.events.size() == reported);
    BOOST_TEST(watched.count(event_kind::check_failed) == 0U);
    BOOST_TEST(watched.queue.pending() == 0U);
}

BOOST_DATA_TEST_CASE(B14_stop_from_inside_any_callback_makes_it_the_last, data::make(kinds), last) {
    virtual_fleet watched;
    for (const auto& each : {a, b})
        watched.fleet->add(each, {.failure_threshold = 1});
    std::size_t after = 0;
    watched.fleet->on_event([&](const event& happened) {
        if (watched.fleet->stopped())
            ++after;
        else if (happened.kind == last)
            watched.fleet->stop();
    });
    const auto count_after = [&](target_id, const outage&) {
        after += watched.fleet->stopped() ? 1 : 0;
    };
    watched.fleet->on_server_down(count_after);
    watched.fleet->on_server_up(count_after);
    watched.fleet->start();
    live_through_everything(watched, a);
    BOOST_TEST(watched.fleet->stopped());
    BOOST_TEST(after == 0U);
    BOOST_TEST(watched.network.in_flight() == 0);
    BOOST_TEST(watched.network.transports() == 0);
    BOOST_TEST(watched.queue.pending() == 0U);
}

BOOST_DATA_TEST_CASE(B14_a_fleet_may_be_destroyed_in_its_own_callbacks, data::make(kinds), last) {
    virtual_fleet watched;
    for (const auto& each : {a, b})
        watched.fleet->add(each, {.failure_threshold = 1});
    const auto witness = std::make_shared<int>(0);
    std::string target_after;
    watched.fleet->on_event([&watched, &target_after, last, witness](const event& happened) {
        if (happened.kind != last)
            return;
        watched.fleet.reset();
        target_after = happened.target;
    });
    watched.fleet->start();
    live_through_everything(watched, a);
    BOOST_TEST(!watched.fleet);
    BOOST_TEST((target_after == a || target_after == b));
    BOOST_TEST(witness.use_count() == 1);
    BOOST_TEST(watched.network.transports() == 0);
    BOOST_TEST(watched.queue.pending() == 0U);
}

BOOST_AUTO_TEST_CASE(B14_a_fleet_may_be_stopped_and_destroyed_in_callbacks_of_outages) {
    for (const bool destroyed : {false, true})
        for (const bool at_recovery : {false, true}) {
            virtual_fleet watched;
            watched.fleet->add(a, {.failure_threshold = 1});
            watched.fleet->add(b, {.failure_threshold = 1});
            watched.network.then(a, refused);
            watched.network.then(b, refused);
            int calls = 0;
            int failures = 0;
            const auto end = [&](target_id, const outage& ended) {
                ++calls;
                if (destroyed)
                    watched.fleet.reset();
                else
                    watched.fleet->stop();
                failures = ended.failures;
            };
            if (at_recovery)
                watched.fleet->on_server_up(end);
            else
                watched.fleet->on_server_down(end);
            watched.fleet->start();
            watched.queue.run_for(1min);
            BOOST_TEST(calls == 1);
            BOOST_TEST(failures == 1);
            BOOST_TEST(watched.network.transports() == 0);
        }
}

BOOST_AUTO_TEST_CASE(B14_a_fleet_may_be_destroyed_while_it_says_farewell) {
    for (const event_kind last : {event_kind::stopping, event_kind::stopped}) {
        virtual_fleet watched;
        watched.fleet->add(a);
        watched.fleet->add(b);
        watched.fleet->on_event([&](const event& happened) {
            if (happened.kind == last)
                watched.fleet.reset();
        });
        watched.fleet->start();
        watched.queue.run_for(1s);
        watched.fleet->stop();
        BOOST_TEST(!watched.fleet);
        watched.queue.run_for(1s);
        BOOST_TEST(watched.network.transports() == 0);
    }
}

// A target that is removed during the last events has no more events, and its event stays valid.
BOOST_AUTO_TEST_CASE(B14_targets_may_be_removed_while_the_fleet_says_farewell) {
    for (const bool in_flight : {false, true})
        for (const bool itself : {false, true}) {
            virtual_fleet watched;
            if (in_flight)
                watched.network.otherwise(sim::silent());
            const std::vector<target_id> ids{watched.fleet->add(a), watched.fleet->add(b)};
            watched.fleet->on_event([&](const event& happened) {
                if (happened.kind == event_kind::stopping)
                    watched.fleet->remove(itself ? happened.id : ids[happened.id == ids[0]]);
                watched.keep(happened);
            });
            watched.fleet->start();
            watched.queue.run_for(1s);
            watched.fleet->stop();
            BOOST_TEST(watched.count(event_kind::stopping) == (itself ? 2U : 1U));
            BOOST_TEST(watched.count(event_kind::stopped) == (itself ? 0U : 1U));
            for (const auto& each : watched.events)
                BOOST_TEST(each.target == (each.id == ids[0] ? a : b));
            watched.queue.run_for(1min);
            BOOST_TEST(watched.network.in_flight() == 0);
            BOOST_TEST(watched.network.transports() == 0);
            BOOST_TEST(watched.network.broken_promises() == 0);
        }
}

BOOST_AUTO_TEST_CASE(B15_stopped_says_so_also_before_a_start) {
    virtual_fleet watched;
    BOOST_TEST(!watched.fleet->stopped());
    watched.fleet->stop();
    BOOST_TEST(watched.fleet->stopped());
}

BOOST_AUTO_TEST_CASE(B16_a_callback_that_throws_is_reported_with_the_target_and_polling_goes_on) {
    virtual_fleet watched;
    const target_id id = watched.fleet->add(a, {.failure_threshold = 1});
    watched.fleet->add(b);
    watched.fleet->on_server_down(
        [](target_id, const outage&) { throw std::runtime_error("no disk"); });
    watched.fleet->on_server_up([](target_id, const outage&) { throw 42; });
    watched.network.then(a, refused);
    watched.fleet->start();
    watched.queue.run_for(1min);
    BOOST_TEST(watched.count(id, event_kind::callback_failed) == 2U);
    BOOST_TEST(watched.count(event_kind::callback_failed) == 2U);
    BOOST_TEST(watched.network.requests_of(a) == 3U);
    BOOST_TEST(watched.network.requests_of(b) == 2U);
}

BOOST_AUTO_TEST_CASE(B16_an_observer_that_always_throws_does_not_end_the_polling) {
    virtual_fleet watched;
    watched.fleet->add(a);
    watched.fleet->add(b);
    int reported = 0;
    watched.fleet->on_event([&](const event&) {
        ++reported;
        throw std::runtime_error("always");
    });
    watched.fleet->start();
    watched.queue.run_for(65s);
    BOOST_TEST(watched.network.requests().size() == 6U);
    BOOST_TEST(reported == 2 * 2 * 7);
}

BOOST_AUTO_TEST_CASE(B16_one_that_throws_after_it_removed_its_target_is_reported_once) {
    virtual_fleet watched;
    const target_id id = watched.fleet->add(a);
    std::vector<std::string> reported;
    watched.fleet->on_event([&](const event& happened) {
        if (happened.kind == event_kind::callback_failed)
            reported.push_back(std::string{happened.target} + ": " + std::string{happened.detail});
        if (happened.kind != event_kind::check_succeeded)
            return;
        watched.fleet->remove(id);
        throw std::runtime_error("gone");
    });
    watched.fleet->start();
    watched.queue.run_for(1min);
    BOOST_TEST((reported == std::vector<std::string>{a + ": gone"}));
}

BOOST_AUTO_TEST_CASE(B16_callbacks_run_one_at_a_time_whatever_they_call) {
    virtual_fleet watched;
    int inside = 0;
    int nested = 0;
    watched.fleet->on_event([&](const event& happened) {
        nested += ++inside > 1 ? 1 : 0;
        if (happened.kind == event_kind::check_succeeded && watched.fleet->size() < 20) {
            watched.fleet->add(url_number(watched.fleet->size()));
            watched.fleet->remove(watched.fleet->add(b));
            watched.fleet->start();
            (void)watched.fleet->snapshot();
        }
        if (happened.kind == event_kind::check_started && watched.fleet->size() == 20)
            watched.fleet->stop();
        --inside;
    });
    watched.fleet->add(a);
    watched.fleet->start();
    watched.queue.run_for(10min);
    BOOST_TEST(watched.fleet->stopped());
    BOOST_TEST(nested == 0);
    BOOST_TEST(inside == 0);
}

BOOST_AUTO_TEST_CASE(B17_setting_the_wall_clock_changes_no_schedule) {
    virtual_fleet watched;
    watched.fleet->add(a);
    watched.fleet->start();
    watched.queue.run_for(15s);
    watched.clock.step_wall(-24h);
    watched.queue.run_for(30s);
    watched.clock.step_wall(48h);
    watched.queue.run_for(30s);
    BOOST_TEST(watched.check_times(a) == (seconds{0.005, 30.005, 60.005}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(B18_nothing_of_a_fleet_is_left_when_it_is_gone_and_the_queue_has_run) {
    for (const auto& answer : {sim::healthy(), sim::silent()}) {
        const auto witness = std::make_shared<int>(0);
        virtual_fleet watched;
        watched.network.otherwise(answer);
        watched.fleet->on_server_down([witness](target_id, const outage&) {});
        watched.network.on_make = [witness] {};
        watched.fleet->add(a);
        watched.fleet->add(b);
        watched.fleet->start();
        watched.queue.run_for(1s);
        BOOST_TEST(watched.network.transports() == 2);
        watched.fleet.reset();
        watched.network.on_make = {};
        watched.queue.run_for(0s);
        BOOST_TEST(witness.use_count() == 1);
        BOOST_TEST(watched.network.transports() == 0);
        watched.queue.run_for(1h);
        BOOST_TEST(watched.queue.pending() == 0U);
    }
}

BOOST_AUTO_TEST_CASE(B18_a_stopped_fleet_has_no_transport_even_before_it_is_destroyed) {
    virtual_fleet watched;
    watched.network.then(a, sim::healthy());
    watched.network.otherwise(a, sim::silent());
    watched.fleet->add(a);
    watched.fleet->add(b);
    watched.fleet->start();
    watched.queue.run_for(31s);
    BOOST_TEST(watched.network.in_flight() == 1);
    BOOST_TEST(watched.network.transports() == 2);
    watched.fleet->stop();
    BOOST_TEST(watched.network.transports() == 1);
    watched.queue.run_for(0s);
    BOOST_TEST(watched.network.transports() == 0);
}

BOOST_AUTO_TEST_CASE(B18_a_callback_that_owns_its_fleet_is_freed_by_stop) {
    sim::event_queue queue;
    scripted_network network{queue};
    using fleet_type = virtual_fleet<>::fleet_type;
    const auto owned = std::make_shared<fleet_type>(
        [&] { return network.make(); }, counting_clock{queue}, unsigned_requests{},
        exponential_backoff{}, virtual_fleet<>::unspread);
    owned->on_event([owned](const event&) {});
    owned->on_server_down([owned](target_id, const outage&) {});
    owned->add(a);
    owned->start();
    queue.run_for(1s);
    owned->stop();
    BOOST_TEST(owned.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(a_fleet_can_be_moved_while_it_polls) {
    virtual_fleet watched;
    const target_id id = watched.fleet->add(a);
    watched.fleet->start();
    watched.queue.run_for(1s);
    auto moved = std::move(*watched.fleet);
    watched.fleet.reset();
    watched.queue.run_for(60s);
    BOOST_TEST(watched.network.requests().size() == 3U);
    BOOST_TEST((moved.status(id) == target_status::up));
    moved.stop();
    watched.queue.run_for(60s);
    BOOST_TEST(watched.network.requests().size() == 3U);
}

BOOST_AUTO_TEST_CASE(B14_assigning_to_a_fleet_stops_what_it_was) {
    virtual_fleet first;
    virtual_fleet second;
    first.fleet->add(a);
    second.fleet->add(b);
    first.fleet->start();
    second.fleet->start();
    first.queue.run_for(1s);
    second.queue.run_for(1s);
    *first.fleet = std::move(*second.fleet);
    first.queue.run_for(1min);
    second.queue.run_for(1min);
    BOOST_TEST(first.network.requests().size() == 1U);
    BOOST_TEST(second.network.requests().size() == 3U);
    *second.fleet = std::move(*first.fleet); // One that was moved from may be assigned to.
    second.queue.run_for(30s);
    BOOST_TEST(second.network.requests().size() == 4U);
    auto& itself = *second.fleet;
    itself = std::move(*second.fleet);
    second.queue.run_for(30s);
    BOOST_TEST(second.network.requests().size() == 5U);
}

// Adding and removing

BOOST_AUTO_TEST_CASE(what_is_added_while_the_fleet_polls_begins_with_the_next_tick) {
    virtual_fleet watched;
    watched.fleet->add(a);
    watched.fleet->start();
    watched.queue.run_for(10'003ms);
    watched.fleet->add(b);
    watched.queue.run_for(65s);
    BOOST_TEST(watched.check_times(b) == (seconds{10.005, 40.005, 70.005}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_target_that_is_removed_has_two_last_events) {
    virtual_fleet watched;
    const target_id of_a = watched.fleet->add(a);
    const target_id of_b = watched.fleet->add(b);
    watched.fleet->start();
    watched.queue.run_for(31s);
    BOOST_TEST(watched.fleet->remove(of_a));
    const auto events = watched.reports_of(of_a);
    BOOST_TEST_REQUIRE(events.size() == 7U);
    BOOST_TEST(events[5].kind == event_kind::stopping);
    BOOST_TEST(events[6].kind == event_kind::stopped);
    BOOST_TEST(watched.events.back().target == a);
    BOOST_TEST(!watched.fleet->remove(of_a));
    BOOST_TEST(!watched.fleet->status(of_a));
    BOOST_TEST(watched.fleet->size() == 1U);
    watched.queue.run_for(1min);
    BOOST_TEST(watched.reports_of(of_a).size() == 7U);
    BOOST_TEST(watched.network.requests_of(a) == 2U);
    BOOST_TEST(watched.network.requests_of(b) == 4U);
    BOOST_TEST((watched.fleet->status(of_b) == target_status::up));
}

BOOST_AUTO_TEST_CASE(a_target_that_is_removed_before_it_begins_has_no_events) {
    virtual_fleet watched;
    const target_id before_start = watched.fleet->add(a);
    BOOST_TEST(watched.fleet->remove(before_start));
    watched.fleet->start();
    const target_id within_tick = watched.fleet->add(b);
    BOOST_TEST(watched.fleet->remove(within_tick));
    watched.queue.run_for(1min);
    BOOST_TEST(watched.events.empty());
    BOOST_TEST(watched.network.requests().empty());
    BOOST_TEST(watched.fleet->size() == 0U);
    BOOST_TEST(watched.clock.counted().wakes.empty());
}

BOOST_AUTO_TEST_CASE(ids_that_never_were_are_no_targets) {
    virtual_fleet watched;
    const target_id id = watched.fleet->add(a);
    for (const std::uint64_t other :
         {std::uint64_t{0}, std::uint64_t{1}, UINT64_MAX, static_cast<std::uint64_t>(id) + 1,
          static_cast<std::uint64_t>(id) + (std::uint64_t{1} << 32U)}) {
        BOOST_TEST(!watched.fleet->remove(target_id{other}));
        BOOST_TEST(!watched.fleet->status(target_id{other}));
    }
    BOOST_TEST(watched.fleet->size() == 1U);
}

BOOST_AUTO_TEST_CASE(no_id_is_used_twice_and_none_is_0) {
    virtual_fleet watched;
    std::set<target_id> ids;
    std::vector<target_id> present;
    random_generator random{20261125};
    for (int n = 0; n < 20'000; ++n) {
        if (present.empty() || random() % 2 == 0) {
            present.push_back(watched.fleet->add(a));
            BOOST_TEST_REQUIRE(ids.insert(present.back()).second);
            BOOST_TEST_REQUIRE(present.back() != target_id{});
        } else {
            std::swap(present[random() % present.size()], present.back());
            BOOST_TEST_REQUIRE(watched.fleet->remove(present.back()));
            BOOST_TEST_REQUIRE(!watched.fleet->remove(present.back()));
            present.pop_back();
        }
        BOOST_TEST_REQUIRE(watched.fleet->size() == present.size());
        if (n == 10'000)
            watched.fleet->start();
    }
}

BOOST_DATA_TEST_CASE(B14_a_target_may_remove_itself_in_any_callback_which_is_its_last,
                     data::make(kinds), last) {
    virtual_fleet watched;
    const target_id id = watched.fleet->add(a, {.failure_threshold = 1});
    const target_id other = watched.fleet->add(b);
    bool removed = false;
    std::size_t after = 0;
    watched.fleet->on_event([&](const event& happened) {
        if (happened.id != id)
            return;
        after += removed ? 1 : 0;
        if (happened.kind != last)
            return;
        const outage before = happened.outage ? *happened.outage : outage{};
        removed = watched.fleet->remove(id);
        BOOST_TEST(removed);
        BOOST_TEST(!watched.fleet->remove(id));
        BOOST_TEST(!watched.fleet->status(id));
        BOOST_TEST(watched.fleet->size() == 1U);
        // The members of the event are valid until the callback returns.
        BOOST_TEST(happened.target == a);
        if (happened.outage)
            BOOST_TEST((values_of(*happened.outage) == values_of(before)));
        if (happened.check)
            BOOST_TEST((happened.check->error || happened.check->healthy()));
    });
    const auto count_after = [&](target_id whose, const outage&) {
        after += removed && whose == id ? 1 : 0;
    };
    watched.fleet->on_server_down(count_after);
    watched.fleet->on_server_up(count_after);
    watched.fleet->start();
    live_through_everything(watched, a);
    BOOST_TEST(removed);
    BOOST_TEST(after == 0U);
    BOOST_TEST((watched.fleet->status(other) == target_status::up));
    BOOST_TEST(watched.fleet->count(target_status::up) == 1U);
    BOOST_TEST(watched.network.broken_promises() == 0);
}

BOOST_DATA_TEST_CASE(a_callback_may_replace_its_target_by_another_in_the_same_place,
                     data::make(kinds), last) {
    virtual_fleet watched;
    const target_id id = watched.fleet->add(a, {.failure_threshold = 1});
    std::vector<target_id> successors;
    watched.fleet->on_event([&](const event& happened) {
        watched.keep(happened);
        if (happened.id != id || happened.kind != last)
            return;
        const outage before = happened.outage ? *happened.outage : outage{};
        BOOST_TEST(watched.fleet->remove(id));
        for (int n = 0; n < 3; ++n)
            successors.push_back(watched.fleet->add(b));
        BOOST_TEST(watched.fleet->remove(successors.front()));
        BOOST_TEST(happened.target == a);
        if (happened.outage)
            BOOST_TEST((values_of(*happened.outage) == values_of(before)));
    });
    watched.fleet->start();
    live_through_everything(watched, a);
    BOOST_TEST_REQUIRE(successors.size() == 3U);
    BOOST_TEST((watched.reports_of(id).back().kind == last));
    BOOST_TEST(watched.reports_of(successors[0]).empty());
    for (const std::size_t n : {1U, 2U}) {
        BOOST_TEST(successors[n] != id);
        const auto events = watched.reports_of(successors[n]);
        BOOST_TEST_REQUIRE(events.size() > 3U);
        BOOST_TEST(events[0].kind == event_kind::started);
        BOOST_TEST(events[1].kind == event_kind::check_started);
        BOOST_TEST(events[2].kind == event_kind::check_succeeded);
    }
    BOOST_TEST(watched.fleet->size() == 2U);
}

BOOST_AUTO_TEST_CASE(callbacks_of_outages_may_replace_the_target_too) {
    for (const bool at_recovery : {false, true}) {
        virtual_fleet watched;
        watched.fleet->add(a, {.failure_threshold = 1});
        watched.network.then(a, refused);
        int calls = 0;
        const auto replace = [&](target_id whose, const outage& ended) {
            ++calls;
            const outage_values before = values_of(ended);
            BOOST_TEST(watched.fleet->remove(whose));
            BOOST_TEST(watched.fleet->add(b) != whose);
            BOOST_TEST((values_of(ended) == before));
        };
        if (at_recovery)
            watched.fleet->on_server_up(replace);
        else
            watched.fleet->on_server_down(replace);
        watched.fleet->start();
        watched.queue.run_for(1min);
        BOOST_TEST(calls == 1);
        BOOST_TEST((watched.fleet->snapshot().front().target == b));
    }
}

// Each target that begins adds another one, which begins with a later tick. That must not become a
// wake-up that never ends.
BOOST_AUTO_TEST_CASE(a_callback_that_adds_a_target_for_each_that_begins_adds_one_in_a_tick) {
    virtual_fleet watched;
    std::size_t added = 1;
    watched.fleet->on_event([&](const event& happened) {
        if (happened.kind != event_kind::started || added == 10'000)
            return;
        watched.fleet->remove(happened.id);
        watched.fleet->add(url_number(added++));
    });
    watched.fleet->add(a);
    watched.fleet->start();
    watched.queue.run_for(100 * tick);
    BOOST_TEST(added == 101U);
    BOOST_TEST(watched.fleet->size() == 1U);
}

BOOST_DATA_TEST_CASE(a_callback_may_remove_any_other_target, data::make(kinds), at) {
    for (const bool in_flight : {false, true}) {
        virtual_fleet watched;
        const target_id id = watched.fleet->add(a, {.failure_threshold = 1});
        const target_id other = watched.fleet->add(b, {.interval = 1ms});
        if (in_flight)
            watched.network.otherwise(b, sim::silent());
        bool removed = false;
        watched.fleet->on_event([&](const event& happened) {
            BOOST_TEST((!removed || happened.id == id));
            if (!removed && happened.id == id && happened.kind == at)
                removed = watched.fleet->remove(other);
        });
        watched.fleet->start();
        live_through_everything(watched, a);
        BOOST_TEST(removed);
        BOOST_TEST(watched.network.in_flight() == 0);
        BOOST_TEST(watched.fleet->size() == 1U);
        BOOST_TEST(watched.network.broken_promises() == 0);
    }
}

BOOST_AUTO_TEST_CASE(the_callbacks_of_a_removal_may_call_anything) {
    enum class call { remove_it, remove_other, add, stop, destroy, throw_it };
    for (const event_kind at : {event_kind::stopping, event_kind::stopped})
        for (const bool in_flight : {false, true})
            for (const call what : {call::remove_it, call::remove_other, call::add, call::stop,
                                    call::destroy, call::throw_it}) {
                virtual_fleet watched;
                if (in_flight)
                    watched.network.otherwise(sim::silent());
                const target_id id = watched.fleet->add(a);
                const target_id other = watched.fleet->add(b);
                watched.fleet->on_event([&](const event& happened) {
                    watched.keep(happened);
                    if (happened.kind != at || happened.id != id)
                        return;
                    switch (what) {
                    case call::remove_it: BOOST_TEST(watched.fleet->remove(id)); break;
                    case call::remove_other: BOOST_TEST(watched.fleet->remove(other)); break;
                    case call::add: watched.fleet->add(url_number(3)); break;
                    case call::stop: watched.fleet->stop(); break;
                    case call::destroy: watched.fleet.reset(); break;
                    case call::throw_it: throw std::runtime_error("x");
                    }
                    BOOST_TEST(happened.target == a);
                });
                watched.fleet->start();
                watched.queue.run_for(1s);
                BOOST_TEST(watched.fleet->remove(id));
                BOOST_TEST(watched.events.back().id == id);
                const bool last =
                    what == call::remove_it || what == call::stop || what == call::destroy;
                BOOST_TEST(watched.count(event_kind::stopped) ==
                           (last && at == event_kind::stopping ? 0U : 1U));
                if (watched.fleet) {
                    BOOST_TEST(!watched.fleet->status(id));
                    BOOST_TEST(watched.fleet->size() == (what == call::remove_other ? 0U
                                                         : what == call::add        ? 2U
                                                                                    : 1U));
                }
                watched.queue.run_for(1min);
                if (what == call::stop || what == call::destroy) {
                    BOOST_TEST(watched.network.transports() == 0);
                    BOOST_TEST(watched.queue.pending() == 0U);
                }
                BOOST_TEST(watched.reports_of(id).back().kind != event_kind::check_failed);
            }
}

BOOST_AUTO_TEST_CASE(B14_the_check_in_flight_of_a_removed_target_is_cancelled_and_not_reported) {
    virtual_fleet watched;
    watched.network.otherwise(a, sim::silent());
    const target_id id = watched.fleet->add(a);
    watched.fleet->start();
    watched.queue.run_for(1s);
    BOOST_TEST(watched.network.in_flight() == 1);
    BOOST_TEST(watched.fleet->remove(id));
    const auto reported = watched.events.size();
    watched.queue.run_for(0s);
    BOOST_TEST(watched.network.in_flight() == 0);
    watched.queue.run_for(1min);
    BOOST_TEST(watched.events.size() == reported);
    BOOST_TEST(watched.fleet->statistics().checks == 0U);
    BOOST_TEST(watched.queue.pending() == 0U);
}

BOOST_AUTO_TEST_CASE(the_place_of_a_cancelled_check_is_free_again_after_its_end_and_not_before) {
    virtual_fleet watched{{.checks_in_flight_max = 1, .spread_start = false}};
    watched.network.otherwise(a, sim::silent());
    const target_id id = watched.fleet->add(a);
    watched.fleet->add(b);
    watched.fleet->start();
    watched.queue.run_for(1s);
    BOOST_TEST(watched.network.requests_of(b) == 0U);
    watched.fleet->remove(id);
    BOOST_TEST(watched.network.requests_of(b) == 0U);
    watched.queue.run_for(0s);
    BOOST_TEST(watched.network.requests_of(b) == 1U);
    BOOST_TEST(watched.network.in_flight_max() == 1);
    BOOST_TEST(watched.network.transports_made() == 1);
    BOOST_TEST(watched.network.broken_promises() == 0);
}

// Everything at the same time, at random: the events of a target always begin with `started`, down
// and up alternate, and a target that is gone has no events.
BOOST_DATA_TEST_CASE(B7_B8_B14_whatever_comes_and_goes_at_any_time,
                     data::xrange(std::uint64_t{1}, std::uint64_t{31}), seed) {
    random_generator random{seed};
    virtual_fleet watched{{.checks_in_flight_max = 7,
                           .connections_per_second_max = seed % 2 == 0 ? 50 : 0,
                           .spread_start = seed % 3 == 0}};
    std::map<target_id, event_kind> last; // of those that are there
    std::map<target_id, bool> down;
    int mistakes = 0;
    const auto change = [&] {
        if (last.size() < 40 && random() % 3 != 0) {
            const std::string of = url_number(random() % 60);
            watched.network.otherwise(of, random_reply(random, 1ms));
            const auto id = watched.fleet->add(
                of, {.interval = 300ms, .timeout = 200ms, .failure_threshold = 2});
            mistakes += id == target_id{} || !last.emplace(id, event_kind::stopped).second;
        } else if (!last.empty()) {
            const auto settings =
                std::next(last.begin(), static_cast<std::ptrdiff_t>(random() % last.size()));
            const target_id id = settings->first;
            const bool removed = watched.fleet->remove(id);
            mistakes += !removed;
            last.erase(id);
        }
    };
    watched.fleet->on_event([&](const event& happened) {
        const auto found = last.find(happened.id);
        if (found == last.end()) {
            ++mistakes;
            return;
        }
        mistakes +=
            (found->second == event_kind::stopped) != (happened.kind == event_kind::started);
        found->second = happened.kind == event_kind::stopped ? event_kind::stopping : happened.kind;
        if (random() % 10 == 0 && happened.kind != event_kind::stopping &&
            happened.kind != event_kind::stopped)
            change();
    });
    watched.fleet->on_server_down([&](target_id id, const outage&) {
        mistakes += std::exchange(down[id], true);
        mistakes += !last.contains(id);
        if (random() % 4 == 0)
            change();
    });
    watched.fleet->on_server_up([&](target_id id, const outage&) {
        mistakes += !std::exchange(down[id], false);
        mistakes += !last.contains(id);
        if (random() % 4 == 0)
            change();
    });
    watched.fleet->start();
    for (int step = 0; step < 2000; ++step) {
        change();
        watched.queue.run_for(1ms * static_cast<duration::rep>(random() % 40));
        if (random() % 100 == 0)
            watched.queue.skip(5s);
        std::size_t counted = 0;
        for (const auto status : {target_status::unknown, target_status::up, target_status::suspect,
                                  target_status::down})
            counted += watched.fleet->count(status);
        BOOST_TEST_REQUIRE(counted == last.size());
        BOOST_TEST_REQUIRE(watched.fleet->size() == last.size());
        BOOST_TEST_REQUIRE(mistakes == 0);
    }
    BOOST_TEST(watched.network.in_flight_max() <= 7);
    BOOST_TEST(watched.network.transports_made() <= 7);
    BOOST_TEST(watched.network.broken_promises() == 0);
    watched.fleet.reset();
    watched.queue.run_for(1h);
    BOOST_TEST(watched.network.transports() == 0);
    BOOST_TEST(watched.queue.pending() == 0U);
}

// Status and statistics

BOOST_AUTO_TEST_CASE(snapshot_counts_and_status_agree_with_the_events) {
    virtual_fleet watched;
    const target_id up = watched.fleet->add(a);
    const target_id down = watched.fleet->add(b);
    const target_id suspect = watched.fleet->add(url_number(3), {.failure_threshold = 100});
    const target_id unknown = watched.fleet->add(url_number(4));
    watched.network.otherwise(b, sim::answering(401, ""));
    watched.network.otherwise(url_number(3), refused);
    watched.network.otherwise(url_number(4), sim::silent());
    BOOST_TEST(watched.fleet->count(target_status::unknown) == 4U);
    watched.fleet->start();
    watched.queue.run_for(1s);
    watched.network.otherwise(url_number(4), sim::silent());
    const auto known = [&](target_id id) {
        for (const auto& each : watched.fleet->snapshot())
            if (each.id == id)
                return each;
        return target_snapshot{};
    };
    BOOST_TEST((known(unknown).status == target_status::unknown));
    BOOST_TEST(known(unknown).target == url_number(4)); // It is in flight.
    BOOST_TEST(known(unknown).attempt == 1);
    watched.queue.run_for(10s);
    BOOST_TEST(watched.fleet->snapshot().size() == 4U);
    BOOST_TEST((known(up).status == target_status::up));
    BOOST_TEST(known(up).target == a);
    BOOST_TEST(known(up).attempt == 1);
    BOOST_TEST(known(up).failures == 0);
    BOOST_TEST(!known(up).outage);
    BOOST_TEST((known(suspect).status == target_status::suspect));
    BOOST_TEST(known(suspect).failures == 3);
    BOOST_TEST(!known(suspect).outage);
    BOOST_TEST((known(down).status == target_status::down));
    BOOST_TEST_REQUIRE(known(down).outage.has_value());
    BOOST_TEST((values_of(*known(down).outage) == values_of(watched.downs.front().second)));
    for (const auto& each : watched.fleet->snapshot())
        BOOST_TEST((watched.fleet->status(each.id) == each.status));
    BOOST_TEST(watched.fleet->count(target_status::up) == 1U);
    BOOST_TEST(watched.fleet->count(target_status::down) == 1U);
    watched.fleet->remove(down);
    BOOST_TEST(watched.fleet->count(target_status::down) == 0U);
    BOOST_TEST(watched.fleet->snapshot().size() == 3U);
}

BOOST_AUTO_TEST_CASE(the_statistics_agree_with_the_events) {
    virtual_fleet watched;
    for (std::size_t n = 0; n < 10; ++n) {
        watched.fleet->add(url_number(n), {.interval = 3s});
        if (n % 2 == 0)
            watched.network.otherwise(url_number(n), refused);
    }
    watched.fleet->start();
    watched.queue.run_for(10min);
    watched.queue.skip(1h);
    watched.queue.run_for(10min);
    const fleet_statistics& statistics = watched.fleet->statistics();
    BOOST_TEST(statistics.failures == watched.count(event_kind::check_failed));
    BOOST_TEST(statistics.inconclusive == watched.count(event_kind::check_inconclusive));
    BOOST_TEST(statistics.inconclusive == 5U);
    BOOST_TEST(statistics.checks == statistics.failures + statistics.inconclusive +
                                        watched.count(event_kind::check_succeeded));
    BOOST_TEST((statistics.lateness.quantile(0.9) <= tick));
    BOOST_TEST((statistics.lateness.quantile(1.0) > 3590s));
    fleet_statistics both = statistics;
    both.merge(statistics);
    BOOST_TEST(both.checks == 2 * statistics.checks);
    BOOST_TEST(both.failures == 2 * statistics.failures);
    BOOST_TEST(both.inconclusive == 2 * statistics.inconclusive);
    BOOST_TEST(both.lateness.count() == 2 * statistics.lateness.count());
}

// Policies that throw

BOOST_AUTO_TEST_CASE(a_transport_that_cannot_be_made_fails_the_check_and_polling_goes_on) {
    virtual_fleet watched;
    const target_id id = watched.fleet->add(a);
    watched.fleet->add(b);
    watched.network.on_make = [] { throw std::runtime_error("no memory"); };
    watched.fleet->start();
    watched.queue.run_for(3s);
    BOOST_TEST(watched.count(event_kind::callback_failed) == 4U);
    BOOST_TEST(watched.reports_of(id)[2].detail == "no memory");
    BOOST_TEST((watched.reports_of(id)[3].error == errc::unreachable));
    watched.network.on_make = {};
    watched.queue.run_for(30s);
    BOOST_TEST(watched.fleet->count(target_status::up) == 2U);
    BOOST_TEST(watched.downs.empty());
}

BOOST_AUTO_TEST_CASE(B16_a_failure_of_a_policy_or_a_callback_has_no_check) {
    virtual_fleet watched;
    watched.fleet->add(a);
    int failures = 0;
    bool callback_fails = false;
    watched.fleet->on_event([&](const event& happened) {
        if (happened.kind == event_kind::callback_failed) {
            BOOST_TEST((happened.check == nullptr));
            BOOST_TEST(happened.path.empty());
            ++failures;
        } else if (callback_fails && happened.check != nullptr) {
            throw std::runtime_error("no disk");
        }
    });
    watched.fleet->start();
    watched.queue.run_for(1s); // A verdict was reported before.
    watched.network.on_get = [](const request&) { throw std::runtime_error("no memory"); };
    watched.queue.run_for(31s);
    BOOST_TEST(failures >= 1);
    failures = 0;
    watched.network.on_get = {};
    callback_fails = true;
    watched.queue.run_for(1min);
    BOOST_TEST(failures >= 1);
}

BOOST_AUTO_TEST_CASE(an_async_get_that_throws_fails_the_check_and_gives_its_place_back) {
    virtual_fleet watched{{.checks_in_flight_max = 1, .spread_start = false}};
    const target_id id = watched.fleet->add(a);
    watched.fleet->add(b);
    watched.network.on_get = [](const request& asked) {
        if (asked.target.text() == a)
            throw 42;
    };
    watched.fleet->start();
    watched.queue.run_for(10s);
    BOOST_TEST(watched.count(id, event_kind::callback_failed) == 3U);
    BOOST_TEST((watched.fleet->status(id) == target_status::down));
    BOOST_TEST(watched.network.requests_of(b) == 1U);
    BOOST_TEST(watched.network.transports_made() == 1);
    watched.network.on_get = {};
    watched.queue.run_for(1min);
    BOOST_TEST((watched.fleet->status(id) == target_status::up));
    BOOST_TEST(watched.ups.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_policy_that_throws_is_no_reason_to_be_called_in_a_circle) {
    virtual_fleet watched;
    const target_id id = watched.fleet->add(a);
    watched.network.on_get = [](const request&) { throw std::runtime_error("always"); };
    watched.fleet->start();
    watched.queue.run_for(1s);
    watched.queue.skip(1h);
    watched.queue.run_for(1s);
    BOOST_TEST(watched.count(id, event_kind::check_inconclusive) == 1U);
    BOOST_TEST(watched.count(id, event_kind::check_failed) == 2U);
}

BOOST_AUTO_TEST_CASE(the_callback_for_a_policy_that_throws_may_remove_the_target_or_stop) {
    for (const int call : {0, 1, 2}) {
        virtual_fleet watched;
        const target_id id = watched.fleet->add(a);
        watched.network.on_get = [](const request&) { throw std::runtime_error("x"); };
        watched.fleet->on_event([&](const event& happened) {
            watched.keep(happened);
            if (happened.kind != event_kind::callback_failed)
                return;
            if (call == 0)
                watched.fleet->remove(id);
            else if (call == 1)
                watched.fleet->stop();
            else
                watched.fleet.reset();
            BOOST_TEST(happened.target == a);
            BOOST_TEST(happened.detail == "x");
        });
        watched.fleet->start();
        watched.queue.run_for(1min);
        BOOST_TEST(watched.events.back().report.kind == event_kind::callback_failed);
        BOOST_TEST(watched.count(event_kind::callback_failed) == 1U);
    }
}

// The clock is such a policy: when a wait fails once, its work must not be lost for ever.
BOOST_AUTO_TEST_CASE(a_clock_that_throws_once_is_asked_again_by_whatever_happens_next) {
    virtual_fleet watched;
    watched.clock.fail_next_wait();
    watched.fleet->add(a);
    BOOST_CHECK_THROW(watched.fleet->start(), std::bad_alloc);
    watched.fleet->add(b);
    watched.queue.run_for(45s);
    BOOST_TEST(watched.network.requests_of(a) == 2U);
    BOOST_TEST(watched.network.requests_of(b) == 2U);

    // While the fleet polls, the next reply sets the timer again.
    watched.network.otherwise(a, sim::healthy(1s));
    watched.clock.fail_next_wait();
    BOOST_CHECK_THROW(watched.queue.run_for(30s), std::bad_alloc);
    watched.queue.run_for(1min);
    BOOST_TEST(watched.network.requests_of(a) >= 4U);
    BOOST_TEST(watched.network.requests_of(b) >= 4U);
}

// Signers that are added and removed

BOOST_AUTO_TEST_CASE(a_signer_that_no_target_uses_is_removed_and_its_id_is_not_used_again) {
    virtual_fleet watched;
    const signer_id first = watched.fleet->add_signer({});
    const signer_id second = watched.fleet->add_signer({});
    const target_id of_first = watched.fleet->add(a, {}, first);
    const target_id another = watched.fleet->add(b, {}, first);
    watched.fleet->start();
    watched.queue.run_for(1s);
    BOOST_TEST(!watched.fleet->remove_signer(first));
    watched.fleet->remove(of_first);
    BOOST_TEST(!watched.fleet->remove_signer(first));
    watched.fleet->remove(another);
    BOOST_TEST(watched.fleet->remove_signer(first));
    BOOST_TEST(!watched.fleet->remove_signer(first));
    BOOST_TEST(watched.fleet->remove_signer(second));
    const signer_id third = watched.fleet->add_signer({});
    BOOST_TEST((third != first && third != second));
    BOOST_TEST(!watched.fleet->remove_signer(second));
    // No signer has that id, and the signer of the fleet itself stays.
    BOOST_TEST(!watched.fleet->remove_signer(static_cast<signer_id>(1000)));
    BOOST_TEST(!watched.fleet->remove_signer(signer_id{}));
    watched.fleet->add(a, {}, third);
    watched.fleet->add(b);
    watched.queue.run_for(1s);
    BOOST_TEST(watched.network.requests().size() == 4U);
}

// Also after `stop`, and by a callback while a check of the target is in flight.
BOOST_AUTO_TEST_CASE(a_signer_may_be_removed_at_any_time_at_which_its_targets_are_gone) {
    virtual_fleet watched;
    const signer_id by = watched.fleet->add_signer({});
    watched.network.otherwise(a, sim::silent());
    const target_id id = watched.fleet->add(a, {}, by);
    watched.fleet->add(b);
    bool removed = false;
    watched.fleet->on_event([&](const event& happened) {
        if (happened.kind != event_kind::check_succeeded || removed)
            return;
        watched.fleet->remove(id);
        removed = watched.fleet->remove_signer(by);
    });
    watched.fleet->start();
    watched.queue.run_for(1min);
    BOOST_TEST(removed);
    const signer_id other = watched.fleet->add_signer({});
    const target_id last = watched.fleet->add(a, {}, other);
    watched.fleet->stop();
    BOOST_TEST(!watched.fleet->remove_signer(other));
    watched.fleet->remove(last);
    BOOST_TEST(watched.fleet->remove_signer(other));
    watched.queue.run_for(1min);
}

// Construction

BOOST_AUTO_TEST_CASE(a_fleet_on_invalid_options_reports_the_member_at_fault) {
    const auto build = [](const fleet_options& settings) {
        return code_of([&] { virtual_fleet{settings}; });
    };
    BOOST_TEST((build({}) == std::error_code{}));
    BOOST_TEST((build({.tick = 0s}) == errc::invalid_tick));
    BOOST_TEST((build({.checks_in_flight_max = 0}) == errc::invalid_checks_in_flight_max));
    BOOST_TEST(
        (build({.connections_per_second_max = -1}) == errc::invalid_connections_per_second_max));
}

BOOST_AUTO_TEST_CASE(a_target_with_invalid_options_is_not_added) {
    virtual_fleet watched;
    const auto add = [&](const options& settings) {
        const auto code = code_of([&] { watched.fleet->add(a, settings); });
        BOOST_TEST((watched.fleet->validate(settings) == code));
        return code;
    };
    BOOST_TEST((add({.interval = 0s}) == errc::invalid_interval));
    BOOST_TEST((add({.interval_jitter = 0.6}) == errc::invalid_interval_jitter));
    BOOST_TEST((add({.stall_tolerance = tick - 1ns}) == errc::invalid_stall_tolerance));
    BOOST_TEST(watched.fleet->size() == 0U);
    BOOST_TEST((add({.stall_tolerance = tick}) == std::error_code{}));
    BOOST_TEST(code_of([&] { watched.fleet->add("ftp://x/"); }) ==
               make_error_code(errc::url_scheme_unsupported));
    BOOST_TEST(watched.fleet->size() == 1U);
    virtual_fleet<exponential_backoff> hasty{virtual_fleet<>::unspread, {.initial = 0s}};
    BOOST_TEST((hasty.fleet->validate({}) == errc::invalid_backoff));
    BOOST_TEST((code_of([&] { hasty.fleet->add(a); }) == errc::invalid_backoff));
}

namespace {

struct counting_observer {
    int reported = 0;
    void on_event(const event&) noexcept { ++reported; }
};

// Policies that do no more than the concepts require.
using least_fleet =
    basic_health_fleet<forest::tests::transport_archetype, forest::tests::clock_archetype,
                       forest::tests::signer_archetype, forest::tests::backoff_archetype>;

} // namespace

BOOST_AUTO_TEST_CASE(a_fleet_asks_no_more_of_its_policies_than_their_concepts_say) {
    least_fleet least{[] { return forest::tests::transport_archetype{1}; },
                      forest::tests::clock_archetype{1}, forest::tests::signer_archetype{1},
                      forest::tests::backoff_archetype{1}};
    const signer_id other = least.add_signer(forest::tests::signer_archetype{2});
    const target_id first = least.add(a);
    const target_id second = least.add(a, {}, other);
    least.start();
    BOOST_TEST(least.remove(first));
    BOOST_TEST(least.add(b) != second);
    BOOST_TEST(least.snapshot().size() == 2U);
    least_fleet moved{std::move(least)};
    moved.stop();
    BOOST_TEST(moved.stopped());
}

BOOST_AUTO_TEST_CASE(an_observer_is_moved_in_or_left_where_it_is) {
    virtual_fleet watched;
    watched.fleet->add(a);
    counting_observer mine;
    watched.fleet->on_event(std::ref(mine));
    watched.fleet->start();
    watched.queue.run_for(1s);
    BOOST_TEST(mine.reported == 3);
    watched.fleet->on_event(counting_observer{});
    watched.queue.run_for(60s);
    BOOST_TEST(mine.reported == 3);
}

BOOST_AUTO_TEST_CASE(B16_a_missing_callback_is_no_error) {
    virtual_fleet watched;
    watched.fleet->add(a, {.failure_threshold = 1});
    watched.fleet->on_event(std::function<void(const event&)>{});
    watched.fleet->on_server_down({});
    watched.fleet->on_server_up({});
    watched.network.then(a, refused);
    watched.fleet->start();
    watched.queue.run_for(65s);
    BOOST_TEST(watched.network.requests().size() == 4U);
}

BOOST_AUTO_TEST_CASE(callbacks_need_not_be_copyable) {
    virtual_fleet watched;
    const target_id of_a = watched.fleet->add(a, {.failure_threshold = 1});
    std::map<std::string, int> calls;
    watched.fleet->on_server_down([&, own = std::make_unique<std::string>("down")](
                                      target_id id, const outage&) { calls[*own] += id == of_a; });
    watched.fleet->on_server_up([&, own = std::make_unique<std::string>("up")](
                                    target_id id, const outage&) { calls[*own] += id == of_a; });
    watched.fleet->on_event([&, own = std::make_unique<std::string>("event")](const event&) {
        ++calls[*own];
        throw std::runtime_error{"reported to on_unheard"};
    });
    watched.fleet->on_unheard(
        [&, own = std::make_unique<std::string>("unheard")](const event&) { ++calls[*own]; });
    watched.network.then(a, refused);
    watched.fleet->start();
    watched.queue.run_for(10s);
    BOOST_TEST(calls["down"] == 1);
    BOOST_TEST(calls["up"] == 1);
    BOOST_TEST(calls["event"] >= 7); // started, twice begun and ended, down, up
    BOOST_TEST(calls["unheard"] >= 1);
}

BOOST_AUTO_TEST_SUITE_END()
