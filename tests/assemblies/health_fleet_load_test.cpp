// SPDX-License-Identifier: BSL-1.0

// The effects of many targets of one fleet on each other, with a virtual clock: bounds and
// fairness, spread and coalescing, shared signatures, and the cost of a target.

#include <support/virtual_fleet.hpp>

#include <forest/core/detection.hpp>
#include <forest/health_fleet.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
using forest::tests::scripted_network;
using forest::tests::url_number;
using forest::tests::url_on_one_server;
using forest::tests::virtual_fleet;
namespace data = boost::unit_test::data;

namespace {

constexpr duration tick = fleet_options{}.tick;
const auto refused = sim::failing(errc::connection_refused);

std::vector<target_id> add_many(auto& fleet, std::size_t count, const options& settings = {},
                                std::string (*name)(std::size_t) = &url_number) {
    std::vector<target_id> ids;
    for (std::size_t n = 0; n < count; ++n)
        ids.push_back(fleet.add(name(n), settings));
    return ids;
}

// The largest number of requests within any second.
std::size_t busiest_second(const std::vector<sim::recorded_request>& requests) {
    std::size_t most = 0;
    std::size_t first = 0;
    for (std::size_t last = 0; last < requests.size(); ++last) {
        while (requests[last].at - requests[first].at >= 1s)
            ++first;
        most = std::max(most, last - first + 1);
    }
    return most;
}

// The largest number of requests within one tick, from a moment on.
std::size_t busiest_tick(const std::vector<sim::recorded_request>& requests, steady_time from) {
    std::map<duration, std::size_t> in_tick;
    std::size_t most = 0;
    for (const auto& each : requests)
        if (each.at >= from)
            most = std::max(most, ++in_tick[each.at.time_since_epoch() / tick * tick]);
    return most;
}

// Adds the time as its signature, and counts its calls.
struct counting_signer {
    static constexpr bool signs_time_alone = true;

    std::string secret = "s";
    std::shared_ptr<int> calls = std::make_shared<int>(0);
    std::shared_ptr<bool> fails = std::make_shared<bool>(false);

    void sign(const request&, wall_time at, header_fields& fields) const {
        ++*calls;
        (void)fields.add("X_TIMESTAMP", std::to_string(at.time_since_epoch().count()));
        if (*fails) // With half of its fields written.
            throw std::runtime_error("no memory");
        (void)fields.add("X_SECRET", secret);
    }
};

// A signer that also signs the target, and is no time_signer.
struct signer_of_targets {
    std::shared_ptr<int> calls = std::make_shared<int>(0);

    void sign(const request& what, wall_time at, header_fields& fields) const {
        ++*calls;
        (void)fields.add("X_TIMESTAMP", std::to_string(at.time_since_epoch().count()));
        (void)fields.add("X_TARGET", what.target.target());
    }
};

// Decides at run time not to sign, like a program with an option for it.
struct silent_signer {
    void sign(const request&, wall_time, header_fields&) const noexcept {}
};

static_assert(time_signer<counting_signer> && !time_signer<signer_of_targets>);

std::string field_of(const sim::recorded_request& asked, std::string_view name) {
    return std::string{field_view{asked.fields}.find(name).value_or("")};
}

long long timestamp_of(const sim::recorded_request& asked) {
    return std::stoll(field_of(asked, "X_TIMESTAMP"));
}

// Returns whether the timestamps of each server are strictly increasing.
bool increasing(const std::vector<sim::recorded_request>& requests) {
    std::map<std::string, long long> last;
    for (const auto& each : requests) {
        const std::string host{url{each.target}.host_header()};
        const long long at = timestamp_of(each);
        const auto found = last.find(host);
        if (found != last.end() && at <= found->second)
            return false;
        last[host] = at;
    }
    return true;
}

} // namespace

BOOST_AUTO_TEST_SUITE(health_fleet_load_test)

// Bounds

BOOST_DATA_TEST_CASE(no_more_checks_are_in_flight_than_allowed, data::make({1, 2, 10, 99}), most) {
    virtual_fleet watched{{.checks_in_flight_max = most, .spread_start = false}};
    watched.network.otherwise(sim::healthy(100ms));
    add_many(*watched.fleet, 100, {.interval = 20s, .stall_tolerance = 1min});
    watched.fleet->start();
    watched.queue.run_for(10min);
    BOOST_TEST(watched.network.in_flight_max() == most);
    BOOST_TEST(watched.network.transports_made() == most);
    BOOST_TEST(watched.network.broken_promises() == 0);
    BOOST_TEST(watched.fleet->count(target_status::up) == 100U);
    BOOST_TEST(watched.network.requests().size() >= 2900U);
}

// In any second at most the bound, the share of one tick, and another one. Rates of between one and
// two a tick can be used fully, too.
BOOST_DATA_TEST_CASE(no_more_connections_are_opened_in_a_second_than_allowed,
                     data::make({1, 3, 7, 20, 150, 300, 399, 1000, 5000}), most) {
    virtual_fleet watched{{.checks_in_flight_max = 100'000,
                           .connections_per_second_max = most,
                           .spread_start = false}};
    add_many(*watched.fleet, 3000, {.interval = 1s, .stall_tolerance = 1h});
    watched.fleet->start();
    watched.queue.run_for(10s);
    const auto at_once = static_cast<std::size_t>(most) / 200 + 1;
    BOOST_TEST(busiest_second(watched.network.requests()) <=
               static_cast<std::size_t>(most) + at_once);
    const auto possible = static_cast<std::size_t>(std::min(most, 3000)) * 10;
    BOOST_TEST(watched.network.requests().size() + 1 >= possible * 99 / 100);
    BOOST_TEST(watched.network.requests().size() <= possible + at_once);
}

