// SPDX-License-Identifier: BSL-1.0

// Watches a server that speaks no HTTP, such as a database: a connection that opens is healthy. No
// secret is needed. This example opens a port of its own, and closes it after some checks.

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/tcp_transport.hpp>
#include <forest/core/backoff.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/health_client.hpp>
#include <forest/policy/signer.hpp>

#include <asio/io_context.hpp>
#include <asio/ip/address_v4.hpp>
#include <asio/ip/tcp.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>

using namespace std::chrono_literals;

int main() {
    asio::io_context io;
    asio::ip::tcp::acceptor database{io, {asio::ip::address_v4::loopback(), 0}};
    const std::string target =
        "tcp://127.0.0.1:" + std::to_string(database.local_endpoint().port());

    const forest::asio_clock clock{io};
    const forest::options often{.interval = 50ms, .failure_threshold = 2};
    forest::basic_health_client client{
        forest::tcp_transport{clock}, clock,  forest::unsigned_requests{},
        forest::constant_backoff{},   target, often};
    int healthy = 0;
    bool down = false;
    client.on_event([&](const forest::event& happened) {
        std::cout << name(happened.kind) << '\n';
        if (happened.kind == forest::event_kind::check_succeeded && ++healthy == 3)
            database.close();
        if (happened.kind == forest::event_kind::server_down) {
            down = true;
            client.stop();
        }
    });
    client.start();
    io.run_for(30s);
    return healthy == 3 && down ? EXIT_SUCCESS : EXIT_FAILURE;
}
