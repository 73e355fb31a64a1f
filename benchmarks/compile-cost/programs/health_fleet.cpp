// SPDX-License-Identifier: BSL-1.0

// A program that watches many servers.

#include <forest/default_fleet.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <cstdio>

int main() {
    using namespace std::chrono_literals;
    asio::io_context io;
    forest::health_fleet fleet{io, "secret"};
    fleet.on_server_down([](forest::target_id, const forest::outage&) { std::puts("down"); });
    fleet.on_server_up([](forest::target_id, const forest::outage&) { std::puts("up"); });
    (void)fleet.add("http://localhost:3000/", {.interval = 10s});
    fleet.start();
    io.run();
}
