// SPDX-License-Identifier: BSL-1.0

// A check with a second request beside the first one, because a kept connection is silent.

#include <support/scripted_network.hpp>
#include <support/virtual_client.hpp>
#include <support/virtual_fleet.hpp>

#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/health_client.hpp>
#include <forest/health_fleet.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
using forest::tests::copy_of;
using forest::tests::reported_event;
using forest::tests::scripted_network;

namespace {

const std::string target = "http://warehouse.example:3000/forest/health";

// A client of a network that keeps connections, and a fleet: what a test needs of both.
struct hedging_client {
    sim::event_queue queue;
    scripted_network network{queue};
    std::vector<reported_event> events;
    using client_type = basic_health_client<scripted_network::transport, sim::virtual_clock,
                                            hmac_sha256_signer, exponential_backoff>;
    std::optional<client_type> client;

    explicit hedging_client(const options& settings = {.failure_threshold = 1}) {
        network.keep_connections(true);
        client.emplace(network.make(), sim::virtual_clock{queue}, hmac_sha256_signer{"secret"},
                       exponential_backoff{}, target, settings, random_generator{1});
        client->on_event(
            [this](const event& happened) { events.push_back(copy_of(happened, queue.now())); });
    }

    void start() { client->start(); }
    void stop() { client->stop(); }
};

struct hedging_fleet {
    sim::event_queue queue;
    scripted_network network{queue};
    std::vector<reported_event> events;
    using fleet_type = basic_health_fleet<scripted_network::transport, sim::virtual_clock,
                                          hmac_sha256_signer, exponential_backoff>;
    std::optional<fleet_type> fleet;
    target_id id{};

    explicit hedging_fleet(const options& settings = {.failure_threshold = 1}) {
        network.keep_connections(true);
        fleet.emplace([this] { return network.make(); }, sim::virtual_clock{queue},
                      hmac_sha256_signer{"secret"}, exponential_backoff{},
                      fleet_options{.spread_start = false}, random_generator{1});
        fleet->on_event(
            [this](const event& happened) { events.push_back(copy_of(happened, queue.now())); });
        id = fleet->add(target, settings);
    }

    void start() { fleet->start(); }
    void stop() { fleet->stop(); }
};

template <typename Watched>
std::size_t count(const Watched& watched, event_kind kind) {
    return static_cast<std::size_t>(
        std::count_if(watched.events.begin(), watched.events.end(),
                      [kind](const reported_event& each) { return each.kind == kind; }));
}

template <typename Watched>
const reported_event& last(const Watched& watched, event_kind kind) {
    const auto found =
        std::find_if(watched.events.rbegin(), watched.events.rend(),
                     [kind](const reported_event& each) { return each.kind == kind; });
    if (found == watched.events.rend())
        throw std::logic_error("no such event was reported");
    return *found;
}

// A fleet may begin a tick later.
template <typename Watched>
duration from_start(const Watched& watched, steady_time moment) {
    return moment - watched.network.requests().front().at;
}

using all = std::tuple<hedging_client, hedging_fleet>;

} // namespace

