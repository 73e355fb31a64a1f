// SPDX-License-Identifier: BSL-1.0

// SIGTERM and Ctrl-C stop a server from its event loop. First the server announces the stop to its
// watchers. The program sends the signal to itself, after the first check.

#include <forest/adapters/asio/shutdown_signals.hpp>
#include <forest/forest.hpp>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <csignal>
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
    forest::health_client client{io.get_executor(), url, secret, {.interval = 100ms}};
    client.on_event([](const forest::event& happened) {
        if (happened.kind == forest::event_kind::check_succeeded)
            std::raise(SIGTERM); // As a supervisor would.
    });
    bool announced = false;
    client.on_server_down([&](const forest::outage& begun) {
        announced = begun.last_error == forest::errc::stopping;
    });

    int received = 0;
    asio::steady_timer grace{io};
    const auto stop = [&](int signal) {
        received = signal;
        route.drain();
        grace.expires_after(1s); // At least one interval of the watchers.
        grace.async_wait([&](std::error_code) {
            client.stop();
            server.stop(1s);
        });
    };
    const forest::shutdown_signals signals{io.get_executor(), stop};
    client.start();
    io.run();

    return announced && received == SIGTERM ? EXIT_SUCCESS : EXIT_FAILURE;
}
