// SPDX-License-Identifier: BSL-1.0

// The real fleet in a world.

#include <forest/core/target_id.hpp>
#include <forest/sim/trace/trace.hpp>
#include <forest/sim/world/simulated_fleet.hpp>
#include <forest/sim/world/world.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;

namespace {

struct watched_servers {
    sim::world world;
    sim::world::fleet_type& fleet;
    std::vector<target_id> targets{};

    explicit watched_servers(int count, std::uint64_t seed = 1)
        : world{seed}, fleet{world.add_fleet()} {
        for (int number = 0; number < count; ++number)
            targets.push_back(fleet.watch(world.add_server("server" + std::to_string(number))));
    }

    sim::server_process& server(std::size_t number) { return *world.servers().at(number); }
};

} // namespace

BOOST_AUTO_TEST_SUITE(simulated_fleet_test)

BOOST_AUTO_TEST_CASE(B7_each_target_that_crashes_is_reported_once_and_no_other) {
    const auto run = [] {
        watched_servers of{200};
        for (std::size_t number = 0; number < 200; number += 7)
            of.world.between(10min + 1s * number, 20min).crash(of.server(number));
        of.world.run_for(1h);
        for (std::size_t number = 0; number < 200; ++number) {
            const std::uint64_t expected = number % 7 == 0 ? 1 : 0;
            BOOST_TEST(of.fleet.downs(of.targets[number]) == expected);
            BOOST_TEST(of.fleet.ups(of.targets[number]) == expected);
        }
        BOOST_TEST(of.fleet.downs() == 29U);
        BOOST_TEST(of.fleet.checks() > 200U * 120U);
        return of.world.trace().digest();
    };
    BOOST_TEST(run() == run());
}

BOOST_AUTO_TEST_CASE(B12_a_fleet_that_was_paused_or_suspended_tells_of_no_outage) {
    watched_servers of{50};
    of.world.at(10min).pause(of.fleet, 5min);
    of.world.at(30min).suspend(of.fleet, 2h);
    of.world.run_for(4h);
    BOOST_TEST(of.fleet.downs() == 0U);
    BOOST_TEST(of.fleet.fleet().count(target_status::up) == 50U);
}

BOOST_AUTO_TEST_CASE(a_fault_concerns_one_way_or_all_ways_of_a_fleet_or_all_ways_to_a_server) {
    watched_servers of{3};
    auto& beside = of.world.add_client(of.server(1));
    of.world.between(10min, 20min).black_hole(of.fleet.to(of.server(0)));
    of.world.between(30min, 40min).refuse(of.server(1));
    of.world.run_for(25min);
    BOOST_TEST(of.fleet.downs(of.targets[0]) == 1U);
    BOOST_TEST(of.fleet.downs() == 1U);
    of.world.run_for(20min);
    BOOST_TEST(of.fleet.downs(of.targets[1]) == 1U);
    BOOST_TEST(beside.downs() == 1U);
    BOOST_TEST(of.fleet.downs() == 2U);
    of.world.between(50min, 60min).dns_failure(of.fleet);
    of.world.run_for(1h);
    for (const target_id each : of.targets)
        BOOST_TEST((of.fleet.reports_of(each).last_outage->last_error == errc::resolve_failed));
    BOOST_TEST(of.fleet.downs() == 5U);
    BOOST_TEST(of.fleet.ups() == 5U);
    BOOST_TEST(beside.downs() == 1U);
}

BOOST_AUTO_TEST_CASE(targets_come_and_go_and_share_the_way_to_their_server) {
    watched_servers of{1};
    of.world.at(1min).black_hole(of.server(0));
    of.world.run_for(2min);
    auto& late = of.world.add_server("late");
    of.world.at(2min).crash(late);
    const target_id added = of.fleet.watch(late, {.interval = 1s});
    const target_id second = of.fleet.watch(of.server(0), {.interval = 1s});
    of.world.run_for(5min);
    BOOST_TEST(of.fleet.downs(added) == 1U);
    BOOST_TEST(of.fleet.downs(second) == 1U);
    BOOST_TEST(of.fleet.fleet().remove(added));
    of.world.heal();
    of.world.run_for(5min);
    BOOST_TEST(of.fleet.ups(added) == 0U);
    BOOST_TEST(of.fleet.ups(second) == 1U);
    auto& double_name = of.world.add_server("late");
    BOOST_CHECK_THROW(of.fleet.watch(double_name), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(the_application_sets_its_callbacks_beside_those_of_the_world) {
    watched_servers of{2};
    std::vector<target_id> told;
    int events = 0;
    of.fleet.fleet().on_server_down([&](target_id of_it, const outage&) { told.push_back(of_it); });
    of.fleet.fleet().on_event([&](const event&) { ++events; });
    of.world.at(1min).crash(of.server(1));
    of.world.run_for(5min);
    BOOST_TEST((told == std::vector{of.targets[1]}));
    BOOST_TEST(events > 10);
    BOOST_TEST(of.fleet.downs(of.targets[1]) == 1U);
    of.world.at(6min).quit(of.fleet);
    of.world.run_for(5min);
    BOOST_TEST(of.fleet.fleet().stopped());
}

BOOST_AUTO_TEST_SUITE_END()
