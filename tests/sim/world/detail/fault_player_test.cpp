// SPDX-License-Identifier: BSL-1.0

// Faults that overlap, come late, or make no sense.

#include <forest/sim/script/fault.hpp>
#include <forest/sim/world/detail/fault_player.hpp>
#include <forest/sim/world/world.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <functional>
#include <ostream>
#include <stdexcept>
#include <system_error>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
namespace data = boost::unit_test::data;

namespace {

struct place {
    sim::world world{1};
    sim::server_process& server = world.add_server("warehouse");
    sim::world::client_type& client = world.add_client(server);
};

struct nonsense {
    const char* what;
    std::function<void(place&)> said;
};

std::ostream& operator<<(std::ostream& out, const nonsense& row) {
    return out << row.what;
}

const std::vector<nonsense> all_nonsense{
    {"a repeated crash that never ends", [](place& in) { in.world.every(1h).crash(in.server); }},
    {"a step between two moments",
     [](place& in) { in.world.between(1s, 2s).step_wall(in.client, 1h); }},
    {"a pause between two moments",
     [](place& in) { in.world.between(1s, 2s).pause(in.client, 1s); }},
    {"an end before the beginning", [](place& in) { in.world.between(2s, 1s).crash(in.server); }},
    {"an end at the beginning", [](place& in) { in.world.between(2s, 2s).crash(in.server); }},
    {"a period of nothing", [](place& in) { in.world.every(0s).restart(in.server); }},
    {"a swizzle of a moment", [](place& in) { in.world.at(1s).swizzle(in.server); }},
    {"less loss than none", [](place& in) { in.world.at(1s).loss(in.client, -1); }},
    {"more loss than all", [](place& in) { in.world.at(1s).loss(in.client, 1001); }},
    {"a jump of less than nothing", [](place& in) { in.world.at(1s).jump_wall(in.client, -1ms); }},
    {"a step below a millisecond", [](place& in) { in.world.at(1s).step_wall(in.client, 1us); }},
    {"a drift of more than a tenth", [](place& in) { in.world.at(1s).drift(in.client, 100'001); }},
    {"a negative delay",
     [](place& in) { in.world.at(1s).delay(in.client, sim::constant(1ms, -1ms)); }},
    {"a client that does not exist",
     [](place& in) { in.world.play(sim::fault{.kind = sim::fault_kind::refuse, .client = 7}); }},
    {"a server that does not exist",
     [](place& in) { in.world.play(sim::fault{.kind = sim::fault_kind::crash, .server = 7}); }},
    {"that all clients quit",
     [](place& in) { in.world.play(sim::fault{.kind = sim::fault_kind::quit}); }},
    {"a client whose messages take more than an hour",
     [](place& in) { in.world.add_client(in.server, {}, {.usual = sim::constant(2h)}); }},
};

} // namespace

BOOST_AUTO_TEST_SUITE(fault_player_test)

BOOST_DATA_TEST_CASE(what_makes_no_sense_is_refused_when_it_is_said, data::make(all_nonsense),
                     row) {
    place in;
    BOOST_CHECK_THROW(row.said(in), std::invalid_argument);
    BOOST_TEST(in.world.played().empty());
}

BOOST_AUTO_TEST_CASE(how_long_it_lasts_is_said_before_what) {
    place in;
    BOOST_CHECK_THROW(in.world.every(1h).restart(in.server).lasting(10s), std::logic_error);
}

BOOST_AUTO_TEST_CASE(a_crash_belongs_to_the_life_that_it_ended) {
    place in;
    in.world.between(10s, 100s).crash(in.server);
    in.world.at(20s).restart(in.server);
    in.world.between(30s, 200s).crash(in.server);
    in.world.run_for(25s);
    BOOST_TEST(!in.server.crashed());
    in.world.run_for(125s);
    BOOST_TEST(in.server.crashed());
    in.world.run_for(60s);
    BOOST_TEST(!in.server.crashed());
}

BOOST_AUTO_TEST_CASE(of_faults_that_carry_a_value_the_last_that_began_is_in_force) {
    place in;
    auto& link = in.client.link();
    in.world.between(0s, 100s).slow(in.server, 10s).drip(in.client, 3s);
    in.world.between(0s, 100s).delay(in.client, sim::uniform(20ms, 5ms));
    in.world.between(50s, 60s).slow(in.server, 1s).drip(in.client, 1ms);
    in.world.between(50s, 60s).delay(in.server, sim::constant(1s));
    in.world.run_for(55s);
    BOOST_TEST((in.server.slowness == 1s && link.drip == 1ms));
    BOOST_TEST((link.delay == sim::constant(1s)));
    in.world.run_for(10s);
    BOOST_TEST((in.server.slow == 1 && in.server.slowness == 10s));
    BOOST_TEST((link.dripping == 1 && link.drip == 3s));
    BOOST_TEST((link.delay == sim::uniform(20ms, 5ms)));
    in.world.run_for(40s);
    BOOST_TEST((in.server.sound() && link.sound()));
    BOOST_TEST((link.delay == sim::constant(1ms)));
}

BOOST_AUTO_TEST_CASE(an_older_fault_that_ends_leaves_the_one_in_force_alone) {
    place in;
    sim::host& host = in.client.host();
    in.world.between(0s, 20s).jump_wall(in.client, 1h).swing(in.client, 1s);
    in.world.between(0s, 20s).drift(in.client, 100);
    in.world.between(10s, 30s).jump_wall(in.client, 1min).swing(in.client, 2s);
    in.world.between(10s, 30s).drift(in.client, 50'000);
    in.world.run_for(25s);
    BOOST_TEST((host.wall_range() == 1min));
    BOOST_TEST(!host.timers_exact());
    BOOST_TEST((host.true_span(105s) == 100s));
    in.world.run_for(10s);
    BOOST_TEST((host.wall_range() == 0ms));
    BOOST_TEST(host.timers_exact());
    BOOST_TEST((host.true_span(105s) == 105s));
}

BOOST_AUTO_TEST_CASE(a_client_that_comes_later_is_concerned_until_the_fault_ends) {
    place in;
    in.world.between(1s, 100s).black_hole(in.server);
    in.world.run_for(10s);
    auto& later = in.world.add_client(in.server);
    BOOST_TEST(!later.link().sound());
    in.world.run_for(100s);
    BOOST_TEST(later.failures() > 0U);
    BOOST_TEST(later.link().sound());
    BOOST_TEST(later.link().requests_lost == 0);
}

BOOST_AUTO_TEST_CASE(what_began_in_the_past_ends_when_it_was_to) {
    place in;
    in.world.run_for(100s);
    in.world.between(50s, 120s).crash(in.server);
    in.world.every(40s, 10s).lasting(15s).freeze(in.server); // 90 s to 105 s, 130 s to 145 s, …
    in.world.run_for(1s);
    BOOST_TEST((in.server.crashed() && in.server.frozen == 1));
    in.world.run_for(9s);
    BOOST_TEST((in.server.crashed() && in.server.frozen == 0));
    in.world.run_for(20s);
    BOOST_TEST((!in.server.crashed() && in.server.frozen == 1));
    BOOST_CHECK_THROW(in.world.between(50s, 120s).crash(in.server), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(what_lasts_for_longer_than_time_does_not_end) {
    place in;
    in.world.every(1h).lasting(duration::max()).freeze(in.server);
    in.world.at(0s).slow(in.server, duration::max());
    in.world.run_for(90min);
    BOOST_TEST(in.server.frozen == 1);
    BOOST_TEST((in.client.status() == target_status::down));
}

BOOST_AUTO_TEST_CASE(the_wall_clocks_of_a_world_do_not_jump_together) {
    place in;
    in.world.at(0s).jump_wall(in.client, 10min).jump_wall(in.server, 10min);
    int together = 0;
    for (int second = 0; second < 1000; ++second) {
        in.world.run_for(1s);
        together += in.client.host().now() == in.server.host().now() ? 1 : 0;
    }
    BOOST_TEST(together < 10);
}

BOOST_AUTO_TEST_CASE(a_client_on_a_machine_that_stands_still_quits_when_it_goes_on) {
    place in;
    duration told{};
    in.client.also_report([&](const event& happened) {
        if (happened.kind == event_kind::stopped)
            told = in.world.now();
    });
    in.world.at(10s).suspend(in.client, 1h);
    in.world.at(20s).quit(in.client);
    in.world.run_for(2h);
    BOOST_TEST((told == 1h + 10s));
}

BOOST_AUTO_TEST_CASE(what_is_no_schema_is_refused_while_the_server_is_down_as_well) {
    place in;
    in.world.between(1s, 10s).crash(in.server);
    in.world.run_for(2s);
    BOOST_CHECK_THROW(in.server.change_schema("nonsense"), std::system_error);
    in.world.run_for(1min);
    BOOST_CHECK_THROW(in.server.change_schema("nonsense"), std::system_error);
    in.server.restart();
    BOOST_TEST((in.server.sound() && in.client.downs() == 0U));
}

BOOST_AUTO_TEST_SUITE_END()
