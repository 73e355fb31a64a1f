// SPDX-License-Identifier: BSL-1.0

// B12 for a check that is under way: this process is stalled, suspended or starved.

#include <support/scripted_network.hpp>
#include <support/virtual_client.hpp>

#include <forest/core/detection.hpp>
#include <forest/health_client.hpp>
#include <forest/health_fleet.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <tuple>

using namespace std::chrono_literals;
using namespace forest;
using forest::tests::scripted_network;

namespace {

const std::string target = "http://warehouse.example:3000/forest/health";

// Counts the events of one target.
struct tally {
    int succeeded = 0;
    int failed = 0;
    int inconclusive = 0;
    int downs = 0;
    int doubts = 0; // of the last failure
    steady_time down_at{};

    void add(const event& happened, steady_time now) {
        succeeded += happened.kind == event_kind::check_succeeded ? 1 : 0;
        failed += happened.kind == event_kind::check_failed ? 1 : 0;
        inconclusive += happened.kind == event_kind::check_inconclusive ? 1 : 0;
        downs += happened.kind == event_kind::server_down ? 1 : 0;
        if (happened.kind == event_kind::check_failed)
            doubts = happened.doubts;
        if (happened.kind == event_kind::server_down)
            down_at = now;
    }
};

struct one_client {
    sim::event_queue queue;
    scripted_network network{queue};
    tally seen;
    std::optional<basic_health_client<scripted_network::transport, sim::virtual_clock,
                                      unsigned_requests, exponential_backoff>>
        client;

    explicit one_client(const options& settings) {
        client.emplace(network.make(), sim::virtual_clock{queue}, unsigned_requests{},
                       exponential_backoff{}, target, settings, random_generator{1});
        client->on_event([this](const event& happened) { seen.add(happened, queue.now()); });
        client->start();
    }
};

struct one_fleet {
    sim::event_queue queue;
    scripted_network network{queue};
    tally seen;
    std::optional<basic_health_fleet<scripted_network::transport, sim::virtual_clock,
                                     unsigned_requests, exponential_backoff>>
        fleet;

    explicit one_fleet(const options& settings) {
        fleet.emplace([this] { return network.make(); }, sim::virtual_clock{queue},
                      unsigned_requests{}, exponential_backoff{},
                      fleet_options{.spread_start = false}, random_generator{1});
        fleet->on_event([this](const event& happened) { seen.add(happened, queue.now()); });
        fleet->add(target, settings);
        fleet->start();
    }
};

using all = std::tuple<one_client, one_fleet>;

// An answer that a stall makes too late: a server that takes most of the timeout.
sim::scripted_reply slow() {
    return sim::healthy(4500ms);
}

} // namespace

BOOST_AUTO_TEST_SUITE(late_process_test)

BOOST_AUTO_TEST_CASE_TEMPLATE(
    B12_a_stall_in_the_middle_of_a_check_is_noticed_although_it_ends_on_time, Watched, all) {
    Watched watched{{.failure_threshold = 1}};
    watched.network.then(target, sim::failing(errc::connection_lost, 4s));
    watched.queue.run_for(1s);
    watched.queue.skip(1500ms); // The wake-up after 1.25 s is 1.25 s late.
    watched.queue.run_for(1ms);
    watched.queue.run_for(2s);
    BOOST_TEST(watched.seen.inconclusive == 0);
    BOOST_TEST(watched.seen.failed == 1);

    Watched other{{.failure_threshold = 1}};
    other.network.then(target, sim::failing(errc::connection_lost, 4s));
    other.queue.run_for(1s);
    other.queue.skip(1550ms);
    other.queue.run_for(2s);
    BOOST_TEST(other.seen.inconclusive == 1);
    BOOST_TEST(other.seen.failed == 0);
    BOOST_TEST(other.seen.succeeded == 1); // the repeated one
}

BOOST_AUTO_TEST_CASE_TEMPLATE(
    B12_suspends_of_up_to_three_timeouts_at_any_phase_are_no_failure_and_hide_none, Watched, all) {
    for (const bool well : {true, false}) {
        for (int length = 1; length <= 20; ++length) {
            for (duration phase = 0s; phase <= 5s; phase += 250ms) {
                Watched watched{{.failure_threshold = 1}};
                // The one check that is disturbed fails because of the stall, if that is long.
                const duration stall = length * 750ms;
                const bool lost = stall >= 2500ms && phase < 4500ms;
                if (well)
                    watched.network.then(target, lost ? sim::silent() : slow());
                else
                    watched.network.otherwise(sim::silent());
                watched.queue.run_for(phase + 10ms);
                watched.queue.skip(stall);
                watched.queue.run_for(25s);
                BOOST_TEST(watched.seen.downs == (well ? 0 : 1),
                           "stalled for " << stall.count() / 1'000'000 << " ms after "
                                          << phase.count() / 1'000'000 << " ms");
            }
        }
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(B12_a_process_that_is_starved_for_good_tells_no_outage, Watched,
                              all) {
    Watched watched{{.interval = 1s, .timeout = 500ms, .failure_threshold = 3}};
    // Five pieces of work, and a stop after each.
    watched.network.otherwise(sim::healthy(3s));
    for (int n = 0; n < 5 * 60; ++n) {
        watched.queue.run_for(4ms);
        watched.queue.skip(800ms);
    }
    BOOST_TEST(watched.seen.downs == 0);
    BOOST_TEST(watched.seen.inconclusive > 0);
    BOOST_TEST(watched.seen.succeeded > 0); // Patience pays.
}

BOOST_AUTO_TEST_CASE_TEMPLATE(B12_a_starved_process_tells_a_real_outage_within_ten_times_the_bound,
                              Watched, all) {
    const options settings{.interval = 1s, .timeout = 500ms, .failure_threshold = 3};
    Watched watched{settings};
    watched.network.otherwise(sim::silent());
    while (watched.queue.now() < steady_time{5min}) {
        watched.queue.run_for(4ms);
        watched.queue.skip(800ms);
    }
    BOOST_TEST(watched.seen.downs == 1);
    BOOST_TEST(watched.seen.doubts == 10); // the reason
    const duration bound = worst_case_detection(settings, exponential_backoff{}).black_holed;
    BOOST_TEST((watched.seen.down_at - steady_time{} < 10 * bound));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(B12_a_patient_check_on_time_takes_no_longer_than_any_other, Watched,
                              all) {
    Watched watched{{.failure_threshold = 1, .doubt_max = 1}};
    watched.network.otherwise(sim::silent());
    watched.queue.run_for(1s);
    watched.queue.skip(1h);
    watched.queue.run_for(1ms);
    BOOST_TEST(watched.seen.inconclusive == 1);
    watched.queue.run_for(4990ms);
    BOOST_TEST(watched.seen.failed == 0);
    watched.queue.run_for(20ms);
    BOOST_TEST(watched.seen.failed == 1);
    BOOST_TEST(watched.seen.downs == 1);
    BOOST_TEST(watched.seen.doubts == 0); // This one was on time.
    BOOST_TEST(watched.network.in_flight() == 0);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_clock_that_wakes_a_check_does_not_disturb_those_that_follow,
                              Watched, all) {
    // The checks are shorter than the distance of their wake-ups.
    Watched watched{{.interval = 100ms, .timeout = 8s}};
    watched.network.otherwise(sim::healthy(1ms));
    watched.queue.run_for(1min);
    BOOST_TEST(watched.seen.succeeded >= 570);
    BOOST_TEST(watched.seen.failed + watched.seen.inconclusive == 0);
}

BOOST_AUTO_TEST_SUITE_END()
