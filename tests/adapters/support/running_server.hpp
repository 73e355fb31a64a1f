// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_ADAPTERS_SUPPORT_RUNNING_SERVER_HPP
#define FOREST_TESTS_ADAPTERS_SUPPORT_RUNNING_SERVER_HPP

#include <forest/adapters/asio/asio_server.hpp>
#include <forest/policy/server.hpp>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <system_error>
#include <thread>

// A server on a free port of 127.0.0.1, with two threads that run it.

namespace forest::test {

/// Waits until `claim()` holds; false if it does not within 20 s.
template <typename Claim>
bool eventually(Claim claim) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!claim()) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    return true;
}

/// Answers `{"status":"ok"}` to GET /forest/health. The destructor destroys the server and waits
/// for the io_context to run out of work, so that an operation that outlives the server hangs the
/// test.
class running_server {
public:
    explicit running_server(const server_limits& limits = {}) {
        server.emplace(io.get_executor(), limits);
        (void)server->get("/forest/health", [](const server_request&, auto respond) {
            respond({.body = R"({"status":"ok"})", .fields = {}});
        });
        if (const std::error_code ec = server->listen("127.0.0.1", 0))
            throw std::system_error(ec);
        port = server->port();
        for (std::thread& thread : threads_)
            thread = std::thread{[this] { io.run(); }};
    }

    running_server(const running_server&) = delete;
    running_server& operator=(const running_server&) = delete;

    ~running_server() {
        server.reset();
        join();
    }

    /// Waits for the io_context to run out of work.
    void join() {
        work_.reset();
        for (std::thread& thread : threads_) {
            if (thread.joinable())
                thread.join();
        }
    }

    asio::io_context io;
    std::optional<asio_server> server;
    std::uint16_t port = 0;

private:
    asio::executor_work_guard<asio::io_context::executor_type> work_{io.get_executor()};
    std::thread threads_[2];
};

} // namespace forest::test

#endif
