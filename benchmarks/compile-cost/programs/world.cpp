// SPDX-License-Identifier: BSL-1.0

// A program that simulates an outage.

#include <forest/sim/world/world.hpp>

#include <chrono>

int main() {
    using namespace std::chrono_literals;
    forest::sim::world world;
    forest::sim::server_process& server = world.add_server("a");
    (void)world.add_client(server);
    world.between(75s, 200s).crash(server);
    world.run_for(10min);
}
