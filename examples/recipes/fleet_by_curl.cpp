// SPDX-License-Identifier: BSL-1.0

// Checks made by libcurl, with the options of libcurl: a proxy if there is one, and HTTP/2 where
// the server speaks it over TLS. All targets share the connections. This example watches a server
// of its own. Usage: fleet_by_curl [PROXY]

#include <forest/adapters/curl/curl_connections.hpp>
#include <forest/adapters/curl/curl_transport.hpp>
#include <forest/forest.hpp>

#include <asio/io_context.hpp>
#include <curl/curl.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

using namespace std::chrono_literals;

int main(int argc, char** argv) {
    constexpr std::string_view secret = "my-secret";
    asio::io_context io;
    forest::asio_server server{io.get_executor()};
    forest::health_route route{server, forest::hmac_sha256_verifier{secret}};
    if (server.listen("127.0.0.1", 0))
        return EXIT_FAILURE;

    const forest::asio_clock clock{io.get_executor()};
    forest::curl_options options;
    options.reuse_connections = true;
    options.proxy = argc > 1 ? argv[1] : "";
    options.configure = [](CURL* handle) {
        curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2TLS});
    };
    const forest::curl_connections connections{clock, options};
    forest::basic_health_fleet fleet{[&] { return forest::curl_transport{connections}; }, clock,
                                     forest::hmac_sha256_signer{secret},
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
