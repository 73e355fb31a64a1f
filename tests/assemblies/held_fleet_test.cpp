// SPDX-License-Identifier: BSL-1.0

// Held checks of a fleet (B52, and B43 to B50 where a fleet does something of its own), with a
// virtual clock and scripted servers.

#include <support/virtual_fleet.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
using forest::tests::scripted_network;
using forest::tests::url_number;
using forest::tests::virtual_fleet;

namespace {

using seconds = std::vector<double>;

const options held{.hold = 25s};

sim::scripted_reply offering(duration latency = duration::zero()) {
    sim::scripted_reply answer = sim::healthy(latency);
    answer.fields = "Forest-Hold: 240\r\n";
    return answer;
}

sim::scripted_reply later(sim::scripted_reply answer, duration latency) {
    answer.latency = latency;
    return answer;
}

// Servers that hold for 25 s, after a first plain check.
void hold_all(virtual_fleet<>& watched, std::size_t count) {
    for (std::size_t n = 0; n < count; ++n)
        watched.network.then(url_number(n), offering());
    watched.network.otherwise(offering(25s));
}

std::error_code error_of_adding(virtual_fleet<>& watched, const options& settings = held) {
    try {
        watched.fleet->add(url_number(watched.fleet->size()), settings);
    } catch (const std::system_error& thrown) {
        return thrown.code();
    }
    return {};
}

} // namespace

BOOST_AUTO_TEST_SUITE(held_fleet_test)

BOOST_AUTO_TEST_CASE(B52_holding_is_chosen_for_each_target) {
    virtual_fleet watched;
    hold_all(watched, 1);
    watched.network.otherwise(url_number(1), offering());
    watched.fleet->add(url_number(0), held);
    watched.fleet->add(url_number(1));
    watched.fleet->start();
    watched.queue.run_for(60s);
    const auto times = watched.check_times(url_number(0));
    BOOST_TEST_REQUIRE(times.size() == 4U);
    BOOST_TEST(times[1] == times[0]);
    BOOST_TEST(times[3] - times[1] == 50.0, boost::test_tools::tolerance(1e-3));
    BOOST_TEST(watched.check_times(url_number(1)).size() == 2U);
    for (const auto& each : watched.network.requests()) {
        const bool is_held = each.fields == "Prefer: wait=25\r\n";
        BOOST_TEST((is_held || each.fields.empty()));
        BOOST_TEST((each.timeout == (is_held ? 30s : 5s)));
        BOOST_TEST((!is_held || each.target == url_number(0)));
    }
}

BOOST_AUTO_TEST_CASE(B52_held_checks_are_counted_and_not_bounded_by_the_checks_in_flight) {
    virtual_fleet watched{{.checks_in_flight_max = 2, .spread_start = false}};
    hold_all(watched, 20);
    for (std::size_t n = 0; n < 20; ++n)
        watched.fleet->add(url_number(n), held);
    watched.fleet->add("http://plain.example/");
    watched.network.otherwise("http://plain.example/", sim::healthy(1s));
    watched.fleet->start();
    watched.queue.run_for(10s);
    BOOST_TEST(watched.network.in_flight() == 20);
    BOOST_TEST(watched.fleet->statistics().held_now == 20U);
    BOOST_TEST(watched.fleet->statistics().held == 0U);
    BOOST_TEST(watched.network.requests_of("http://plain.example/") == 1U);
    watched.queue.run_for(25s);
    BOOST_TEST(watched.fleet->statistics().held == 20U);
    BOOST_TEST(watched.fleet->statistics().held_now == 20U);
    BOOST_TEST(watched.network.requests_of("http://plain.example/") == 2U);
    watched.fleet->stop();
    watched.queue.run_for(1s);
    BOOST_TEST(watched.fleet->statistics().held_now == 0U);
}

BOOST_AUTO_TEST_CASE(B52_a_target_that_is_removed_gives_its_place_back) {
    virtual_fleet watched{{.held_max = 1, .spread_start = false}};
    hold_all(watched, 2);
    const target_id first = watched.fleet->add(url_number(0), held);
    BOOST_TEST((error_of_adding(watched) == errc::too_many_held));
    BOOST_TEST(watched.fleet->size() == 1U);
    BOOST_TEST(!error_of_adding(watched, {}));
    watched.fleet->start();
    watched.queue.run_for(10s);
    BOOST_TEST(watched.fleet->statistics().held_now == 1U);
    watched.fleet->remove(first);
    watched.queue.run_for(1s);
    BOOST_TEST(watched.fleet->statistics().held_now == 0U);
    BOOST_TEST(!error_of_adding(watched));
    BOOST_TEST((error_of_adding(watched) == errc::too_many_held));
}

