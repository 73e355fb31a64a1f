// SPDX-License-Identifier: BSL-1.0

// A program with the built-in HTTP server alone.

#include <forest/adapters/asio/asio_server.hpp>

#include <asio/io_context.hpp>

#include <utility>

int main() {
    asio::io_context io;
    forest::asio_server server{io};
    (void)server.get("/", [](const forest::server_request&, auto respond) {
        std::move(respond)({.status = 200, .body = "hello"});
    });
    if (server.listen("127.0.0.1", 3000))
        return 1;
    io.run();
}
