// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_TIME_VIRTUAL_CLOCK_HPP
#define FOREST_SIM_TIME_VIRTUAL_CLOCK_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/error.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/clock.hpp>
#include <forest/sim/time/event_queue.hpp>
#include <forest/sim/time/host.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

// The clock of a simulated host, as programs use it.

namespace forest::inline FOREST_FORM::sim {

/// Reads the time of a simulated host and waits by it: a model of `clock`.
///
/// From tests/sim/time/virtual_clock_test.cpp:
///     sim::virtual_clock clock{queue};
///     std::string order;
///     clock.async_wait(2s, [&](std::error_code) { order += 'c'; });
///     clock.async_wait(1s, [&](std::error_code) { order += 'a'; });
///     clock.async_wait(1s, [&](std::error_code) { order += 'b'; });
///     clock.async_wait(-1s, [&](std::error_code) { order += '0'; });
///     BOOST_TEST(order.empty());
///     queue.run_for(3s);
///     BOOST_TEST(order == "0abc");
///
/// **Thread safety:** none. Handlers run when the queue is run.
///
/// **Lifetime:** the queue must outlive the clock, and a host that is given to it must outlive the
/// clock and all its waits. A copy has the same host, but its own waits. So each client cancels
/// only its own waits. Destroying a clock cancels nothing: its waits still end. A clock that was
/// moved from may only be destroyed.
///
/// **Errors:** constructing a clock, `async_wait` and `cancel` throw only std::bad_alloc. A wait
/// that `cancel()` has ended gets `errc::operation_canceled`. An exception of a handler passes
/// through the queue.
class virtual_clock {
public:
    /// The wall-clock time at the beginning of a simulation: 2026-01-01T00:00:00Z.
    static constexpr wall_time epoch = host::epoch;

    /// The clock of a host that is used for nothing else.
    explicit virtual_clock(event_queue& queue) : virtual_clock{std::make_shared<host>(queue)} {}

    /// The clock of `owner`, which must outlive it and all its waits.
    explicit virtual_clock(host& owner)
        : virtual_clock{std::shared_ptr<host>{std::shared_ptr<void>{}, &owner}} {}

    virtual_clock(const virtual_clock& other) : virtual_clock{other.waits_->owner} {}

    virtual_clock(virtual_clock&&) noexcept = default;
    virtual_clock& operator=(const virtual_clock&) = delete;
    virtual_clock& operator=(virtual_clock&&) = delete;
    ~virtual_clock() = default;

    [[nodiscard]] wall_time now() const { return waits_->owner->now(); }

    [[nodiscard]] steady_time steady_now() const { return waits_->owner->steady_now(); }

    /// Returns the event queue of the clock.
    [[nodiscard]] event_queue& queue() const noexcept { return waits_->owner->queue(); }

    /// Steps the wall clock of the host, as an administrator or NTP would. The steady clock does
    /// not change (B17: schedules follow the monotonic clock).
    void step_wall(std::chrono::milliseconds step) { waits_->owner->step_wall(step); }

    /// Calls `handler` after `delay`, which is at most `options::duration_max`.
    template <typename Handler>
    void async_wait(duration delay, Handler&& handler) {
        const duration length = std::clamp(delay, duration::zero(), options::duration_max);
        const std::uint64_t id = waits_->next_id++;
        waits_->pending.push_back(
            {id, waits_->owner->timer_now() + length, std::forward<Handler>(handler)});
        schedule(waits_, id, length);
    }

    /// Ends all waits of this clock with errc::operation_canceled. If the host stands still, the
    /// handlers are called when it continues.
    void cancel();

    /// Returns how many waits of this clock are pending.
    [[nodiscard]] std::size_t pending() const noexcept { return waits_->pending.size(); }

private:
    struct wait {
        std::uint64_t id;
        steady_time due; // by the clock of timers
        forest::detail::unique_function<void(std::error_code)> handler;
    };

    struct waits {
        explicit waits(std::shared_ptr<host> host_of_clock) : owner{std::move(host_of_clock)} {}

        std::shared_ptr<host> owner;
        std::vector<wait> pending;
        std::uint64_t next_id = 0;
    };

    explicit virtual_clock(std::shared_ptr<host> owner)
        : waits_{std::make_shared<waits>(std::move(owner))} {}

    static void schedule(const std::shared_ptr<waits>& shared, std::uint64_t id, duration length);

    // On a clock that is not exact, the events for two waits with one deadline may be a nanosecond
    // apart, in either order. So each event ends the wait that is due first. If several are due at
    // the same time, it ends the one that began first.
    static void finish(const std::shared_ptr<waits>& shared, std::uint64_t id);

    static bool sooner(const wait& left, const wait& right) noexcept;

    std::shared_ptr<waits> waits_;
};

static_assert(clock<virtual_clock>);

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/time/impl/virtual_clock.ipp>
#endif

#endif
