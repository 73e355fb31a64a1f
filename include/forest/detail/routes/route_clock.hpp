// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_ROUTES_ROUTE_CLOCK_HPP
#define FOREST_DETAIL_ROUTES_ROUTE_CLOCK_HPP

#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/clock.hpp>

#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>

// The clock of the server on which a route is mounted, for parts of a route that are compiled once.

namespace forest::inline FOREST_FORM::detail {

/// Something that waits for a moment.
class route_waiter {
public:
    /// The wait with that number has ended.
    virtual void wake(std::uint64_t number) noexcept = 0;

protected:
    ~route_waiter() = default;
};

/// The clock of a server. All members may be called from any thread.
class route_clock {
public:
    [[nodiscard]] virtual steady_time steady_now() const = 0;
    [[nodiscard]] virtual wall_time now() const = 0;

    /// Calls `waiter.wake(number)` after the delay, or earlier if the waits are cancelled.
    virtual void wait(duration delay, const std::weak_ptr<route_waiter>& waiter,
                      std::uint64_t number) = 0;

    /// Ends all waits.
    virtual void cancel() = 0;

protected:
    ~route_clock() = default;
};

/// A clock of a certain server.
template <clock Clock>
class server_clock final : public route_clock {
public:
    explicit server_clock(Clock clock) : clock_{std::move(clock)} {}

    [[nodiscard]] steady_time steady_now() const override { return clock_.steady_now(); }
    [[nodiscard]] wall_time now() const override { return clock_.now(); }

    void wait(duration delay, const std::weak_ptr<route_waiter>& waiter,
              std::uint64_t number) override {
        clock_.async_wait(delay, [waiter, number](std::error_code) {
            if (const auto waiting = waiter.lock())
                waiting->wake(number);
        });
    }

    void cancel() override { clock_.cancel(); }

private:
    Clock clock_;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
