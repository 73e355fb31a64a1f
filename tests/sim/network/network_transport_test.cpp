// SPDX-License-Identifier: BSL-1.0

// What happens to one check on its link.

#include <forest/sim/network/network_transport.hpp>
#include <forest/sim/world/world.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <system_error>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
namespace data = boost::unit_test::data;

namespace {

// One check, and then none for a day.
struct one_check {
    sim::world world{1};
    sim::server_process& server = world.add_server("warehouse");
    sim::world::client_type* client = nullptr;
    std::optional<std::error_code> result{};
    duration ended{};
    duration total{}; // by the client's clock

    void prepare(sim::latency usual = sim::constant(1ms), duration timeout = 5s) {
        client =
            &world.prepare_client(server, {.interval = 24h, .timeout = timeout}, {.usual = usual});
        client->also_report([this](const event& happened) {
            if (happened.check == nullptr || result)
                return;
            result = happened.check->error;
            ended = world.now();
            total = *happened.check->timings.total;
        });
        world.queue().after({}, [this] { client->client().start(); });
    }
};

// A GET whose answer the server holds.
struct held_get {
    held_get() {
        request asked;
        (void)url::parse("http://a/forest/health", asked.target);
        (void)asked.fields.add("Prefer", "wait=100");
        transport.async_get(asked, 200s, [this](const reply& got) {
            error = got.error;
            status = got.status;
            ended = queue.now() - begun;
        });
        queue.run_for(2s);
    }

    sim::event_queue queue;
    steady_time begun = queue.now();
    sim::host client{queue};
    sim::link link{queue, sim::constant(1s), 1};
    sim::server_process server{queue, "held", accept_unsigned, sim::quick_hex, {.hold_max = 100s}};
    sim::network_transport transport{{.client = &client, .over = &link, .server = &server}};
    std::optional<std::error_code> error;
    int status = 0;
    duration ended{};
};

sim::latency constant_of(duration way) {
    return sim::constant(way);
}

// A client whose connections are opened step by step, and how long its checks took.
struct stepwise {
    stepwise(const options& settings, const sim::connection_setup& connections,
             sim::latency usual = sim::constant(1ms))
        : client{world.prepare_client(server, settings,
                                      {.usual = usual, .connections = connections})} {
        client.also_report([this](const event& happened) {
            if (happened.check == nullptr)
                return;
            times.push_back(*happened.check->timings.total);
        });
        client.client().start();
    }

    // How many connections were made.
    [[nodiscard]] std::ptrdiff_t opened() const {
        const auto& lines = world.trace().lines();
        return std::count_if(lines.begin(), lines.end(), [](const sim::trace_line& each) {
            return each.kind == sim::trace_kind::connected;
        });
    }

