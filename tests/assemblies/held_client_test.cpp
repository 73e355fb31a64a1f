// SPDX-License-Identifier: BSL-1.0

// The rules of held checks (B42 to B50) on the real client, with a virtual clock and a scripted
// transport. The answers of a server that holds are made by hand.

#include <support/virtual_client.hpp>

#include <forest/core/detail/logic/hold_fields.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
using forest::tests::virtual_client;

namespace {

using seconds = std::vector<double>;

const options held{.hold = 25s};

sim::scripted_reply with_offer(sim::scripted_reply answer) {
    answer.fields += "Forest-Hold: 30\r\n";
    return answer;
}

// An answer of a server that offers to hold, after `latency`.
sim::scripted_reply offering(duration latency = duration::zero()) {
    return with_offer(sim::healthy(latency));
}

sim::scripted_reply later(sim::scripted_reply answer, duration latency) {
    answer.latency = latency;
    return answer;
}

const sim::recorded_request& last_request(const virtual_client<>& watched) {
    return watched.transport.requests().back();
}

} // namespace

BOOST_AUTO_TEST_SUITE(held_client_test)

BOOST_AUTO_TEST_CASE(B43_a_plain_check_has_no_field_and_the_one_after_an_offer_asks_to_be_held) {
    virtual_client watched{held};
    watched.transport.then(offering()).otherwise(offering(25s));
    watched.client->start();
    watched.queue.run_for(60s);
    BOOST_TEST(watched.check_times() == (seconds{0, 0, 25, 50}), boost::test_tools::per_element());
    const auto& requests = watched.transport.requests();
    BOOST_TEST(requests[0].fields == "");
    BOOST_TEST((requests[0].timeout == 5s));
    for (std::size_t n = 1; n < requests.size(); ++n) {
        BOOST_TEST(requests[n].fields == "Prefer: wait=25\r\n");
        BOOST_TEST((requests[n].timeout == 30s));
        BOOST_TEST(!requests[n].fresh_connection);
    }
}

BOOST_AUTO_TEST_CASE(B43_the_preference_is_signed_with_the_request) {
    struct copying_signer {
        void sign(const request& get, wall_time, header_fields& fields) const {
            (void)fields.add("Signed", detail::wait_preference(field_view{get.fields.text()})
                                           ? "held"
                                           : "plain");
        }
    };
    virtual_client<exponential_backoff, copying_signer> watched{held};
    watched.transport.then(offering()).otherwise(offering(25s));
    watched.client->start();
    watched.queue.run_for(10s);
    BOOST_TEST(watched.transport.requests()[0].fields == "Signed: plain\r\n");
    BOOST_TEST(watched.transport.requests()[1].fields == "Prefer: wait=25\r\nSigned: held\r\n");
}

BOOST_AUTO_TEST_CASE(B43_a_client_without_hold_ignores_the_offer) {
    virtual_client watched{};
    watched.transport.otherwise(offering());
    watched.client->start();
    watched.queue.run_for(60s);
    BOOST_TEST(watched.check_times() == (seconds{0, 30, 60}), boost::test_tools::per_element());
    BOOST_TEST(last_request(watched).fields == "");
}