BOOST_AUTO_TEST_CASE(a_check_over_a_kept_connection_opens_none) {
    virtual_fleet watched{{.connections_per_second_max = 1, .spread_start = false}};
    watched.network.keep_connections(true);
    add_many(*watched.fleet, 50, {.interval = 1s, .stall_tolerance = 1h});
    watched.fleet->start();
    watched.queue.run_for(10s);
    BOOST_TEST(watched.network.requests().size() >= 450U);
}

// It waits neither for a connection that it does not need, nor for the reply to another check, nor
// behind targets that wait for a connection.
BOOST_AUTO_TEST_CASE(a_check_over_a_kept_connection_waits_for_nobody) {
    virtual_fleet watched{{.connections_per_second_max = 10}};
    watched.network.keep_connections(true);
    watched.network.otherwise(sim::healthy(50ms));
    add_many(*watched.fleet, 200, {.interval = 1s});
    watched.fleet->start();
    watched.queue.run_for(61s);
    BOOST_TEST(watched.network.requests().size() >= 200U * 60);
    BOOST_TEST((watched.fleet->statistics().lateness.quantile(1.0) <= tick + tick / 32));
    watched.network.otherwise(url_number(7), sim::failing(errc::unexpected_status, 50ms));
    watched.queue.run_for(10s);
    BOOST_TEST(watched.downs.size() == 1U);
    BOOST_TEST(watched.fleet->statistics().inconclusive == 0U);
}

BOOST_AUTO_TEST_CASE(B12_a_repeat_on_a_fresh_connection_waits_for_one_and_keeps_nobody_from_his) {
    virtual_fleet watched{{.connections_per_second_max = 1, .spread_start = false}};
    watched.network.keep_connections(true);
    const auto ids = add_many(*watched.fleet, 20, {.interval = 1s, .stall_tolerance = 1s});
    watched.fleet->start();
    watched.queue.run_for(10s);
    for (std::size_t n = 0; n < 10; ++n)
        watched.network.then(url_number(n), refused, 2);
    watched.queue.skip(5s);
    watched.queue.run_for(tick);
    const std::size_t before = watched.network.requests().size();
    watched.queue.run_for(5s);
    BOOST_TEST(watched.count(event_kind::check_inconclusive) >= 10U);
    std::size_t fresh = 0;
    std::size_t kept = 0;
    for (std::size_t n = before; n < watched.network.requests().size(); ++n)
        ++(watched.network.requests()[n].fresh_connection ? fresh : kept);
    BOOST_TEST(fresh <= 6U);
    BOOST_TEST(kept >= 10U * 5);
    watched.queue.run_for(1min);
    BOOST_TEST(watched.fleet->count(target_status::up) == 20U);
}

BOOST_DATA_TEST_CASE(a_check_that_opens_several_connections_is_charged_for_each,
                     data::make({1U, 2U, 3U, 8U}), connections) {
    virtual_fleet watched{{.connections_per_second_max = 20, .spread_start = false}};
    watched.network.open_for_each_check(connections);
    watched.network.otherwise(sim::healthy(20ms));
    add_many(*watched.fleet, 100, {.interval = 1s, .stall_tolerance = 1h});
    watched.fleet->start();
    watched.queue.run_for(100s);
    const std::size_t opened = connections * watched.network.requests().size();
    // Checks that are in flight before the first reply are charged afterwards.
    BOOST_TEST(opened <= 20U * 100 + connections);
    BOOST_TEST(opened >= 20U * 98);
}

// The transport has found a kept connection although it had promised none.
BOOST_AUTO_TEST_CASE(a_check_that_paid_for_a_connection_and_opens_none_gives_it_back) {
    virtual_fleet watched{{.connections_per_second_max = 1, .spread_start = false}};
    watched.network.open_for_each_check(0);
    add_many(*watched.fleet, 50, {.interval = 1s, .stall_tolerance = 1h});
    watched.fleet->start();
    watched.queue.run_for(10s);
    BOOST_TEST(watched.network.requests().size() >= 450U);
    // From now on each check opens one.
    const std::size_t before = watched.network.requests().size();
    watched.network.open_for_each_check(1);
    watched.queue.run_for(10s);
    BOOST_TEST(watched.network.requests().size() - before <= 12U);
}

BOOST_AUTO_TEST_CASE(a_check_that_a_policy_prevented_opens_no_connection) {
    virtual_fleet watched{{.connections_per_second_max = 1, .spread_start = false}};
    bool fails = true;
    watched.network.on_get = [&](const request&) {
        if (fails)
            throw std::runtime_error("x");
    };
    add_many(*watched.fleet, 50, {.interval = 1s, .stall_tolerance = 1h});
    watched.fleet->start();
    watched.queue.run_for(tick);
    BOOST_TEST(watched.count(event_kind::callback_failed) == 50U);
    fails = false;
}

BOOST_AUTO_TEST_CASE(who_waits_first_is_served_first_and_each_as_often_as_all_others) {
    virtual_fleet watched{{.connections_per_second_max = 10, .spread_start = false}};
    add_many(*watched.fleet, 100, {.interval = 1s, .stall_tolerance = 1h});
    watched.fleet->start();
    watched.queue.run_for(1000s);
    const auto& requests = watched.network.requests();
    BOOST_TEST_REQUIRE(requests.size() >= 9990U);
    for (std::size_t n = 0; n < 100; ++n)
        BOOST_TEST_REQUIRE(requests[n].target == url_number(n));
    std::map<std::string, std::size_t> last;
    for (std::size_t n = 0; n < requests.size(); ++n) {
        // One check of each other target, and those that were due at the same moment.
        const auto found = last.find(requests[n].target);
        if (found != last.end())
            BOOST_TEST_REQUIRE(n - found->second <= 110U);
        last[requests[n].target] = n;
    }
    BOOST_TEST(last.size() == 100U);
}

