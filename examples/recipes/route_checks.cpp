// SPDX-License-Identifier: BSL-1.0

// A server that reports what it depends on: a database, asked on a pool because the call blocks,
// and a queue, whose length comes later on the event loop. The program asks itself over a socket,
// and then the database goes away.

#include <forest/adapters/asio/async_check.hpp>
#include <forest/adapters/asio/post_to.hpp>
#include <forest/forest.hpp>

#include <asio/io_context.hpp>
#include <asio/thread_pool.hpp>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

// A database whose client library blocks.
class database {
public:
    bool ping() {
        std::this_thread::sleep_for(20ms);
        if (gone_)
            throw std::runtime_error{"connection refused"};
        return true;
    }

    void go() { gone_ = true; }

private:
    std::atomic<bool> gone_ = false;
};

// A queue that reports its length later, on the event loop.
template <typename Callback>
void ask_length(forest::asio_clock& clock, Callback callback) {
    clock.async_wait(5ms, [callback](std::error_code) { callback(900); });
}

int main() {
    const std::string secret = "a shared secret";
    asio::io_context io;
    asio::thread_pool pool{2};
    database db;
    forest::asio_server server{io.get_executor()};
    forest::asio_clock clock = server.clock();
    forest::health_route route{
        server,
        forest::hmac_sha256_verifier{secret},
        {.live_path = "/live", .ready_path = "/ready", .startup_path = "/startup"}};

    // Blocks: runs on the pool.
    const auto ping = [&] { return db.ping(); };
    route.add_check("db", forest::post_to{pool}, ping, {.cache_for = 100ms});
    // Does not block: reports later.
    const auto check_queue = [&](forest::check_report report) {
        ask_length(clock, [report](int length) {
            if (length < 800)
                report(true);
            else if (length < 1000)
                report(forest::check_result::warn("nearly full"));
            else
                report(forest::check_result::fail("full"));
        });
    };
    route.add_check("queue", check_queue, {.deadline = 500ms, .cache_for = 1s});

    if (const std::error_code ec = server.listen("127.0.0.1", 0)) {
        std::cerr << ec.message() << '\n';
        return EXIT_FAILURE;
    }
    const std::string url = server.endpoints().front() + route.path();
    std::vector<int> statuses;
    const auto check = [&](auto next) {
        forest::async_check(io.get_executor(), url, 5s, forest::hmac_sha256_signer{secret},
                            [&, next](const forest::verdict& found) {
                                std::cout << "status " << found.status << '\n';
                                statuses.push_back(found.status);
                                next();
                            });
    };
    check([&] {
        db.go();
        clock.async_wait(200ms, [&](std::error_code) { check([&] { server.stop(); }); });
    });
    io.run();
    pool.join();
    return statuses == std::vector{200, 503} ? EXIT_SUCCESS : EXIT_FAILURE;
}