    sim::world world{1, sim::trace{100'000}};
    sim::server_process& server = world.add_server("warehouse");
    std::vector<duration> times;
    sim::world::client_type& client;
};

} // namespace

BOOST_AUTO_TEST_SUITE(network_transport_test)

BOOST_AUTO_TEST_CASE(a_server_that_is_paused_while_it_works_answers_when_it_goes_on) {
    one_check of;
    of.prepare(sim::constant(1ms), 1h);
    of.world.at(0s).slow(of.server, 2s);
    of.world.at(1s).pause(of.server, 10min);
    of.world.run_for(2h);
    BOOST_TEST((of.result == std::error_code{}));
    BOOST_TEST((of.ended == 10min + 1s + 1ms));
}

BOOST_AUTO_TEST_CASE(a_server_that_is_frozen_while_it_works_does_not_answer) {
    one_check of;
    of.prepare(sim::constant(1ms), 1min);
    of.world.at(0s).slow(of.server, 2s);
    of.world.between(1s, 3s).freeze(of.server);
    of.world.run_for(2h);
    BOOST_TEST((of.result == errc::timed_out));
}

BOOST_DATA_TEST_CASE(an_answer_in_time_by_the_clock_of_the_world_may_be_too_late_by_a_fast_one,
                     data::make({0, 100'000}), ppm) {
    one_check of;
    of.prepare(sim::constant(2400ms));
    of.client->host().drift(ppm);
    of.world.run_for(1min);
    BOOST_TEST((of.result == (ppm == 0 ? std::error_code{} : errc::timed_out)));
    BOOST_TEST((of.total == (ppm == 0 ? 4800ms : 5s)));
}

BOOST_AUTO_TEST_CASE(an_answer_that_waits_for_a_paused_client_has_arrived) {
    one_check of;
    of.prepare(sim::constant(1s));
    of.world.at(1500ms).pause(*of.client, 1min);
    of.world.run_for(1h);
    BOOST_TEST((of.result == std::error_code{}));
    BOOST_TEST((of.ended == 61500ms));
}

BOOST_AUTO_TEST_CASE(a_crash_resets_an_answer_that_is_under_way) {
    one_check of;
    of.prepare(sim::constant(1s));
    of.world.at(1500ms).crash(of.server);
    of.world.run_for(1h);
    BOOST_TEST((of.result == errc::connection_lost));
    BOOST_TEST((of.ended == 2500ms));
}

BOOST_AUTO_TEST_CASE(a_connection_is_held_until_the_answer_has_arrived) {
    one_check of;
    of.world.at(0s).single_connection(of.server);
    of.prepare(sim::constant(1s));
    auto& second = of.world.prepare_client(of.server, {.interval = 1s});
    of.world.queue().after(1500ms, [&] { second.client().start(); });
    of.world.run_for(1999ms);
    BOOST_TEST(second.failures() == 1U);
    of.world.run_for(1min);
    BOOST_TEST(second.failures() == 1U);
}

// A usual answer arrives at once; a dripping one comes in pieces and may be cut between any two.
BOOST_AUTO_TEST_CASE(an_answer_that_drips_is_lost_with_what_happens_while_it_does) {
    one_check whole;
    whole.prepare(sim::constant(1ms), 1min);
    whole.world.at(0s).drip(*whole.client, 16s);
    whole.world.run_for(1h);
    BOOST_TEST((whole.result == std::error_code{}));
    BOOST_TEST((whole.ended == 16s + 2ms));

    one_check crashed;
    crashed.prepare(sim::constant(1ms), 1min);
    crashed.world.at(0s).drip(*crashed.client, 16s);
    crashed.world.at(8s).crash(crashed.server);
    crashed.world.run_for(1h);
    BOOST_TEST((crashed.result == errc::connection_lost));
    BOOST_TEST((crashed.ended == 8s + 1ms));

    one_check held;
    held.prepare(sim::constant(1ms), 1min);
    held.world.at(0s).drip(*held.client, 16s);
    held.world.between(8s, 20s).clog(*held.client);
    held.world.run_for(1h);
    BOOST_TEST((held.result == std::error_code{}));
    BOOST_TEST((held.ended > 24s && held.ended < 30s));

    one_check lost;
    lost.prepare(sim::constant(1ms), 1min);
    lost.world.at(0s).drip(*lost.client, 16s);
    lost.world.between(8s, 10s).black_hole(*lost.client);
    lost.world.run_for(1h);
    BOOST_TEST((lost.result == errc::timed_out));
}

BOOST_AUTO_TEST_CASE(a_garbled_answer_that_drips_fails_as_soon_as_it_is_read_so_far) {
    duration earliest = duration::max();
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        sim::world world{seed};
        auto& server = world.add_server("warehouse");
        auto& client = world.prepare_client(server, {.interval = 24h, .timeout = 1min});
        world.at(0s).drip(client, 16s).garble(client);
        client.also_report([&](const event& happened) {
            if (happened.check != nullptr && happened.check->error == errc::malformed_response)
                earliest = std::min(earliest, world.now());
        });
        world.queue().after({}, [&] { client.client().start(); });
        world.run_for(30s);
    }
    BOOST_TEST((earliest < 10s));
}

// -- Connections that are opened step by step --

BOOST_AUTO_TEST_CASE(B48_a_held_answer_comes_with_a_drain_or_at_the_end_of_its_time) {
    for (const bool drains : {false, true}) {
        held_get of;
        BOOST_TEST(of.server.held() == 1U);
        of.queue.run_for(8s);
        BOOST_TEST(!of.error.has_value());
        if (drains)
            of.server.drain();
        BOOST_TEST(of.server.held() == (drains ? 0U : 1U));
        of.queue.run_for(150s);
        BOOST_TEST((of.error == std::error_code{}));
        BOOST_TEST(of.status == (drains ? 503 : 200));
        BOOST_TEST((drains ? of.ended == 11s : of.ended > 93s && of.ended <= 102s));
        BOOST_TEST(of.server.held() == 0U);
    }
}

BOOST_AUTO_TEST_CASE(B48_a_client_that_gives_up_frees_its_place) {
    held_get of;
    of.transport.cancel();
    BOOST_TEST(of.server.held() == 0U);
}

BOOST_AUTO_TEST_CASE(a_crash_ends_a_held_answer_and_a_freeze_loses_it) {
    for (const bool crashes : {false, true}) {
        held_get of;
        if (crashes)
            of.server.crash();
        else
            ++of.server.frozen;
        BOOST_TEST(of.server.held() == (crashes ? 0U : 1U));
        of.queue.run_for(1h);
        BOOST_TEST((of.error == (crashes ? errc::connection_lost : errc::timed_out)));
        BOOST_TEST(of.server.held() == 0U);
    }
}

BOOST_AUTO_TEST_CASE(each_step_of_a_connection_takes_its_round_trips) {
    stepwise of{{}, {.tls_flights = 2}, constant_of(10ms)};
    of.world.run_for(1s);
    // The look-up, three round trips, and the request with its answer.
    BOOST_TEST((of.times.front() == 10ms + 3 * 20ms + 20ms));
    BOOST_TEST(of.opened() == 1);
}

BOOST_AUTO_TEST_CASE(a_kept_connection_is_used_again) {
    stepwise of{{}, {.tls_flights = 2, .kept = true}, constant_of(10ms)};
    of.world.run_for(10min);
    BOOST_TEST(of.opened() == 1);
    BOOST_TEST((of.times.back() == 20ms));
    BOOST_TEST(of.client.failures() == 0U);
}

// A black-holed first address costs 250 ms, once: the one that answered goes first from then on.
BOOST_AUTO_TEST_CASE(a_black_holed_first_address_is_noticed_once) {
    stepwise of{{}, {.addresses = 2}, constant_of(10ms)};
    of.world.at(0s).black_hole_address(of.client, 0);
    of.world.run_for(10min);
    BOOST_TEST((of.times[0] == 10ms + 250ms + 2 * 20ms));
    for (std::size_t check = 1; check < of.times.size(); ++check)
        BOOST_TEST((of.times[check] <= 10ms + 2 * 20ms));
    BOOST_TEST(of.client.failures() == 0U);
}

BOOST_AUTO_TEST_CASE(a_half_open_connection_is_no_outage) {
    stepwise of{{.failure_threshold = 1}, {.kept = true}};
    of.world.between(75s, 275s).half_open(of.client);
    of.world.run_for(10min);
    BOOST_TEST(of.client.failures() == 0U);
    // The first connection is lost at 75 s, and then each when it becomes idle, until 275 s.
    BOOST_TEST(of.opened() == 1 + 8);
}

BOOST_AUTO_TEST_CASE(a_server_that_closes_idle_connections_or_restarts_is_no_outage) {
    for (const duration idle : {duration{1s}, duration{29990ms}, duration{29999ms}}) {
        stepwise of{{.failure_threshold = 1}, {.kept = true}};
        of.world.at(0s).close_idle(of.server, idle);
        of.world.every(70s, 75s).restart(of.server);
        of.world.run_for(1h);
        BOOST_TEST(of.client.failures() == 0U);
        BOOST_TEST(of.opened() > 50);
    }
}

BOOST_AUTO_TEST_CASE(lost_flights_of_tls_are_an_outage_for_clients_with_tls) {
    stepwise of{{}, {.tls_flights = 1}};
    of.world.between(75s, 275s).lose_handshakes(of.client);
    of.world.run_for(10min);
    BOOST_TEST(of.client.downs() == 1U);
    BOOST_TEST((of.client.last_outage()->last_error == errc::timed_out));
}

// The name is known from the first check on, and is used while the name service hangs.
BOOST_AUTO_TEST_CASE(a_name_service_that_hangs_is_no_outage) {
    stepwise known{{.failure_threshold = 1}, {}};
    known.world.between(75s, 275s).dns_hang(known.client);
    known.world.run_for(10min);
    BOOST_TEST(known.client.failures() + known.client.inconclusive() == 0U);

    stepwise unknown{{.interval = 2h, .failure_threshold = 1}, {}}; // and forgets it until then
    unknown.world.between(2h - 1s, 2h + 20s).dns_hang(unknown.client);
    unknown.world.run_for(5h);
    BOOST_TEST(unknown.client.failures() == 0U);
    BOOST_TEST(unknown.client.inconclusive() > 0U);
}

// Twenty lengths from a tenth of the timeout to three times as long, in each phase of a check.
BOOST_DATA_TEST_CASE(B12_a_stall_in_any_phase_of_a_check_is_no_failure_and_hides_no_outage,
                     data::make({0, 2}) * data::make({false, true}), flights, suspended) {
    constexpr duration way = 100ms;
    const int phases = 1 + 2 * (2 + flights); // the look-up, and each way of each round trip
    for (int phase = 0; phase < phases; ++phase) {
        for (int length = 1; length <= 20; ++length) {
            const duration stall = 500ms + (length - 1) * (14500ms / 19);
            for (const bool down : {false, true}) {
                stepwise of{{.failure_threshold = 1}, {.tls_flights = flights}, constant_of(way)};
                if (down)
                    of.world.at(0s).freeze(of.server);
                auto when = of.world.at(phase * way + way / 2);
                suspended ? when.suspend(of.client, stall) : when.pause(of.client, stall);
                of.world.run_for(2min);
                BOOST_TEST_CONTEXT("phase " << phase << ", length " << length << ", down " << down)
                BOOST_TEST(of.client.downs() == (down ? 1U : 0U));
                if (!down)
                    BOOST_TEST(of.client.failures() == 0U);
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