BOOST_AUTO_TEST_CASE(who_waits_and_is_removed_makes_room_for_the_next) {
    virtual_fleet watched{{.checks_in_flight_max = 1, .spread_start = false}};
    watched.network.otherwise(sim::healthy(1s));
    const auto ids = add_many(*watched.fleet, 10, {.stall_tolerance = 1h});
    watched.fleet->start();
    watched.queue.run_for(tick);
    for (std::size_t n = 1; n < 9; ++n)
        watched.fleet->remove(ids[n]);
    watched.queue.run_for(1s);
    BOOST_TEST_REQUIRE(watched.network.requests().size() == 2U);
    BOOST_TEST(watched.network.requests()[1].target == url_number(9));
}

// A fleet that is too busy must not look like an outage: of these servers, which time out, it can
// check a fifth in time.
// Healthy servers are never down, however late their checks are.
BOOST_AUTO_TEST_CASE(B12_a_queue_that_is_late_is_no_outage) {
    virtual_fleet watched{{.checks_in_flight_max = 10}};
    watched.network.otherwise(sim::healthy(4s));
    watched.network.otherwise(url_number(7), sim::failing(errc::connection_refused, 1s));
    add_many(*watched.fleet, 100, {.interval = 10s, .timeout = 5s});
    watched.fleet->start();
    watched.queue.run_for(1h);
    BOOST_TEST(watched.fleet->count(target_status::up) == 99U);
    BOOST_TEST(watched.downs.size() == 1U);
    BOOST_TEST(watched.fleet->statistics().lateness.quantile(0.5) > 10s);
}

// A check that begins late is inconclusive when it fails, and is repeated at once, before all that
// wait. The second check counts: an outage of all targets is reported late, but it is reported.
BOOST_AUTO_TEST_CASE(B12_an_outage_of_more_targets_than_there_is_room_for_is_reported_late) {
    virtual_fleet watched{{.checks_in_flight_max = 10}};
    watched.network.otherwise(sim::silent());
    add_many(*watched.fleet, 100, {.interval = 10s, .timeout = 5s});
    watched.fleet->start();
    watched.queue.run_for(2min);
    BOOST_TEST(watched.downs.empty());
    watched.queue.run_for(8min);
    BOOST_TEST(watched.downs.size() == 100U);
    BOOST_TEST(watched.fleet->count(target_status::down) == 100U);
    BOOST_TEST(watched.network.in_flight_max() == 10);
    BOOST_TEST(watched.count(event_kind::check_inconclusive) > 300U);
    const auto& statistics = watched.fleet->statistics();
    BOOST_TEST(statistics.inconclusive == watched.count(event_kind::check_inconclusive));

    // The servers reply again: the queue empties, all are up, and no check is late any more.
    watched.network.otherwise(sim::healthy(10ms));
    watched.queue.run_for(1min);
    BOOST_TEST(watched.fleet->count(target_status::up) == 100U);
    const std::size_t late = watched.count(event_kind::check_inconclusive);
    BOOST_TEST(watched.ups.size() == 100U);
    watched.downs.clear();

    // A single outage is reported in time.
    watched.network.otherwise(url_number(7), sim::silent());
    watched.queue.run_for(1min);
    BOOST_TEST(watched.downs.size() == 1U);
    BOOST_TEST(watched.count(event_kind::check_inconclusive) == late);
}

BOOST_AUTO_TEST_CASE(B12_a_rate_that_is_too_low_is_no_outage_but_hides_none) {
    virtual_fleet watched{{.connections_per_second_max = 20}};
    watched.network.otherwise(sim::healthy(1s));
    add_many(*watched.fleet, 500, {.interval = 10s, .timeout = 2s});
    watched.fleet->start();
    watched.queue.run_for(10min);
    BOOST_TEST(watched.downs.empty());
    watched.network.otherwise(sim::silent());
    watched.queue.run_for(10min);
    BOOST_TEST(watched.downs.size() == 500U);
    BOOST_TEST((watched.fleet->statistics().lateness.quantile(0.9) > 5s));
}

BOOST_AUTO_TEST_CASE(B12_a_refusal_after_a_wait_that_was_too_long_is_inconclusive) {
    virtual_fleet watched{{.checks_in_flight_max = 1, .spread_start = false}};
    const std::string slow = url_number(1);
    const std::string waits = url_number(2);
    watched.network.then(slow, sim::healthy());
    watched.network.otherwise(slow, sim::healthy(3s));
    watched.network.then(waits, sim::healthy());
    watched.network.otherwise(waits, refused);
    watched.fleet->add(slow, {.interval = 10s});
    const target_id id = watched.fleet->add(waits, {.interval = 10s});
    watched.fleet->start();
    watched.queue.run_for(14s);
    const auto events = watched.reports_of(id);
    BOOST_TEST_REQUIRE(events.size() >= 5U);
    BOOST_TEST((events[4].kind == event_kind::check_inconclusive));
    BOOST_TEST((watched.fleet->statistics().lateness.quantile(1.0) >= 3s));
}

BOOST_AUTO_TEST_CASE(B12_a_first_check_that_had_to_wait_for_too_long_is_inconclusive_too) {
    virtual_fleet watched{{.checks_in_flight_max = 1, .spread_start = false}};
    watched.network.otherwise(url_number(1), sim::healthy(4s));
    watched.network.otherwise(url_number(2), refused);
    watched.fleet->add(url_number(1), {.interval = 10s});
    const target_id id = watched.fleet->add(url_number(2), {.failure_threshold = 1});
    watched.fleet->start();
    watched.queue.run_for(5s);
    const auto events = watched.reports_of(id);
    BOOST_TEST_REQUIRE(events.size() >= 3U);
    BOOST_TEST((events[2].kind == event_kind::check_inconclusive));
}