BOOST_AUTO_TEST_CASE(B52_no_target_is_held_that_the_limit_of_descriptors_cannot_bear) {
    struct limit {
        explicit limit(std::size_t count) { scripted_network::transport::descriptors = count; }
        ~limit() { scripted_network::transport::descriptors = SIZE_MAX; }
    } const of_the_test{40};
    virtual_fleet watched{{.checks_in_flight_max = 3, .spread_start = false}};
    for (int n = 0; n < 10; ++n) // Only three of them have a check in flight.
        BOOST_TEST(!error_of_adding(watched, {}));
    for (int n = 0; n < 5; ++n)
        BOOST_TEST(!error_of_adding(watched));
    BOOST_TEST((error_of_adding(watched) == errc::too_few_descriptors));
    BOOST_TEST(!error_of_adding(watched, {}));
    BOOST_TEST(watched.fleet->size() == 16U);
}

BOOST_AUTO_TEST_CASE(B46_a_dead_server_of_a_fleet_is_reported_within_the_confirmation) {
    virtual_fleet watched;
    watched.network.then(url_number(0), offering());
    watched.network.then(url_number(0), sim::failing(errc::connection_lost, 7s));
    watched.network.otherwise(url_number(0), sim::failing(errc::connection_refused));
    watched.fleet->add(url_number(0), held);
    watched.fleet->start();
    watched.queue.run_for(7s + 120ms); // two ticks at the start, and one for each delay
    BOOST_TEST_REQUIRE(watched.downs.size() == 1U);
    BOOST_TEST(watched.downs[0].second.failures == 3);
}

BOOST_AUTO_TEST_CASE(B47_what_a_drain_releases_comes_back_spread_and_within_the_bounds) {
    constexpr std::size_t count = 1000;
    virtual_fleet watched{{.checks_in_flight_max = 10, .spread_start = false}};
    for (std::size_t n = 0; n < count; ++n) {
        watched.network.then(url_number(n), offering());
        watched.network.then(url_number(n), later(sim::stopping(), 20s));
    }
    watched.network.otherwise(sim::healthy(1ms));
    for (std::size_t n = 0; n < count; ++n)
        watched.fleet->add(url_number(n), held);
    watched.fleet->start();
    watched.queue.run_for(21s);
    BOOST_TEST(watched.downs.size() == count);
    const std::size_t before = watched.network.requests().size();
    const duration backoff = exponential_backoff{}(1, 30s);
    watched.queue.run_for(backoff + 1s);
    std::vector<steady_time> times;
    for (std::size_t n = before; n < watched.network.requests().size(); ++n)
        times.push_back(watched.network.requests()[n].at);
    BOOST_TEST_REQUIRE(times.size() >= count);
    std::sort(times.begin(), times.end());
    BOOST_TEST((times.back() - times.front() > backoff / 3));
    // No tenth of the time has more than its double share.
    for (std::size_t n = 0; n + count / 5 < times.size(); ++n)
        BOOST_TEST_REQUIRE((times[n + count / 5] - times[n] >= backoff / 20));
    BOOST_TEST(watched.ups.size() == count);
}

BOOST_AUTO_TEST_CASE(B49_a_late_answer_of_a_fleet_is_named_and_repeated) {
    virtual_fleet watched;
    watched.network.then(url_number(0), offering());
    watched.network.then(url_number(0), offering(20s));
    watched.network.then(url_number(0), offering());
    watched.network.otherwise(url_number(0), offering(25s));
    watched.fleet->add(url_number(0), held);
    watched.fleet->start();
    watched.queue.run_for(10s);
    watched.queue.skip(15s);
    watched.queue.run_for(1s);
    BOOST_TEST(watched.count(event_kind::check_succeeded) == 2U);
    BOOST_TEST(watched.count(event_kind::check_inconclusive) == 1U);
    for (const auto& each : watched.events)
        if (each.report.kind == event_kind::check_inconclusive)
            BOOST_TEST((each.report.error == errc::held_answer_late));
    BOOST_TEST(watched.network.requests().back().fields == "Prefer: wait=25\r\n");
}

BOOST_AUTO_TEST_CASE(B49_ten_thousand_held_checks_do_not_wake_the_fleet_often) {
    constexpr std::size_t count = 10'000;
    virtual_fleet watched{{.checks_in_flight_max = count, .spread_start = false}};
    watched.network.records = false;
    watched.fleet->on_event({});
    for (std::size_t n = 0; n < count; ++n)
        watched.network.then(url_number(n), offering(duration{n * 1ms}));
    watched.network.otherwise(offering(240s));
    for (std::size_t n = 0; n < count; ++n)
        watched.fleet->add(url_number(n), {.interval = 300s, .timeout = 20s, .hold = 240s});
    watched.fleet->start();
    watched.queue.run_for(60s);
    BOOST_TEST(watched.fleet->statistics().held_now == count);
    const std::uint64_t before = watched.clock.counted().waits;
    watched.queue.run_for(100s);
    BOOST_TEST(watched.clock.counted().waits - before <= 21U); // a quarter of the timeout apart
}

BOOST_AUTO_TEST_SUITE_END()
