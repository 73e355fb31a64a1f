// SPDX-License-Identifier: BSL-1.0

// Each fault of a world, and the reaction of the real client.

#include <sim/trace/scenarios.hpp>

#include <forest/sim/script/fault.hpp>
#include <forest/sim/trace/determinism.hpp>
#include <forest/sim/world/world.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <ostream>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
namespace data = boost::unit_test::data;

namespace {

using script_of_test =
    std::function<void(sim::world&, sim::server_process&, sim::world::client_type&)>;

struct consequence {
    const char* what;
    script_of_test faults;     // from 75 s until 275 s
    std::optional<errc> error; // that makes the server down; none: it stays up
};

std::ostream& operator<<(std::ostream& out, const consequence& row) {
    return out << row.what;
}

const std::vector<consequence> consequences{
    {"nothing", [](auto&, auto&, auto&) {}, std::nullopt},
    {"crash", [](auto& world, auto& server, auto&) { world.between(75s, 275s).crash(server); },
     errc::connection_refused},
    {"restart", [](auto& world, auto& server, auto&) { world.at(75s).restart(server); },
     std::nullopt},
    {"freeze", [](auto& world, auto& server, auto&) { world.between(75s, 275s).freeze(server); },
     errc::timed_out},
    {"slow", [](auto& world, auto& server, auto&) { world.between(75s, 275s).slow(server, 6s); },
     errc::timed_out},
    {"a little slow",
     [](auto& world, auto& server, auto&) { world.between(75s, 275s).slow(server, 4s); },
     std::nullopt},
    {"drain", [](auto& world, auto& server, auto&) { world.between(75s, 275s).drain(server); },
     errc::stopping},
    {"stop", [](auto& world, auto& server, auto&) { world.between(75s, 275s).stop(server, 60s); },
     errc::stopping},
    {"wrong secret",
     [](auto& world, auto& server, auto&) { world.between(75s, 275s).wrong_secret(server); },
     errc::unauthorized},
    {"wrong body",
     [](auto& world, auto& server, auto&) { world.between(75s, 275s).wrong_body(server); },
     errc::not_ok},
    {"refuse", [](auto& world, auto&, auto& client) { world.between(75s, 275s).refuse(client); },
     errc::connection_refused},
    {"black hole",
     [](auto& world, auto&, auto& client) { world.between(75s, 275s).black_hole(client); },
     errc::timed_out},
    {"partition of requests",
     [](auto& world, auto&, auto& client) { world.between(75s, 275s).partition_requests(client); },
     errc::timed_out},
    {"partition of replies",
     [](auto& world, auto& server, auto&) { world.between(75s, 275s).partition_replies(server); },
     errc::timed_out},
    {"reset", [](auto& world, auto&, auto& client) { world.between(75s, 275s).reset(client); },
     errc::connection_lost},
    {"truncate",
     [](auto& world, auto&, auto& client) { world.between(75s, 275s).truncate(client); },
     errc::connection_lost},
    {"drip", [](auto& world, auto&, auto& client) { world.between(75s, 275s).drip(client, 7s); },
     errc::timed_out},
    {"delay",
     [](auto& world, auto&, auto& client) {
         world.between(75s, 275s).delay(client, sim::constant(3s));
     },
     errc::timed_out},
    {"clog", [](auto& world, auto&, auto& client) { world.between(75s, 275s).clog(client); },
     errc::timed_out},
    {"loss of all",
     [](auto& world, auto&, auto& client) { world.between(75s, 275s).loss(client, 1000); },
     errc::timed_out},
    {"dns failure",
     [](auto& world, auto&, auto& client) { world.between(75s, 275s).dns_failure(client); },
     errc::resolve_failed},
    {"slow dns",
     [](auto& world, auto&, auto& client) { world.between(75s, 275s).dns_slow(client, 6s); },
     std::nullopt},
    {"hanging dns",
     [](auto& world, auto&, auto& client) { world.between(75s, 275s).dns_hang(client); },
     std::nullopt},
    {"half-open connections",
     [](auto& world, auto&, auto& client) { world.between(75s, 275s).half_open(client); },
     std::nullopt},
    {"an address that loses all",
     [](auto& world, auto&, auto& client) {
         world.between(75s, 275s).black_hole_address(client, 0);
     },
     errc::timed_out},
    {"an address that refuses",
     [](auto& world, auto&, auto& client) { world.between(75s, 275s).refuse_address(client, 0); },
     errc::connection_refused},
    {"an address that nobody uses",
     [](auto& world, auto&, auto& client) { world.between(75s, 275s).refuse_address(client, 1); },
     std::nullopt},
    {"lost handshakes without TLS",
     [](auto& world, auto&, auto& client) { world.between(75s, 275s).lose_handshakes(client); },
     std::nullopt},
    {"idle connections that are closed",
     [](auto& world, auto& server, auto&) { world.between(75s, 275s).close_idle(server, 1s); },
     std::nullopt},
    {"the wall clock of the client",
     [](auto& world, auto&, auto& client) { world.at(75s).step_wall(client, 1h); },
     errc::unauthorized},
    {"the wall clock of the server",
     [](auto& world, auto& server, auto&) { world.at(75s).step_wall(server, -1h); },
     errc::unauthorized},
    {"a client that is paused",
     [](auto& world, auto&, auto& client) { world.at(75s).pause(client, 200s); }, std::nullopt},
    {"a client that is suspended",
     [](auto& world, auto&, auto& client) { world.at(75s).suspend(client, 200s); }, std::nullopt},
    {"a server that is paused",
     [](auto& world, auto& server, auto&) { world.at(75s).pause(server, 200s); }, errc::timed_out},
    {"a client that drifts",
     [](auto& world, auto&, auto& client) { world.between(75s, 275s).drift(client, 500); },
     std::nullopt},
};

} // namespace