BOOST_AUTO_TEST_CASE(B43_an_unreadable_offer_is_none) {
    virtual_client watched{held};
    sim::scripted_reply strange = sim::healthy();
    strange.fields = "Forest-Hold: soon\r\n";
    watched.transport.otherwise(strange);
    watched.client->start();
    watched.queue.run_for(60s);
    BOOST_TEST(watched.check_times() == (seconds{0, 30, 60}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(B46_an_announced_stop_of_a_held_check_is_reported_at_once) {
    virtual_client watched{held};
    watched.transport.then(offering()).then(later(sim::stopping(), 7s));
    watched.client->start();
    watched.queue.run_for(10s);
    BOOST_TEST_REQUIRE(watched.down_times.size() == 1U);
    BOOST_TEST((watched.down_times[0] == steady_time{7s}));
}

BOOST_AUTO_TEST_CASE(B46_a_killed_server_is_reported_within_the_confirmation) {
    virtual_client watched{held};
    watched.transport.then(offering())
        .then(sim::failing(errc::connection_lost, 7s))
        .otherwise(sim::failing(errc::connection_refused));
    watched.client->start();
    watched.queue.run_for(10s);
    BOOST_TEST_REQUIRE(watched.down_times.size() == 1U);
    BOOST_TEST((watched.down_times[0] - steady_time{7s} <= 100ms));
    BOOST_TEST(watched.downs[0].failures == 3);
}

BOOST_AUTO_TEST_CASE(B46_the_answer_of_a_proxy_is_a_hint) {
    virtual_client watched{held};
    watched.transport.then(offering())
        .then(later(sim::answering(504, "upstream timed out"), 10s))
        .then(offering(10ms))
        .otherwise(offering(25s));
    watched.client->start();
    watched.queue.run_for(20s);
    BOOST_TEST(watched.check_times() == (seconds{0, 0, 10, 10.01}),
               boost::test_tools::per_element());
    BOOST_TEST(watched.transport.requests()[2].fields == "");
    BOOST_TEST(watched.transport.requests()[2].fresh_connection);
    BOOST_TEST(watched.count(event_kind::check_failed) == 0U);
    BOOST_TEST((watched.client->status() == target_status::up));
}

BOOST_AUTO_TEST_CASE(B45_a_server_that_never_holds_gets_three_checks_in_an_interval) {
    virtual_client watched{held};
    watched.transport.otherwise(offering());
    watched.client->start();
    watched.queue.run_for(3000s - 1ns);
    BOOST_TEST(watched.check_times().size() == 300U);
}

BOOST_AUTO_TEST_CASE(B44_silence_is_a_failure_at_hold_and_timeout) {
    virtual_client watched{held};
    watched.transport.then(offering()).otherwise(sim::silent());
    watched.client->start();
    watched.queue.run_for(30s - 1ns);
    BOOST_TEST(watched.count(event_kind::check_failed) == 0U);
    watched.queue.run_for(1ns);
    BOOST_TEST(watched.count(event_kind::check_failed) == 1U);
}

BOOST_AUTO_TEST_CASE(B49_an_answer_that_is_read_after_a_stall_is_repeated_as_a_plain_check) {
    virtual_client watched{held};
    watched.transport.then(offering())
        .then(offering(20s))
        .then(offering())
        .otherwise(offering(25s));
    watched.client->start();
    watched.queue.run_for(10s);
    watched.queue.skip(15s);
    watched.queue.run_for(1s);
    BOOST_TEST(watched.check_times() == (seconds{0, 0, 25, 25}), boost::test_tools::per_element());
    BOOST_TEST(watched.transport.requests()[2].fields == "");
    BOOST_TEST(watched.transport.requests()[3].fields == "Prefer: wait=25\r\n");
    BOOST_TEST(watched.count(event_kind::check_succeeded) == 2U);
    BOOST_TEST(watched.count(event_kind::check_inconclusive) == 1U);
}

BOOST_AUTO_TEST_CASE(B49_a_stop_that_is_read_after_a_stall_counts) {
    virtual_client watched{held};
    watched.transport.then(offering()).then(later(sim::stopping(), 20s));
    watched.client->start();
    watched.queue.run_for(10s);
    watched.queue.skip(15s);
    watched.queue.run_for(1ms);
    BOOST_TEST(watched.downs.size() == 1U);
}

BOOST_AUTO_TEST_CASE(B50_the_time_of_holding_is_a_phase_of_its_own) {
    virtual_client watched{held};
    watched.transport.then(offering(10ms)).otherwise(offering(20s));
    std::vector<phase_timings> timings;
    watched.client->on_event([&](const event& happened) {
        if (happened.kind == event_kind::check_succeeded)
            timings.push_back(happened.check->timings);
    });
    watched.client->start();
    watched.queue.run_for(30s);
    BOOST_TEST_REQUIRE(timings.size() == 2U);
    BOOST_TEST((timings[0].total == duration{10ms} && !timings[0].held));
    BOOST_TEST((timings[1].held == duration{20s} && timings[1].total == duration::zero()));
    BOOST_TEST(!timings[1].first_byte.has_value());
}

BOOST_AUTO_TEST_CASE(B14_a_client_that_is_stopped_during_a_held_check_is_silent_and_gone) {
    virtual_client watched{held};
    watched.transport.then(offering()).otherwise(offering(25s));
    watched.client->start();
    watched.queue.run_for(10s);
    watched.client->stop();
    const std::size_t reported = watched.events.size();
    watched.queue.run_for(100s);
    BOOST_TEST(watched.events.size() == reported);
    BOOST_TEST(watched.transport.in_flight() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
