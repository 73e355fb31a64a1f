// SPDX-License-Identifier: BSL-1.0

// A server and a client that watches it, in one process; ends after the first check.

#include <forest/default_client.hpp>
#include <forest/default_routes.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <system_error>

using namespace std::chrono_literals;

int main() {
    constexpr std::string_view secret = "my-secret";
    asio::io_context io;

    forest::asio_server server{io.get_executor()};
    forest::health_route route{server, forest::hmac_sha256_verifier{secret}};
    if (const std::error_code ec = server.listen("127.0.0.1", 0)) {
        std::cerr << ec.message() << '\n';
        return EXIT_FAILURE;
    }
    const std::string url = server.endpoints().front() + route.path();

    forest::health_client client{
        io.get_executor(), url, secret, {.interval = 10s, .failure_threshold = 3}};
    client.on_server_down([](const forest::outage& begun) {
        std::cout << "down: " << begun.last_error.message() << '\n';
    });
    client.on_server_up([](const forest::outage& ended) {
        std::cout << "up again after " << *ended.ended_after / 1s << " s\n";
    });
    bool healthy = false;
    client.on_event([&](const forest::event& happened) {
        if (happened.check == nullptr)
            return;
        healthy = happened.check->healthy();
        std::cout << happened.target << " is " << name(happened.status) << '\n';
        client.stop();
        server.stop();
    });
    client.start();
    io.run();

    return healthy ? EXIT_SUCCESS : EXIT_FAILURE;
}
