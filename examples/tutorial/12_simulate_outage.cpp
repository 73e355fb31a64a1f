// SPDX-License-Identifier: BSL-1.0

// Simulates a year of a real client, a real datasource and a real server in a fraction of a second.
// Once a week the server is down for an hour, and the program checks what an application relies on.
// Needs the standard library only.

#include <forest/core/detection.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/world/world.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>

using namespace std::chrono_literals;

int main() {
    constexpr forest::options checking{.interval = 10min};
    constexpr forest::duration promised = forest::worst_case_detection(checking).refused;

    forest::sim::world world{2026}; // the seed of all random numbers
    auto& warehouse =
        world.add_server("warehouse", {.schema = R"({"collections":[{"name":"product"}]})"});
    auto& client = world.add_client(warehouse, checking);
    auto& master = world.add_datasource(warehouse, {.health_check_interval = checking.interval});

    // Seven seconds more than a week, so that each crash comes at another moment of the interval.
    constexpr forest::duration week = 7 * 24h + 7s;
    world.every(week).lasting(1h).crash(warehouse);
    world.between(40 * 24h, 41 * 24h).loss(client, 10).delay(client, forest::sim::uniform(200ms));
    world.at(60 * 24h).suspend(client, 8h);

    forest::duration slowest{};
    client.also_report([&](const forest::event& happened) {
        if (happened.kind == forest::event_kind::server_down)
            slowest = std::max(slowest, world.now() % week);
    });

    world.run_for(100 * 24h);
    warehouse.change_schema(R"({"collections":[{"name":"product"},{"name":"shelf"}]})");
    world.run_for(265 * 24h);

    std::cout << client.checks() << " checks, " << client.downs()
              << " outages, each reported within " << slowest / 1s << " s, " << master.reloads()
              << " reload\n";
    const bool as_promised = client.downs() == 52 && client.ups() == 52 && slowest <= promised &&
                             master.downs() == 52 && master.ups() == 52 && master.reloads() == 1 &&
                             master.client().schema()->collections().size() == 2;
    return as_promised ? EXIT_SUCCESS : EXIT_FAILURE;
}