BOOST_AUTO_TEST_SUITE(world_test)

BOOST_AUTO_TEST_CASE(a_day_with_one_crash) {
    sim::world world{1};
    auto& warehouse = world.add_server("warehouse");
    auto& client = world.add_client(warehouse, {.interval = 30s});
    world.between(75s, 200s).crash(warehouse);
    world.run_for(24h);
    BOOST_TEST(client.downs() == 1U);
    BOOST_TEST(client.ups() == 1U);
    BOOST_TEST((client.status() == target_status::up));
    BOOST_TEST((client.last_outage()->last_error == errc::connection_refused));
    BOOST_TEST(client.checks() > 2880U);
}

BOOST_DATA_TEST_CASE(each_fault_has_its_consequence_and_none_when_it_is_over,
                     data::make(consequences), row) {
    sim::world world{1};
    auto& warehouse = world.add_server("warehouse");
    auto& client = world.add_client(warehouse);
    std::optional<std::error_code> told;
    client.client().on_server_down([&](const outage& of) { told = of.last_error; });
    row.faults(world, warehouse, client);
    world.run_for(275s);
    BOOST_TEST(told.has_value() == row.error.has_value());
    if (told && row.error)
        BOOST_TEST(*told == *row.error);
    world.heal();
    world.run_for(10min);
    BOOST_TEST((client.status() == target_status::up));
    BOOST_TEST(client.ups() == (row.error ? 1U : 0U));
}

BOOST_AUTO_TEST_CASE(garbled_answers_are_failures_that_are_named) {
    sim::world world{3};
    auto& warehouse = world.add_server("warehouse");
    auto& client = world.add_client(warehouse, {.interval = 1s});
    world.at(0s).garble(client);
    world.run_for(1h);
    BOOST_TEST(client.failures() > 1000U);
}

BOOST_AUTO_TEST_CASE(a_link_that_loses_half_of_all_messages_fails_most_checks) {
    sim::world world{3};
    auto& warehouse = world.add_server("warehouse");
    auto& client = world.add_client(
        warehouse, {.interval = 10s, .timeout = 1s, .failure_threshold = 1'000'000});
    world.at(0s).loss(client, 500);
    world.run_for(24h);
    // Both messages have to arrive.
    BOOST_TEST(static_cast<double>(client.failures()) / static_cast<double>(client.checks()) ==
                   0.75,
               boost::test_tools::tolerance(0.05));
}

BOOST_AUTO_TEST_CASE(B1_a_frozen_server_does_not_hold_a_check_beyond_its_timeout) {
    sim::world world{1};
    auto& warehouse = world.add_server("warehouse");
    auto& client = world.add_client(warehouse, {.interval = 10s, .timeout = 2s});
    world.at(5s).freeze(warehouse);
    std::vector<duration> took;
    client.also_report([&](const event& happened) {
        if (happened.kind == event_kind::check_failed)
            took.push_back(*happened.check->timings.total);
    });
    world.run_for(5min);
    BOOST_TEST(took.size() > 10U);
    for (const duration each : took)
        BOOST_TEST((each == 2s));
}

