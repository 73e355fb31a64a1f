// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_ADAPTERS_SUPPORT_REFUSING_EXECUTOR_HPP
#define FOREST_TESTS_ADAPTERS_SUPPORT_REFUSING_EXECUTOR_HPP

#include <asio/execution/blocking.hpp>
#include <asio/execution/context.hpp>
#include <asio/execution/execute.hpp>
#include <asio/execution_context.hpp>
#include <asio/io_context.hpp>
#include <asio/require.hpp>

#include <new>
#include <utility>

// An executor that wraps another one, as a strand does, and lacks memory when the test says so.
// (A strand itself ends the program when it lacks memory at the wrong moment: one of its
// destructors posts.)

namespace forest::test {

/// Which functions an executor takes from now on: so many, then so many not, then all.
struct refusal_plan {
    int takes = 0;
    int refuses = 0;
};

/// Runs functions on an io_context, but throws std::bad_alloc as planned. Both must outlive it.
class refusing_executor {
public:
    refusing_executor(asio::io_context& io, refusal_plan& plan) noexcept : io_{&io}, plan_{&plan} {}

    [[nodiscard]] asio::execution_context& query(asio::execution::context_t) const noexcept {
        return *io_;
    }
    [[nodiscard]] static constexpr asio::execution::blocking_t
    query(asio::execution::blocking_t) noexcept {
        return asio::execution::blocking.never;
    }
    [[nodiscard]] refusing_executor require(asio::execution::blocking_t::never_t) const noexcept {
        return *this;
    }

    template <typename Function>
    void execute(Function&& function) const {
        if (plan_->takes > 0) {
            --plan_->takes;
        } else if (plan_->refuses > 0) {
            --plan_->refuses;
            throw std::bad_alloc{};
        }
        asio::execution::execute(
            asio::require(io_->get_executor(), asio::execution::blocking.never),
            std::forward<Function>(function));
    }

    friend bool operator==(const refusing_executor&, const refusing_executor&) noexcept = default;

private:
    asio::io_context* io_;
    refusal_plan* plan_;
};

} // namespace forest::test

#endif
