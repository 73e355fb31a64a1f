// SPDX-License-Identifier: BSL-1.0

// Clients in an application whose handlers run on several threads. All code that uses the state of
// the application runs on one strand, also the callbacks of the clients. So the state needs no
// mutex.

#include <forest/forest.hpp>

#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <asio/thread_pool.hpp>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <future>
#include <iostream>
#include <string_view>
#include <system_error>
#include <utility>

using namespace std::chrono_literals;

// Used only on the strand.
struct state {
    int checks = 0;
    int ticks = 0;
    bool enough_said = false;

    [[nodiscard]] bool enough() const { return checks >= 20 && ticks >= 20; }
};

int main() {
    constexpr std::string_view secret = "my-secret";
    asio::thread_pool pool{4};
    const auto strand = asio::make_strand(pool);

    forest::asio_server server{pool.get_executor()};
    forest::health_route route{server, forest::hmac_sha256_verifier{secret}};
    if (const std::error_code ec = server.listen("127.0.0.1", 0)) {
        std::cerr << ec.message() << '\n';
        return EXIT_FAILURE;
    }

    state shared;
    std::promise<void> done;
    const auto look = [&] {
        if (shared.enough() && !std::exchange(shared.enough_said, true))
            done.set_value();
    };

    // Two clients on the strand: their callbacks never run at the same time.
    const auto url = server.endpoints().front() + route.path();
    forest::health_client one{strand, url, secret, {.interval = 5ms}};
    forest::health_client other{strand, url, secret, {.interval = 7ms}};
    const auto count = [&](const forest::event& happened) {
        shared.checks += happened.kind == forest::event_kind::check_succeeded;
        look();
    };
    one.on_event(count);
    other.on_event(count);

    // Other work of the application, on the same strand.
    asio::steady_timer timer{strand};
    std::function<void(std::error_code)> tick = [&](std::error_code ec) {
        if (ec)
            return;
        ++shared.ticks;
        look();
        timer.expires_after(2ms);
        timer.async_wait(tick);
    };
    asio::post(strand, [&] { tick({}); });

    one.start();
    other.start();
    const bool enough = done.get_future().wait_for(30s) == std::future_status::ready;

    // This thread is not on the strand. Each `stop` waits for a running callback; after that no
    // callback is called.
    one.stop();
    other.stop();
    asio::post(strand, [&] { timer.cancel(); });
    server.stop(0s);
    pool.stop();
    pool.join();
    return enough ? EXIT_SUCCESS : EXIT_FAILURE;
}
