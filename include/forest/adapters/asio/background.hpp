// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_BACKGROUND_HPP
#define FOREST_ADAPTERS_ASIO_BACKGROUND_HPP

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include <thread>

// For applications without an event loop of their own.

namespace forest {

/// An io_context with a thread that runs it. Declare it before the clients that use it, so that
/// they are destroyed first; destroy it anywhere but on its own thread, that is, not in a callback.
/// Callbacks run on that thread.
class background {
public:
    using executor_type = asio::io_context::executor_type;

    background() : thread_{[this] { context_.run(); }} {}

    background(const background&) = delete;
    background& operator=(const background&) = delete;

    /// Ends the thread. Pending work is dropped.
    ~background() {
        context_.stop();
        thread_.join();
    }

    [[nodiscard]] executor_type get_executor() noexcept { return context_.get_executor(); }

private:
    asio::io_context context_{1};
    asio::executor_work_guard<executor_type> work_{context_.get_executor()};
    std::thread thread_;
};

} // namespace forest

#endif