BOOST_AUTO_TEST_CASE(real_outages_of_all_targets_are_reported_when_there_is_room_for_them) {
    virtual_fleet watched{{.checks_in_flight_max = 1000}};
    add_many(*watched.fleet, 1000, {.interval = 10s});
    watched.fleet->start();
    watched.queue.run_for(20s);
    watched.network.otherwise(sim::silent());
    watched.queue.run_for(1min);
    BOOST_TEST(watched.downs.size() == 1000U);
    BOOST_TEST(watched.fleet->count(target_status::down) == 1000U);
    watched.network.otherwise(sim::healthy());
    watched.queue.run_for(1min);
    BOOST_TEST(watched.ups.size() == 1000U);
    BOOST_TEST(watched.fleet->statistics().inconclusive == 0U);
}

// Lateness

// Each check that begins counts once, with the whole time that it waited for anything.
BOOST_AUTO_TEST_CASE(lateness_counts_every_check_that_begins) {
    const auto counts_all = [](auto& watched, std::size_t threw = 0) {
        const auto& lateness = watched.fleet->statistics().lateness;
        BOOST_TEST(lateness.count() == watched.network.requests().size() + threw);
        return lateness.quantile(1.0);
    };
    { // First checks that wait for room: the last of them for 9.9 s.
        virtual_fleet watched{{.checks_in_flight_max = 1, .spread_start = false}};
        watched.network.otherwise(sim::healthy(100ms));
        add_many(*watched.fleet, 100, {.interval = 1h});
        watched.fleet->start();
        watched.queue.run_for(1min);
        BOOST_TEST((counts_all(watched) >= 9900ms));
        BOOST_TEST(watched.fleet->statistics().lateness.count() == 100U);
    }
    { // Checks that are repeated again and again.
        virtual_fleet watched{{.checks_in_flight_max = 10}};
        watched.network.otherwise(sim::silent());
        add_many(*watched.fleet, 100, {.interval = 10s, .timeout = 5s});
        watched.fleet->start();
        watched.queue.run_for(10min);
        BOOST_TEST((counts_all(watched) >= 40s));
    }
    { // Checks that are due when the last one ends: each waits for 27 s.
        virtual_fleet watched{{.checks_in_flight_max = 10}};
        watched.network.otherwise(sim::healthy(3s));
        add_many(*watched.fleet, 100, {.interval = 2s, .timeout = 5s});
        watched.fleet->start();
        watched.queue.run_for(10min);
        BOOST_TEST((counts_all(watched) >= 26s));
    }
    { // A rate, stalls, kept connections and policies that throw.
        virtual_fleet watched{{.connections_per_second_max = 20}};
        std::size_t threw = 0;
        watched.network.on_get = [&](const request& asked) {
            if (asked.target.text() != url_number(3))
                return;
            ++threw;
            throw std::runtime_error("x");
        };
        add_many(*watched.fleet, 50, {.interval = 1s});
        watched.fleet->start();
        for (const bool kept : {false, true, false}) {
            watched.network.keep_connections(kept);
            watched.queue.run_for(20s);
            watched.queue.skip(5s);
        }
        watched.queue.run_for(20s);
        BOOST_TEST((counts_all(watched, threw) >= 5s));
    }
    { // A fleet that keeps up is late by no more than a tick.
        virtual_fleet watched{fleet_options{}};
        add_many(*watched.fleet, 100, {.interval = 1s, .interval_jitter = 0.3});
        watched.network.otherwise(url_number(5), refused);
        watched.fleet->start();
        watched.queue.run_for(1min);
        BOOST_TEST((counts_all(watched) <= tick + tick / 32));
    }
}

