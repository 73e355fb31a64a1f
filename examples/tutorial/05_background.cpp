// SPDX-License-Identifier: BSL-1.0

// A client in an application that has no event loop: a thread in the background runs it.

#include <forest/forest.hpp>

#include <chrono>
#include <cstdlib>
#include <future>
#include <iostream>
#include <string>
#include <string_view>
#include <system_error>

using namespace std::chrono_literals;

int main() {
    constexpr std::string_view secret = "my-secret";

    // Before the clients and servers that use it, so that they are destroyed first.
    forest::background background;

    forest::asio_server server{background.get_executor()};
    forest::health_route route{server, forest::hmac_sha256_verifier{secret}};
    if (const std::error_code ec = server.listen("127.0.0.1", 0)) {
        std::cerr << ec.message() << '\n';
        return EXIT_FAILURE;
    }
    const std::string url = server.endpoints().front() + route.path();

    std::promise<forest::verdict> first;
    forest::health_client client{background.get_executor(), url, secret};
    client.on_event([&](const forest::event& happened) {
        if (happened.check == nullptr)
            return;
        first.set_value(*happened.check); // A verdict may be kept; the event may not.
        client.stop();
    });
    client.start();

    // This thread is free to do something else.
    auto result = first.get_future();
    if (result.wait_for(10s) != std::future_status::ready)
        return EXIT_FAILURE;
    return result.get().healthy() ? EXIT_SUCCESS : EXIT_FAILURE;
}
