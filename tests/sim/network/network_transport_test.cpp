// SPDX-License-Identifier: BSL-1.0

// What happens to one check on its link.

#include <forest/sim/network/network_transport.hpp>
#include <forest/sim/world/world.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <system_error>

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

BOOST_AUTO_TEST_SUITE_END()
