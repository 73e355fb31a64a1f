// SPDX-License-Identifier: BSL-1.0

// Your own faults: some combine faults of the library, and some change an object of the world at
// the right time. Needs the standard library only.

#include <forest/core/error.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/world/world.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>

using namespace std::chrono_literals;
using forest::duration;

// The whole host has no power, so it does not even refuse connections.
void power_cut(forest::sim::world& world, const forest::sim::server_process& server, duration begin,
               duration end) {
    world.between(begin, end).crash(server).black_hole(server);
}

// The process announces its stop, and starts again with another schema.
void deployment(forest::sim::world& world, forest::sim::server_process& server, duration when,
                std::string schema) {
    world.between(when, when + 2min).stop(server, 40s);
    world.queue().at(forest::steady_time{when + 1min},
                     [&server, text = std::move(schema)] { server.change_schema(text); });
}

// A load balancer with one dead server behind it refuses every second connection.
void refuse_every_second(forest::sim::world::client_type& client) {
    client.on_send([&link = client.link(), refused = false](int) mutable {
        refused = !refused;
        link.refusing += refused ? 1 : -1;
    });
}

int main() {
    forest::sim::world world;
    auto& warehouse = world.add_server("warehouse");
    auto& client = world.add_client(warehouse);
    auto& master = world.add_datasource(warehouse);

    power_cut(world, warehouse, 10min, 20min);
    world.run_for(30min);
    const auto cut = client.last_outage();

    deployment(world, warehouse, 40min, R"({"collections":[{"name":"shelf"}]})");
    world.run_for(30min);
    const auto deployed = client.last_outage();

    const auto checks_before = client.checks();
    const auto failures_before = client.failures();
    refuse_every_second(client);
    world.run_for(2h);
    const auto checks = client.checks() - checks_before;
    const auto failures = client.failures() - failures_before;

    std::cout << "power cut: " << cut->last_error.message() << '\n'
              << "deployment: " << deployed->last_error.message() << '\n'
              << "load balancer: " << failures << " of " << checks << " checks failed\n";
    const bool as_expected = cut->last_error == forest::errc::timed_out &&
                             deployed->last_error == forest::errc::stopping &&
                             master.reloads() == 1 && checks == 2 * failures && client.downs() == 2;
    return as_expected ? EXIT_SUCCESS : EXIT_FAILURE;
}
