// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_ADAPTERS_SUPPORT_ON_ASIO_HPP
#define FOREST_TESTS_ADAPTERS_SUPPORT_ON_ASIO_HPP

#include <forest/core/time.hpp>
#include <forest/sim/conformance/rules.hpp>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

// What the harnesses of models on Asio share.

namespace forest::test {

inline void expect_none(const std::vector<sim::conformance::violation>& found) {
    for (const auto& each : found)
        BOOST_ERROR(to_string(each));
}

/// Real time, on an io_context with as many threads as wanted.
template <typename Base>
struct on_asio : Base {
    on_asio() : Base{[this](duration span) { turn(span); }} {}

    asio::io_context io;
    asio::io_context::executor_type context = io.get_executor();
    asio::executor_work_guard<asio::io_context::executor_type> work{context};
    std::size_t further_threads = 0;

    [[nodiscard]] bool in_context() const { return context.running_in_this_thread(); }

private:
    void turn(duration span) {
        const auto end = std::chrono::steady_clock::now() + span;
        io.restart();
        std::vector<std::jthread> threads(further_threads);
        for (auto& each : threads)
            each = std::jthread{[this, end] { io.run_until(end); }};
        // Another thread may do what is waited for.
        io.run_one_until(end);
        io.stop();
    }
};

} // namespace forest::test

#endif