BOOST_AUTO_TEST_SUITE(hedged_check_test)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_half_open_connection_is_no_failure_B2, Watched, all) {
    Watched watched;
    watched.network.then(target, sim::silent());
    watched.network.then(target, sim::healthy(10ms));
    watched.start();
    watched.queue.run_for(2s);
    BOOST_TEST(watched.network.requests().size() == 1U);
    watched.queue.run_for(1s);
    const auto& requests = watched.network.requests();
    BOOST_TEST_REQUIRE(requests.size() == 2U);
    BOOST_TEST((from_start(watched, requests[1].at) >= 2500ms));
    BOOST_TEST((from_start(watched, requests[1].at) <= 2510ms));
    // It is signed anew, uses a fresh connection, and has the rest of the time.
    BOOST_TEST(!requests[0].fresh_connection);
    BOOST_TEST(requests[1].fresh_connection);
    BOOST_TEST(requests[0].fields != requests[1].fields);
    BOOST_TEST((requests[1].timeout + from_start(watched, requests[1].at) == 5s));
    BOOST_TEST(count(watched, event_kind::check_started) == 1U);
    BOOST_TEST(count(watched, event_kind::check_succeeded) == 1U);
    BOOST_TEST(watched.network.in_flight() == 0);
    BOOST_TEST(watched.network.in_flight_max() == 2);
    watched.queue.run_for(1h);
    BOOST_TEST(count(watched, event_kind::check_failed) == 0U);
    BOOST_TEST(count(watched, event_kind::server_down) == 0U);
    BOOST_TEST(watched.network.broken_promises() == 0);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_first_request_may_still_win_B2, Watched, all) {
    for (const bool second_fails : {false, true}) {
        Watched watched;
        watched.network.then(target, sim::healthy(4s));
        watched.network.then(target, second_fails ? sim::failing(errc::connection_refused, 10ms)
                                                  : sim::silent());
        watched.start();
        watched.queue.run_for(6s);
        BOOST_TEST(watched.network.requests().size() == 2U);
        BOOST_TEST(count(watched, event_kind::check_succeeded) == 1U);
        BOOST_TEST(count(watched, event_kind::check_failed) == 0U);
        BOOST_TEST((from_start(watched, last(watched, event_kind::check_succeeded).at) == 4s));
        BOOST_TEST(watched.network.in_flight() == 0);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(any_complete_answer_decides_B2, Watched, all) {
    for (const bool first_answers : {false, true}) {
        Watched watched;
        sim::scripted_reply answer = sim::answering(500, "");
        answer.latency = first_answers ? 3s : 100ms;
        watched.network.then(target, first_answers ? answer : sim::silent());
        watched.network.then(target, first_answers ? sim::silent() : answer);
        watched.start();
        watched.queue.run_for(3100ms);
        BOOST_TEST(count(watched, event_kind::check_failed) == 1U);
        BOOST_TEST(last(watched, event_kind::check_failed).http_status == 500);
        BOOST_TEST(watched.network.in_flight() == 0);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(two_requests_that_fail_are_one_failure_B2, Watched, all) {
    Watched watched{{.failure_threshold = 3}};
    watched.network.then(target, sim::failing(errc::connection_lost, 3s));
    watched.network.then(target, sim::failing(errc::connection_refused, 1s));
    watched.start();
    watched.queue.run_for(4s);
    BOOST_TEST(count(watched, event_kind::check_failed) == 1U);
    BOOST_TEST((last(watched, event_kind::check_failed).error == errc::connection_refused));
    BOOST_TEST(last(watched, event_kind::check_failed).failures == 1);
    // And two that are silent end at the deadline of the check.
    watched.network.then(target, sim::silent(), 2);
    watched.queue.run_for(20s);
    BOOST_TEST(count(watched, event_kind::check_failed) == 2U);
    BOOST_TEST((last(watched, event_kind::check_failed).error == errc::timed_out));
    const auto& requests = watched.network.requests();
    BOOST_TEST_REQUIRE(requests.size() >= 4U);
    BOOST_TEST((last(watched, event_kind::check_failed).at - requests[2].at == 5s));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_fresh_connection_that_is_silent_gets_no_second_request, Watched,
                              all) {
    Watched watched;
    watched.network.keep_connections(false);
    watched.network.then(target, sim::silent());
    watched.start();
    watched.queue.run_for(5100ms);
    BOOST_TEST(watched.network.requests().size() == 1U);
    BOOST_TEST(count(watched, event_kind::check_failed) == 1U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_stop_cancels_both_requests_B14, Watched, all) {
    Watched watched;
    watched.network.otherwise(sim::silent());
    watched.start();
    watched.queue.run_for(3s);
    BOOST_TEST(watched.network.in_flight() == 2);
    watched.stop();
    watched.queue.run_for(0s);
    BOOST_TEST(watched.network.in_flight() == 0);
    BOOST_TEST(count(watched, event_kind::check_failed) == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_second_request_that_cannot_be_made_leaves_the_first_alone, Watched,
                              all) {
    Watched watched;
    watched.network.then(target, sim::healthy(4s));
    watched.start();
    watched.queue.run_for(1s);
    watched.network.on_get = [](const request&) { throw std::bad_alloc{}; };
    watched.queue.run_for(2s);
    watched.network.on_get = {};
    watched.queue.run_for(2s);
    BOOST_TEST(count(watched, event_kind::check_succeeded) == 1U);
    BOOST_TEST(count(watched, event_kind::check_inconclusive) == 0U);
    BOOST_TEST(watched.network.requests().size() == 1U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_check_after_a_second_request_is_an_ordinary_one, Watched, all) {
    Watched watched;
    for (int n = 0; n < 3; ++n) {
        watched.network.then(target, sim::silent());
        watched.network.then(target, sim::healthy());
    }
    watched.start();
    watched.queue.run_for(5min + 100ms);
    BOOST_TEST(count(watched, event_kind::check_succeeded) == 11U);
    BOOST_TEST(watched.network.requests().size() == 14U);
    BOOST_TEST(watched.network.transports() == 2); // the same two for all checks
    BOOST_TEST(watched.network.broken_promises() == 0);
}

BOOST_AUTO_TEST_CASE(a_target_is_removed_while_it_has_two_requests) {
    hedging_fleet watched;
    watched.network.otherwise(sim::silent());
    watched.start();
    watched.queue.run_for(3s);
    BOOST_TEST(watched.network.in_flight() == 2);
    watched.fleet->remove(watched.id);
    watched.network.otherwise(sim::healthy());
    const target_id next = watched.fleet->add(target, {});
    watched.queue.run_for(1min);
    BOOST_TEST((next != watched.id));
    BOOST_TEST(watched.network.in_flight() == 0);
    BOOST_TEST(count(watched, event_kind::check_failed) == 0U);
    BOOST_TEST(count(watched, event_kind::check_succeeded) == 2U);
    BOOST_TEST(watched.network.broken_promises() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
