// SPDX-License-Identifier: BSL-1.0

// Checks made by the client of cpp-httplib. Its calls block, so they are made on threads of the
// application: as many checks run at a time as there are threads. This example watches a server of
// its own.

#include <forest/adapters/httplib/httplib_transport.hpp>
#include <forest/forest.hpp>

#include <asio/io_context.hpp>
#include <asio/thread_pool.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

using namespace std::chrono_literals;

int main() {
    constexpr std::string_view secret = "my-secret";
    asio::io_context io;
    asio::thread_pool threads{4};
    forest::asio_server server{io.get_executor()};
    forest::health_route route{server, forest::hmac_sha256_verifier{secret}};
    if (server.listen("127.0.0.1", 0))
        return EXIT_FAILURE;

    const forest::asio_clock clock{io.get_executor()};
    forest::basic_health_fleet fleet{[&] { return forest::httplib_transport{clock, threads}; },
                                     clock, forest::hmac_sha256_signer{secret},
                                     forest::exponential_backoff{}};

    int healthy = 0;
    fleet.on_event([&](const forest::event& happened) {
        if (happened.kind != forest::event_kind::check_succeeded || ++healthy < 6)
            return;
        fleet.stop();
        server.stop();
    });
    for (const std::string_view path : {"?a", "?b", "?c"})
        fleet.add(forest::url{server.endpoints().front() + route.path() + std::string{path}},
                  {.interval = 100ms});
    fleet.start();
    io.run_for(30s);
    std::cout << healthy << " healthy checks\n";
    return healthy >= 6 ? EXIT_SUCCESS : EXIT_FAILURE;
}
