// SPDX-License-Identifier: BSL-1.0

// A program that answers health checks.

#include <forest/default_routes.hpp>

#include <forest/adapters/openssl/hmac_sha256_verifier.hpp>

#include <asio/io_context.hpp>

int main() {
    asio::io_context io;
    forest::asio_server server{io};
    forest::health_route health{server, forest::hmac_sha256_verifier{"secret"}, {.version = "1"}};
    health.on_answer([](const forest::route_answer&) {});
    if (server.listen("127.0.0.1", 3000))
        return 1;
    io.run();
}
