// SPDX-License-Identifier: BSL-1.0

// The server's side: a route answers checks, and announces the stop before the server stops. So
// clients need not find out by failed checks.

#include <forest/forest.hpp>

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
    forest::health_route route{server, forest::hmac_sha256_verifier{secret}, {.version = "2.3.1"}};
    route.on_answer([](const forest::route_answer& answer) {
        std::cout << answer.path << ' ' << answer.status << '\n';
    });
    if (const std::error_code ec = server.listen("127.0.0.1", 0)) {
        std::cerr << ec.message() << '\n';
        return EXIT_FAILURE;
    }

    const std::string url = server.endpoints().front() + route.path();
    forest::health_client client{io.get_executor(), url, secret, {.interval = 100ms}};
    std::string version;
    client.on_event([&](const forest::event& happened) {
        if (happened.kind == forest::event_kind::check_succeeded) {
            version = happened.check->version();
            route.drain();
        }
    });
    bool announced = false;
    client.on_server_down([&](const forest::outage& begun) {
        announced = begun.last_error == forest::errc::stopping && begun.failures == 1;
        client.stop();
        server.stop(1s); // Still sends the answers that have begun.
    });
    client.start();
    io.run_for(10s);

    return announced && version == "2.3.1" ? EXIT_SUCCESS : EXIT_FAILURE;
}