BOOST_AUTO_TEST_CASE(a_process_that_crashes_resets_the_connections_that_it_has) {
    sim::world world{1};
    auto& warehouse = world.add_server("warehouse");
    auto& client = world.add_client(warehouse, {.interval = 60s, .timeout = 50s});
    world.at(0s).slow(warehouse, 20s);
    world.at(5s).crash(warehouse);
    std::optional<std::error_code> failure;
    client.also_report([&](const event& happened) {
        if (happened.kind == event_kind::check_failed && !failure)
            failure = happened.check->error;
    });
    world.run_for(6s);
    BOOST_TEST_REQUIRE(failure.has_value());
    BOOST_TEST(*failure == errc::connection_lost);
}

BOOST_AUTO_TEST_CASE(a_second_connection_is_refused_by_a_process_that_allows_one) {
    sim::world world{1};
    auto& warehouse = world.add_server("warehouse");
    auto& first = world.add_client(warehouse, {.interval = 100s, .timeout = 90s});
    world.at(0s).single_connection(warehouse).slow(warehouse, 80s);
    world.run_for(1s);
    auto& second = world.add_client(warehouse, {.interval = 1s});
    world.run_for(60s);
    BOOST_TEST(second.downs() == 1U);
    BOOST_TEST((second.last_outage()->last_error == errc::connection_refused));
    BOOST_TEST(first.downs() == 0U);
}

BOOST_AUTO_TEST_CASE(faults_of_one_kind_that_overlap_end_with_the_later_one) {
    sim::world world{1};
    auto& warehouse = world.add_server("warehouse");
    auto& client = world.add_client(warehouse, {.interval = 1s});
    world.between(10s, 30s).crash(warehouse);
    world.between(20s, 40s).crash(warehouse);
    world.run_for(35s);
    BOOST_TEST(client.ups() == 0U);
    world.run_for(10s);
    BOOST_TEST(client.ups() == 1U);
}

BOOST_AUTO_TEST_CASE(what_happens_again_and_again_does) {
    sim::world world{1};
    auto& warehouse = world.add_server("warehouse");
    auto& client = world.add_client(warehouse, {.interval = 5s});
    world.every(1h).lasting(5min).crash(warehouse);
    world.run_for(24h + 30min);
    BOOST_TEST(client.downs() == 24U);
    BOOST_TEST(client.ups() == 24U);
}

BOOST_AUTO_TEST_CASE(healing_ends_what_has_begun_and_voids_what_has_not) {
    sim::world world{1};
    auto& warehouse = world.add_server("warehouse");
    auto& client = world.add_client(warehouse, {.interval = 1s});
    world.at(10s).crash(warehouse);
    world.between(20s, 10h).black_hole(client);
    world.at(1h).freeze(warehouse);
    world.run_for(1min);
    BOOST_TEST((client.status() == target_status::down));
    world.heal();
    world.run_for(24h);
    BOOST_TEST((client.status() == target_status::up));
    BOOST_TEST(client.downs() == 1U);
}

BOOST_AUTO_TEST_CASE(B31_a_datasource_reloads_once_what_changed_while_its_server_was_down) {
    sim::world world{1};
    auto& warehouse =
        world.add_server("warehouse", {.schema = R"({"collections":[{"name":"a"}]})"});
    auto& master = world.add_datasource(warehouse);
    world.between(10min, 20min).crash(warehouse);
    world.run_for(15min);
    BOOST_TEST(master.downs() == 1U);
    warehouse.change_schema(R"({"collections":[{"name":"a"},{"name":"b"}]})");
    world.run_for(24h);
    BOOST_TEST(master.reloads() == 1U);
    BOOST_TEST(master.client().schema()->collections().size() == 2U);
    BOOST_CHECK_THROW(warehouse.change_schema("{}"), std::system_error);
}

BOOST_AUTO_TEST_CASE(a_swizzled_network_comes_back_for_every_client) {
    sim::world world{9};
    auto& warehouse = world.add_server("warehouse");
    for (int count = 0; count < 30; ++count)
        world.add_client(warehouse, {.interval = 2s, .timeout = 1s});
    world.between(1min, 5min).swizzle(warehouse);
    world.run_for(3min);
    std::size_t down = 0;
    for (const auto& each : world.clients())
        down += each->status() == target_status::down ? 1U : 0U;
    BOOST_TEST(down > 10U);
    world.run_for(4min);
    for (const auto& each : world.clients())
        BOOST_TEST((each->status() == target_status::up));
    BOOST_TEST(world.played().size() == 30U);
}

