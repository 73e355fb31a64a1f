// SPDX-License-Identifier: BSL-1.0

// Servers that have no health route of this library: what is asked of them, and what counts. The
// servers are real: this program runs one that behaves like a shop behind a proxy, and one that
// reports its health in JSON, with a warning.

#include <forest/forest.hpp>
#include <forest/probes.hpp>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <system_error>

using namespace std::chrono_literals;

int main() {
    asio::io_context io;
    forest::asio_clock clock{io.get_executor()};
    forest::asio_server server{io.get_executor()};
    (void)server.get("/shop", [](const auto&, auto&& respond) {
        respond(forest::response{.status = 302, .body = "3 in stock"});
    });
    (void)server.get("/status", [](const auto&, auto&& respond) {
        respond(forest::response{.status = 200, .body = R"({"status":"warn"})"});
    });
    if (const std::error_code ec = server.listen("127.0.0.1", 0)) {
        std::cerr << ec.message() << '\n';
        return EXIT_FAILURE;
    }
    const std::string origin = server.endpoints().front();

    auto shop = forest::probes::status(200, 399);
    shop.header("Host", "shop.example").body_has("in stock");
    forest::basic_health_client customer{
        forest::asio_transport{clock}, clock, forest::unsigned_requests{},
        forest::exponential_backoff{}, shop,  origin + "/shop"};

    forest::basic_health_client monitor{
        forest::asio_transport{clock}, clock,
        forest::unsigned_requests{},   forest::exponential_backoff{},
        forest::probes::health_json{}, origin + "/status"};

    int reports = 0;
    const auto report = [&](const forest::event& happened) {
        if (happened.kind != forest::event_kind::check_succeeded &&
            happened.kind != forest::event_kind::server_degraded)
            return;
        std::cout << happened.path << ": " << name(happened.kind) << '\n';
        if (++reports == 3) // two checks, and one warning
            io.stop();
    };
    customer.on_event(report);
    monitor.on_event(report);
    customer.start();
    monitor.start();

    asio::steady_timer limit{io, 30s};
    limit.async_wait([&](std::error_code) { io.stop(); });
    io.run();
    return reports == 3 ? EXIT_SUCCESS : EXIT_FAILURE;
}
