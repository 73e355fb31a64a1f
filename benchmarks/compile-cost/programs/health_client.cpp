// SPDX-License-Identifier: BSL-1.0

// A program that watches one server.

#include <forest/default_client.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <cstdio>

int main() {
    using namespace std::chrono_literals;
    asio::io_context io;
    forest::health_client client{io, "http://localhost:3000/", "secret", {.interval = 10s}};
    client.on_server_down([](const forest::outage&) { std::puts("down"); });
    client.on_server_up([](const forest::outage&) { std::puts("up"); });
    client.start();
    io.run();
}