BOOST_AUTO_TEST_CASE(the_callbacks_of_the_application_come_beside_those_of_the_world) {
    sim::world world{1};
    auto& warehouse = world.add_server("warehouse");
    auto& client = world.add_client(warehouse);
    auto& master = world.add_datasource(warehouse);
    int downs = 0;
    int events = 0;
    std::array<int, 2> calls{};
    client.client().on_event([&](const event&) { ++events; });
    client.client().on_server_down([&](const outage&) { ++downs; });
    master.client().on_server_down([&](const outage&) { ++downs; });
    client.also_call([&](bool) { ++calls[0]; });
    client.also_call([&](bool) { ++calls[1]; });
    world.between(1min, 10min).crash(warehouse);
    world.run_for(1h);
    BOOST_TEST(downs == 2);
    BOOST_TEST(client.downs() == 1U);
    BOOST_TEST(client.ups() == 1U);
    BOOST_TEST(master.downs() == 1U);
    BOOST_TEST(client.checks() > 100U);
    BOOST_TEST(events > 100);
    BOOST_TEST((calls == std::array{2, 2}));
}

BOOST_AUTO_TEST_CASE(an_answer_is_cut_off_anywhere) {
    sim::world world{3};
    auto& warehouse = world.add_server("warehouse");
    auto& client = world.add_client(
        warehouse, {.interval = 1s, .failure_threshold = 1'000'000}); // and no outage
    world.at(0s).truncate(client);
    std::set<int> statuses;
    client.also_report([&](const event& happened) {
        if (happened.check == nullptr)
            return;
        BOOST_TEST((happened.check->error == errc::connection_lost));
        statuses.insert(happened.check->status);
    });
    world.run_for(1h);
    BOOST_TEST((statuses == std::set{0, 200})); // before the end of the header section, and after
}

BOOST_AUTO_TEST_CASE(a_world_has_no_more_clients_than_faults_can_name) {
    sim::world world;
    auto& warehouse = world.add_server("warehouse");
    for (int number = 0; number < 65'535; ++number)
        world.prepare_client(warehouse);
    BOOST_CHECK_THROW(world.prepare_client(warehouse), std::length_error);
}

BOOST_AUTO_TEST_CASE(a_script_can_be_written_down_and_played_again) {
    const auto run = [](const std::function<void(sim::world&, sim::server_process&)>& faults) {
        sim::world world{5};
        auto& warehouse = world.add_server("warehouse");
        world.add_client(warehouse, {.interval = 1s});
        faults(world, warehouse);
        world.run_for(10min);
        return world.trace().digest();
    };
    sim::script written;
    const auto first = run([&](sim::world& world, sim::server_process& warehouse) {
        world.between(1min, 2min).crash(warehouse);
        world.at(3min).slow(warehouse, 100ms);
        world.every(10s).lasting(1s).freeze(warehouse);
        written = world.played();
    });
    const auto second = run([&](sim::world& world, sim::server_process&) { world.play(written); });
    BOOST_TEST(first == second);
}

BOOST_AUTO_TEST_CASE(other_seeds_make_other_worlds) {
    const auto& everything = tests::scenarios.back();
    BOOST_TEST(everything.run(1, sim::trace{}).digest() !=
               everything.run(2, sim::trace{}).digest());
}

BOOST_DATA_TEST_CASE(the_scenarios_repeat_themselves, data::xrange(tests::scenarios.size()),
                     index) {
    const auto& each = tests::scenarios[index];
    BOOST_TEST_CONTEXT(each.name) {
        BOOST_TEST(!sim::check_determinism(each.run, 20261125));
        BOOST_TEST(sim::digest_text(each.run(20261125, sim::trace{}).digest()) == each.digest);
    }
}

BOOST_AUTO_TEST_CASE(a_scenario_that_does_not_repeat_itself_is_found_out_line_by_line) {
    int runs = 0;
    const auto unruly = [&](std::uint64_t, sim::trace lines) {
        ++runs;
        for (std::uint64_t index = 0; index < 1000; ++index)
            lines.add({.value = index == 777 ? static_cast<std::uint64_t>(runs) : index});
        return lines;
    };
    const auto found = sim::check_determinism(unruly, 1, 100);
    BOOST_TEST_REQUIRE(found.has_value());
    BOOST_TEST(found->line == 777U);
    BOOST_TEST(found->first != found->second);
    const auto shorter = [&](std::uint64_t, sim::trace lines) {
        for (int index = ++runs; index < 100; ++index)
            lines.add({});
        return lines;
    };
    BOOST_TEST(sim::check_determinism(shorter, 1).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
