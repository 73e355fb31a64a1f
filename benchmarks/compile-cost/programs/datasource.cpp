// SPDX-License-Identifier: BSL-1.0

// A program that follows the schema of a server.

#include <forest/default_datasource.hpp>

#include <asio/io_context.hpp>

#include <cstdio>

int main() {
    asio::io_context io;
    auto source =
        forest::datasource::build(io, {.uri = "http://localhost:3000", .auth_secret = "secret"},
                                  [](const forest::schema&) { std::puts("another schema"); });
    source.on_event([](const forest::event&) {});
    source.start();
    io.run();
}