BOOST_DATA_TEST_CASE(B4_no_crash_is_reported_later_than_the_worst_case_with_the_tick,
                     data::xrange(0, 64) * data::make({false, true}), moment, black_holed) {
    constexpr options settings{.interval = 29'100ms, .timeout = 4900ms};
    const auto bound = worst_case_detection(settings, exponential_backoff{}, 1s);
    // Two moments in a second: also with the tick, and just behind it.
    const duration crash = 10s + moment * 500ms + (moment % 4 < 2 ? 0ns : 1ns);
    virtual_fleet watched{{.tick = 1s}};
    add_many(*watched.fleet, 7, settings);
    watched.fleet->start();
    watched.queue.run_for(crash);
    watched.network.otherwise(black_holed ? sim::silent() : refused);
    watched.queue.run_for(black_holed ? bound.black_holed : bound.refused);
    BOOST_TEST(watched.downs.size() == 7U);
}

// Spread and coalescing

// After a laptop was suspended, it must not check all its servers at one moment from then on.
BOOST_DATA_TEST_CASE(a_stall_leaves_the_spread_as_it_was, data::make({3, 10, 31, 3600}), seconds) {
    virtual_fleet watched{{.checks_in_flight_max = 100'000}};
    watched.network.otherwise(sim::healthy(1ms));
    add_many(*watched.fleet, 3000);
    watched.fleet->start();
    watched.queue.run_for(2min);
    const std::size_t before = busiest_tick(watched.network.requests(), steady_time{1min});
    const std::size_t checked = watched.network.requests().size();
    const steady_time end = watched.queue.now() + seconds * 1s;
    watched.queue.skip(seconds * 1s);
    watched.queue.run_for(61s);
    // Targets that were due meanwhile begin between the others, and each is checked soon.
    BOOST_TEST(busiest_tick(watched.network.requests(), end) <= 2 * before + 1);
    std::map<std::string, std::size_t> again;
    for (std::size_t n = checked; n < watched.network.requests().size(); ++n)
        ++again[watched.network.requests()[n].target];
    BOOST_TEST(again.size() == 3000U);
    BOOST_TEST(
        std::all_of(again.begin(), again.end(), [](const auto& each) { return each.second >= 2; }));
}

BOOST_AUTO_TEST_CASE(a_target_alone_and_the_first_of_many_are_checked_at_once_after_a_stall) {
    virtual_fleet watched;
    watched.fleet->add(url_number(1));
    watched.fleet->start();
    watched.queue.run_for(10s);
    watched.fleet->add(url_number(2));
    watched.queue.run_for(10s);
    watched.queue.skip(1h);
    watched.queue.run_for(tick);
    BOOST_TEST(watched.network.requests_of(url_number(1)) == 2U);
    BOOST_TEST(watched.network.requests_of(url_number(2)) == 1U);
    watched.queue.run_for(10s);
    BOOST_TEST(watched.network.requests_of(url_number(2)) == 2U);
}

BOOST_AUTO_TEST_CASE(B12_a_check_that_a_stall_put_off_is_inconclusive_when_it_fails) {
    virtual_fleet watched;
    watched.fleet->add(url_number(1));
    watched.fleet->start();
    watched.queue.run_for(10s);
    const target_id late = watched.fleet->add(url_number(2), {.failure_threshold = 1});
    watched.queue.run_for(15s);
    watched.network.then(url_number(2), refused);
    watched.queue.skip(20s);
    watched.queue.run_for(11s);
    BOOST_TEST(watched.count(late, event_kind::check_inconclusive) == 1U);
    BOOST_TEST(watched.count(late, event_kind::check_failed) == 0U);
    BOOST_TEST(watched.downs.empty());
}

BOOST_AUTO_TEST_CASE(a_target_that_tolerates_the_stall_is_not_put_off) {
    virtual_fleet watched;
    watched.fleet->add(url_number(1));
    watched.fleet->start();
    watched.queue.run_for(10s);
    watched.fleet->add(url_number(2), {.stall_tolerance = 1min});
    watched.queue.run_for(15s);
    watched.queue.skip(20s);
    watched.queue.run_for(tick);
    BOOST_TEST(watched.network.requests_of(url_number(2)) == 2U);
}

// A process that is always late is not stalled, and its targets must not wait as after a stall.
BOOST_AUTO_TEST_CASE(a_fleet_that_always_wakes_up_late_checks_all_its_targets_nonetheless) {
    virtual_fleet watched{fleet_options{}};
    add_many(*watched.fleet, 300);
    watched.fleet->start();
    watched.queue.run_for(31s);
    for (int n = 0; n < 100; ++n) {
        watched.queue.skip(3s);
        watched.queue.run_for(0s);
    }
    std::map<std::string, std::size_t> checks;
    for (const auto& each : watched.network.requests())
        ++checks[each.target];
    BOOST_TEST(checks.size() == 300U);
    for (const auto& [target, count] : checks)
        BOOST_TEST(count >= 9U);
}

BOOST_DATA_TEST_CASE(the_first_checks_of_5000_targets_are_spread_over_the_interval,
                     data::make({1, 10, 100, 5000}) * data::make({false, true}), servers,
                     shuffled) {
    virtual_fleet watched{fleet_options{}};
    std::vector<std::string> targets;
    for (int n = 0; n < 5000; ++n)
        targets.push_back("http://s" + std::to_string(n % servers) + '/' + std::to_string(n));
    random_generator random{20261125};
    if (shuffled)
        for (std::size_t n = targets.size(); n > 1; --n)
            std::swap(targets[n - 1], targets[random() % n]);
    for (const auto& each : targets)
        watched.fleet->add(each, {.interval = 1s});
    watched.fleet->start();
    watched.queue.run_for(1s + 2 * tick);
    BOOST_TEST(watched.count(event_kind::started) == 5000U);
    std::map<steady_time, int> in_tick;
    std::set<std::string> seen;
    for (const auto& each : watched.network.requests())
        if (seen.insert(each.target).second)
            ++in_tick[each.at];
    BOOST_TEST(seen.size() == 5000U);
    for (const auto& [at, count] : in_tick)
        BOOST_TEST(count <= 30); // 25 if all were equal
    BOOST_TEST(in_tick.size() >= 199U);
}

BOOST_AUTO_TEST_CASE(targets_on_one_server_begin_far_apart) {
    virtual_fleet watched{fleet_options{}};
    for (std::size_t n = 0; n < 10; ++n) {
        watched.fleet->add(url_number(n));
        watched.fleet->add(url_on_one_server(n));
    }
    watched.fleet->start();
    watched.queue.run_for(31s);
    std::vector<steady_time> times;
    for (const auto& each : watched.network.requests())
        if (url{each.target}.host() == "shared.example" && times.size() < 10)
            times.push_back(each.at);
    BOOST_TEST_REQUIRE(times.size() == 10U);
    for (std::size_t n = 1; n < times.size(); ++n)
        BOOST_TEST((times[n] - times[n - 1] > 1s)); // 3 s if all were equal
}

BOOST_AUTO_TEST_CASE(what_is_due_within_one_tick_is_served_by_one_wake_up) {
    virtual_fleet watched;
    add_many(*watched.fleet, 1000);
    watched.fleet->start();
    watched.queue.run_for(1s);
    BOOST_TEST(watched.clock.counted().wakes.size() == 1U);
    BOOST_TEST(watched.network.requests().size() == 1000U);
    watched.queue.run_for(5min);
    BOOST_TEST(watched.clock.counted().wakes.size() == 11U);
    BOOST_TEST(watched.network.requests().size() == 11'000U);
}

// With jitter, failures and removals: each wake-up of the fleet began a check.
BOOST_AUTO_TEST_CASE(there_is_no_wake_up_without_work) {
    virtual_fleet watched{fleet_options{}};
    const auto ids = add_many(*watched.fleet, 100, {.interval = 5s, .interval_jitter = 0.3});
    watched.network.otherwise(url_number(3), refused);
    watched.fleet->start();
    watched.queue.run_for(1min);
    for (std::size_t n = 0; n < 60; ++n) {
        watched.fleet->remove(ids[n]);
        watched.queue.run_for(1s);
    }
    std::set<steady_time> worked;
    for (const auto& each : watched.events)
        if (each.report.kind == event_kind::started ||
            each.report.kind == event_kind::check_started)
            worked.insert(each.report.at);
    BOOST_TEST(watched.clock.counted().wakes.size() > 500U);
    std::size_t idle = 0;
    for (const steady_time each : watched.clock.counted().wakes)
        idle += worked.contains(each) ? 0 : 1;
    BOOST_TEST(idle == 0U);
    const auto& wakes = watched.clock.counted().wakes;
    BOOST_TEST((std::adjacent_find(wakes.begin(), wakes.end()) == wakes.end()));
    // All are at the ends of ticks.
    BOOST_TEST(std::all_of(wakes.begin(), wakes.end(),
                           [](steady_time each) { return each.time_since_epoch() % tick == 0s; }));
}

BOOST_AUTO_TEST_CASE(all_checks_in_flight_are_watched_together_B12) {
    virtual_fleet watched;
    add_many(*watched.fleet, 100);
    watched.network.otherwise(sim::silent());
    watched.fleet->start();
    watched.queue.run_for(5100ms);
    BOOST_TEST(watched.count(event_kind::check_failed) == 100U);
    // At the beginning, at each quarter of the timeout, and not more.
    BOOST_TEST(watched.clock.counted().wakes.size() >= 4U);
    BOOST_TEST(watched.clock.counted().wakes.size() <= 6U);
}

// Signing

BOOST_AUTO_TEST_CASE(servers_that_share_a_secret_are_asked_with_one_signature) {
    const counting_signer signer;
    virtual_fleet<exponential_backoff, counting_signer> watched{
        virtual_fleet<>::unspread, {}, signer};
    add_many(*watched.fleet, 1000);
    watched.fleet->start();
    watched.queue.run_for(tick);
    BOOST_TEST(*signer.calls == 1);
    watched.queue.run_for(30s);
    BOOST_TEST(*signer.calls == 2);
    BOOST_TEST(watched.network.requests().size() == 2000U);
    // All have the same offset of up to a second.
    const auto behind = [](const sim::recorded_request& each) {
        const auto at = sim::virtual_clock::epoch.time_since_epoch() +
                        std::chrono::floor<std::chrono::milliseconds>(each.at.time_since_epoch());
        return at.count() - timestamp_of(each);
    };
    const auto offset = behind(watched.network.requests().front());
    BOOST_TEST(offset >= 0);
    BOOST_TEST(offset < 1000);
    for (const auto& each : watched.network.requests()) {
        BOOST_TEST_REQUIRE(behind(each) == offset);
        BOOST_TEST_REQUIRE(field_of(each, "X_SECRET") == "s");
    }
}

BOOST_AUTO_TEST_CASE(targets_that_share_a_server_never_sign_the_same_moment) {
    const counting_signer signer;
    virtual_fleet<exponential_backoff, counting_signer> watched{
        virtual_fleet<>::unspread, {}, signer};
    add_many(*watched.fleet, 50, {.interval = 20ms}, &url_on_one_server);
    add_many(*watched.fleet, 50, {.interval = 20ms});
    watched.fleet->start();
    watched.queue.run_for(1s);
    watched.clock.step_wall(-200s);
    watched.queue.run_for(1s);
    watched.clock.step_wall(500s);
    watched.queue.run_for(1s);
    // One server has a thousand timestamps a second, and a thousand more once.
    BOOST_TEST(watched.network.requests().size() > 11'000U);
    BOOST_TEST(increasing(watched.network.requests()));
}

// Five thousand checks a second are due, and one server can have a thousand of them: it would
// refuse timestamps that run too far ahead of the clock.
BOOST_AUTO_TEST_CASE(timestamps_of_a_server_stay_near_the_clock_however_often_it_is_asked) {
    virtual_fleet<exponential_backoff, counting_signer> watched{
        fleet_options{.checks_in_flight_max = 100'000}};
    watched.network.records = false;
    const std::string beside = url_number(1);
    std::map<std::string, std::size_t> checks;
    long long last = 0;
    long long ahead = 0;
    bool increases = true;
    watched.network.on_get = [&](const request& asked) {
        const std::string target{asked.target.text()};
        ++checks[target];
        if (target == beside)
            return;
        const long long at =
            std::stoll(std::string{field_view{asked.fields.text()}.find("X_TIMESTAMP").value()});
        ahead = std::max(ahead, at - watched.clock.now().time_since_epoch().count());
        increases = increases && at > std::exchange(last, at);
    };
    watched.fleet->on_event({});
    const auto ids = add_many(*watched.fleet, 5000, {.interval = 1s}, &url_on_one_server);
    watched.fleet->add(beside, {.interval = 1s});
    watched.fleet->start();
    watched.queue.run_for(60s);
    BOOST_TEST(increases);
    BOOST_TEST(ahead <= 1000);
    std::size_t least = 1000;
    std::size_t all = 0;
    for (const auto& [target, count] : checks)
        if (target != beside) {
            all += count;
            least = std::min(least, count);
        }
    BOOST_TEST(all >= 60'000U);
    BOOST_TEST(all <= 61'010U);
    BOOST_TEST(least >= 11U);          // Each is checked,
    BOOST_TEST(checks[beside] >= 59U); // and who is not concerned does not wait.

    // All checks of a server that is too busy are late: their failures are no outage (B12).
    watched.network.otherwise(refused);
    watched.network.otherwise(beside, sim::healthy());
    watched.queue.run_for(30s);
    BOOST_TEST(watched.downs.empty());
    BOOST_TEST(watched.fleet->statistics().failures == 0U);
    BOOST_TEST(watched.fleet->statistics().inconclusive >= 20'000U);
    for (const target_id each : ids)
        watched.fleet->remove(each);
    watched.queue.run_for(1s);
    BOOST_TEST(watched.fleet->count(target_status::up) == 1U);
}

BOOST_AUTO_TEST_CASE(a_signer_that_looks_at_no_time_lets_a_server_be_asked_as_often_as_one_likes) {
    virtual_fleet watched{fleet_options{.checks_in_flight_max = 100'000}};
    add_many(*watched.fleet, 5000, {.interval = 1s}, &url_on_one_server);
    watched.fleet->start();
    watched.queue.run_for(11s);
    BOOST_TEST(watched.network.requests().size() >= 50'000U);
    BOOST_TEST((watched.fleet->statistics().lateness.quantile(1.0) <= tick + tick / 32));
}

BOOST_AUTO_TEST_CASE(a_wall_clock_set_back_makes_no_check_wait) {
    virtual_fleet<exponential_backoff, counting_signer> watched{virtual_fleet<>::unspread};
    add_many(*watched.fleet, 100, {.interval = 1s}, &url_on_one_server);
    watched.fleet->start();
    watched.queue.run_for(10s);
    watched.clock.step_wall(-250s);
    watched.queue.run_for(300s);
    BOOST_TEST(increasing(watched.network.requests()));
    BOOST_TEST((watched.fleet->statistics().lateness.quantile(1.0) <= tick + tick / 32));
}

BOOST_AUTO_TEST_CASE(a_few_targets_of_each_of_many_servers_cost_a_few_signatures) {
    const counting_signer signer;
    virtual_fleet<exponential_backoff, counting_signer> watched{
        virtual_fleet<>::unspread, {}, signer};
    for (std::size_t server = 0; server < 200; ++server)
        for (std::size_t n = 0; n < 4; ++n)
            watched.fleet->add("http://s" + std::to_string(server) + '/' + std::to_string(n));
    watched.fleet->start();
    watched.queue.run_for(tick);
    BOOST_TEST(watched.network.requests().size() == 800U);
    BOOST_TEST(*signer.calls == 4);
    BOOST_TEST(increasing(watched.network.requests()));
}

// The timestamps of a server stay increasing when its last target goes and another one comes, and
// when many servers have come and gone meanwhile.
BOOST_AUTO_TEST_CASE(a_server_is_asked_as_often_as_is_wanted_when_nothing_is_signed) {
    virtual_fleet<exponential_backoff, silent_signer> watched{
        fleet_options{.checks_in_flight_max = 100'000}};
    watched.network.records = false;
    watched.network.otherwise(refused);
    add_many(*watched.fleet, 5000, {.interval = 1s}, &url_on_one_server);
    watched.fleet->start();
    watched.queue.run_for(10s);
    BOOST_TEST(watched.fleet->statistics().inconclusive == 0U);
    BOOST_TEST(watched.downs.size() == 5000U);
}

BOOST_AUTO_TEST_CASE(timestamps_of_a_server_increase_whatever_targets_come_and_go) {
    virtual_fleet<exponential_backoff, counting_signer> watched{virtual_fleet<>::unspread};
    random_generator random{20261125};
    std::vector<target_id> present;
    watched.fleet->start();
    for (int step = 0; step < 3000; ++step) {
        if (present.size() < 20)
            present.push_back(watched.fleet->add("http://s" + std::to_string(random() % 60) + '/',
                                                 {.interval = 10ms}));
        std::swap(present[random() % present.size()], present.back());
        if (random() % 2 == 0) {
            watched.fleet->remove(present.back());
            present.pop_back();
        }
        watched.queue.run_for(1ms);
        if (step == 1000) // Servers keep what they have seen, and so must the fleet.
            watched.clock.step_wall(1ms);
    }
    BOOST_TEST(watched.network.requests().size() > 2000U);
    BOOST_TEST(increasing(watched.network.requests()));
}

BOOST_AUTO_TEST_CASE(a_wall_clock_set_back_between_a_removal_and_an_addition_repeats_no_moment) {
    virtual_fleet<exponential_backoff, counting_signer> watched{virtual_fleet<>::unspread};
    const target_id first = watched.fleet->add(url_number(1));
    watched.fleet->start();
    watched.queue.run_for(10s);
    watched.fleet->remove(first);
    watched.clock.step_wall(-1min);
    watched.fleet->add(url_number(2));
    watched.queue.run_for(1s);
    watched.fleet->add(url_number(1));
    watched.queue.run_for(1s);
    BOOST_TEST(watched.network.requests().size() == 3U);
    BOOST_TEST(increasing(watched.network.requests()));
}

BOOST_AUTO_TEST_CASE(not_even_when_so_many_others_have_gone_that_those_are_forgotten) {
    virtual_fleet<exponential_backoff, counting_signer> watched{virtual_fleet<>::unspread};
    const target_id first = watched.fleet->add(url_number(1));
    watched.fleet->start();
    watched.queue.run_for(10s);
    watched.fleet->remove(first);
    for (std::size_t n = 10; n < 100; ++n)
        watched.fleet->remove(watched.fleet->add(url_number(n)));
    watched.clock.step_wall(-10s);
    watched.fleet->add(url_number(1));
    watched.queue.run_for(1s);
    BOOST_TEST(watched.network.requests().size() == 2U);
    BOOST_TEST(increasing(watched.network.requests()));
}

BOOST_AUTO_TEST_CASE(a_signer_that_may_sign_the_request_is_called_for_each) {
    const signer_of_targets signer;
    virtual_fleet<exponential_backoff, signer_of_targets> watched{
        virtual_fleet<>::unspread, {}, signer};
    for (std::size_t n = 0; n < 100; ++n)
        watched.fleet->add("http://s" + std::to_string(n) + "/" + std::to_string(n));
    watched.fleet->start();
    watched.queue.run_for(tick);
    BOOST_TEST(*signer.calls == 100);
    for (const auto& each : watched.network.requests())
        BOOST_TEST(field_of(each, "X_TARGET") == url{each.target}.target());
}

BOOST_AUTO_TEST_CASE(each_target_is_signed_for_by_the_signer_it_was_added_with) {
    const counting_signer first{"first"};
    const counting_signer second{"second"};
    virtual_fleet<exponential_backoff, counting_signer> watched{
        virtual_fleet<>::unspread, {}, first};
    const signer_id other = watched.fleet->add_signer(second);
    std::map<std::string, std::string> secrets;
    for (std::size_t n = 0; n < 100; ++n) {
        secrets[url_number(n)] = n % 3 == 0 ? "second" : "first";
        watched.fleet->add(url_number(n), {}, n % 3 == 0 ? other : signer_id{});
    }
    watched.fleet->start();
    watched.queue.run_for(tick);
    BOOST_TEST(*first.calls == 1);
    BOOST_TEST(*second.calls == 1);
    BOOST_TEST(watched.network.requests().size() == 100U);
    for (const auto& each : watched.network.requests())
        BOOST_TEST(field_of(each, "X_SECRET") == secrets[each.target]);
}

// There are more signers than kept signatures.
BOOST_AUTO_TEST_CASE(any_number_of_signers_sign_each_for_its_own) {
    virtual_fleet<exponential_backoff, counting_signer> watched{virtual_fleet<>::unspread};
    for (std::size_t n = 0; n < 100; ++n)
        watched.fleet->add(url_number(n), {.interval = 1s},
                           watched.fleet->add_signer({std::to_string(n)}));
    watched.fleet->start();
    watched.queue.run_for(10s);
    BOOST_TEST(watched.network.requests().size() == 1000U);
    for (const auto& each : watched.network.requests())
        BOOST_TEST_REQUIRE(url_number(std::stoul(field_of(each, "X_SECRET"))) == each.target);
}

BOOST_AUTO_TEST_CASE(a_signer_that_throws_leaves_no_half_of_a_signature_behind) {
    const counting_signer signer;
    virtual_fleet<exponential_backoff, counting_signer> watched{
        virtual_fleet<>::unspread, {}, signer};
    add_many(*watched.fleet, 3);
    *signer.fails = true;
    watched.fleet->on_event([&](const event& happened) {
        watched.keep(happened);
        if (happened.kind == event_kind::callback_failed)
            *signer.fails = false;
    });
    watched.fleet->start();
    watched.queue.run_for(tick);
    BOOST_TEST(watched.count(event_kind::callback_failed) == 1U);
    BOOST_TEST_REQUIRE(watched.network.requests().size() == 2U);
    for (const auto& each : watched.network.requests())
        BOOST_TEST(field_of(each, "X_SECRET") == "s");
    BOOST_TEST(*signer.calls == 2);
}

// The cost of a target

BOOST_AUTO_TEST_CASE(sockets_and_buffers_exist_only_for_checks_in_flight) {
    virtual_fleet watched{fleet_options{}};
    watched.network.otherwise(sim::healthy(20ms));
    add_many(*watched.fleet, 1000);
    watched.fleet->start();
    watched.queue.run_for(2min);
    BOOST_TEST(watched.network.transports_made() == watched.network.in_flight_max());
    BOOST_TEST(watched.network.transports_made() < 10);
}

BOOST_AUTO_TEST_CASE(a_hundred_thousand_targets_live_through_an_hour_of_outages) {
    virtual_fleet watched{{.checks_in_flight_max = 100'000}};
    watched.network.records = false;
    watched.network.otherwise(sim::healthy(1ms));
    int downs = 0;
    int ups = 0;
    watched.fleet->on_event({});
    watched.fleet->on_server_down([&](target_id, const outage&) { ++downs; });
    watched.fleet->on_server_up([&](target_id, const outage&) { ++ups; });
    add_many(*watched.fleet, 100'000, {.interval = 5min});
    watched.fleet->start();
    watched.queue.run_for(20min);
    watched.network.otherwise(refused);
    watched.queue.run_for(20min);
    BOOST_TEST(downs == 100'000);
    BOOST_TEST(watched.fleet->count(target_status::down) == 100'000U);
    watched.network.otherwise(sim::healthy(1ms));
    watched.queue.run_for(20min);
    BOOST_TEST(ups == 100'000);
    BOOST_TEST(watched.fleet->count(target_status::up) == 100'000U);
    BOOST_TEST(watched.fleet->statistics().inconclusive == 0U);
    BOOST_TEST((watched.fleet->statistics().lateness.quantile(1.0) <= tick + tick / 32));
}

// A hundred thousand targets come and go while the fleet polls: the time grows with their number.
BOOST_AUTO_TEST_CASE(a_hundred_thousand_targets_are_added_and_removed_quickly) {
    virtual_fleet watched{fleet_options{}};
    watched.network.records = false;
    watched.fleet->on_event({});
    watched.fleet->start();
    for (std::size_t round = 0; round < 4; ++round) {
        std::vector<target_id> ids;
        for (std::size_t n = 0; n < 100'000; ++n)
            ids.push_back(watched.fleet->add(url_number(n + 50'000 * round)));
        watched.queue.run_for(31s); // All are checked, so that no server can be forgotten soon.
        if (round == 1)
            watched.clock.step_wall(-4min);
        for (const target_id each : ids)
            BOOST_REQUIRE(watched.fleet->remove(each));
    }
    BOOST_TEST(watched.fleet->size() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
