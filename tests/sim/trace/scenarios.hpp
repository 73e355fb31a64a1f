// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_SIM_TRACE_SCENARIOS_HPP
#define FOREST_TESTS_SIM_TRACE_SCENARIOS_HPP

#include <forest/sim/search/draw.hpp>
#include <forest/sim/search/plan.hpp>
#include <forest/sim/trace/trace.hpp>
#include <forest/sim/world/world.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>

// Ten worlds by name. Their digests are fixed: if one changes, users see a change in their own
// simulations, and it has to be intended.

namespace forest::tests {

using namespace std::chrono_literals;

struct scenario {
    std::string_view name;
    std::string_view digest;
    sim::trace (*run)(std::uint64_t seed, sim::trace lines);
};

template <typename Play>
sim::trace play(std::uint64_t seed, sim::trace lines, Play&& in) {
    sim::world world{seed, std::move(lines)};
    in(world);
    return world.trace();
}

inline sim::trace one_crash(std::uint64_t seed, sim::trace lines) {
    return play(seed, std::move(lines), [](sim::world& world) {
        auto& warehouse = world.add_server("warehouse");
        world.add_client(warehouse);
        world.between(75s, 200s).crash(warehouse);
        world.run_for(24h);
    });
}

inline sim::trace black_hole(std::uint64_t seed, sim::trace lines) {
    return play(seed, std::move(lines), [](sim::world& world) {
        auto& warehouse = world.add_server("warehouse");
        auto& client = world.add_client(warehouse, {.interval = 10s, .timeout = 3s});
        world.every(1h, 10min).lasting(2min).black_hole(client);
        world.run_for(24h);
    });
}

inline sim::trace flapping(std::uint64_t seed, sim::trace lines) {
    return play(seed, std::move(lines), [](sim::world& world) {
        auto& warehouse = world.add_server("warehouse");
        world.add_client(warehouse, {.interval = 1s, .success_threshold = 2});
        world.every(7s).lasting(3s).crash(warehouse);
        world.run_for(1h);
    });
}

inline sim::trace farewells(std::uint64_t seed, sim::trace lines) {
    return play(seed, std::move(lines), [](sim::world& world) {
        auto& warehouse = world.add_server("warehouse");
        world.add_client(warehouse);
        world.every(30min).lasting(5min).stop(warehouse, 40s);
        world.run_for(24h);
    });
}

inline sim::trace slow_answers(std::uint64_t seed, sim::trace lines) {
    return play(seed, std::move(lines), [](sim::world& world) {
        auto& warehouse = world.add_server("warehouse");
        auto& client = world.add_client(warehouse, {.interval = 5s, .timeout = 1s},
                                        {.usual = sim::uniform(20ms)});
        world.between(10min, 20min).slow(warehouse, 900ms);
        world.between(30min, 40min).drip(client, 1500ms);
        world.between(50min, 60min).freeze(warehouse);
        world.run_for(2h);
    });
}

inline sim::trace bad_network(std::uint64_t seed, sim::trace lines) {
    return play(seed, std::move(lines), [](sim::world& world) {
        auto& warehouse = world.add_server("warehouse");
        auto& client =
            world.add_client(warehouse, {.interval = 2s}, {.usual = sim::exponential(30ms)});
        world.between(5min, 30min).loss(client, 200);
        world.between(20min, 50min).garble(client);
        world.between(40min, 60min).delay(client, sim::heavy_tail(800ms));
        world.between(70min, 80min).reset(client);
        world.between(80min, 90min).truncate(client);
        world.run_for(2h);
    });
}

inline sim::trace wrong_clocks(std::uint64_t seed, sim::trace lines) {
    return play(seed, std::move(lines), [](sim::world& world) {
        auto& warehouse = world.add_server("warehouse");
        auto& client = world.add_client(warehouse);
        world.at(10min).step_wall(client, 10min).drift(warehouse, 300);
        world.at(2h).step_wall(client, -10min);
        world.between(3h, 4h).swing(client, 2s).jump_wall(warehouse, 5s);
        world.at(5h).pause(client, 90s);
        world.at(6h).suspend(client, 2h);
        world.run_for(24h);
    });
}

inline sim::trace swizzled(std::uint64_t seed, sim::trace lines) {
    return play(seed, std::move(lines), [](sim::world& world) {
        auto& warehouse = world.add_server("warehouse");
        for (int count = 0; count < 20; ++count)
            world.add_client(warehouse, {.interval = 3s, .interval_jitter = 0.1});
        world.between(5min, 15min).swizzle(warehouse);
        world.between(20min, 30min).single_connection(warehouse);
        world.run_for(1h);
    });
}

inline sim::trace changed_schema(std::uint64_t seed, sim::trace lines) {
    return play(seed, std::move(lines), [](sim::world& world) {
        auto& warehouse = world.add_server("warehouse");
        world.add_datasource(warehouse);
        world.add_datasource(warehouse, {.mode = datasource_mode::schema_poll, .schema_poll = 60s});
        world.between(10min, 20min).crash(warehouse);
        world.run_for(15min);
        warehouse.change_schema(R"({"collections":[{"name":"shelf"}]})");
        world.run_for(24h);
    });
}

inline sim::trace everything(std::uint64_t seed, sim::trace lines) {
    return play(seed, std::move(lines), [seed](sim::world& world) {
        const sim::plan drawn =
            sim::draw(seed, {.servers_max = 5, .clients_max = 20, .faults_max = 60, .length = 1h});
        for (int count = 0; count < drawn.servers; ++count)
            world.add_server("server" + std::to_string(count));
        for (const sim::planned_client& each : drawn.clients)
            world.add_client(*world.servers()[each.server], each.settings,
                             {.usual = each.usual, .connections = each.connections});
        world.play(drawn.faults);
        world.run_for(drawn.length);
        world.heal();
        world.run_for(1h);
    });
}

inline constexpr std::array<scenario, 10> scenarios{{
    {"one_crash", "ad5e640255456ced", one_crash},
    {"black_hole", "702ce93adcb078a1", black_hole},
    {"flapping", "217b84ac201b78d8", flapping},
    {"farewells", "d20b876139130a0b", farewells},
    {"slow_answers", "0e3d18c29ec234ab", slow_answers},
    {"bad_network", "3e4bed7c2a478da6", bad_network},
    {"wrong_clocks", "84952483435bdebc", wrong_clocks},
    {"swizzled", "319730e3b9f54d12", swizzled},
    {"changed_schema", "22be9e263442f79a", changed_schema},
    {"everything", "c890925b788546a2", everything},
}};

} // namespace forest::tests

#endif
