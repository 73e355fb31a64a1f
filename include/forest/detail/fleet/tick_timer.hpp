// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_FLEET_TICK_TIMER_HPP
#define FOREST_DETAIL_FLEET_TICK_TIMER_HPP

#include <forest/core/time.hpp>
#include <forest/policy/clock.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <system_error>
#include <utility>

// The one wake-up that a fleet waits for. Exact timers are the trap of whoever watches thousands:
// each costs system calls of its own. Here all that is due within a tick shares one.

namespace forest::detail {

/// Wakes at the ends of ticks, and only when there is something to do. Not thread-safe.
template <clock Clock>
class tick_timer {
public:
    tick_timer(Clock by, duration tick) : clock_{std::move(by)}, tick_{tick} {}

    [[nodiscard]] wall_time now() const { return clock_.now(); }
    [[nodiscard]] steady_time steady_now() const { return clock_.steady_now(); }

    /// What has come when it rings.
    struct ringing {
        steady_time until; ///< all up to this moment has become due
        duration late;     ///< from when it was to ring
    };

    /// Calls `wake` at the end of the tick in which `at` lies, unless set anew before; never if
    /// `at` is empty. `wake` takes a number, by which `ring` knows whether that still counts.
    /// Throws what the clock throws, and is then not set: the next call tries again.
    template <typename Wake>
    void set(std::optional<steady_time> at, Wake&& wake) {
        if (at)
            at = end_of_tick(*at);
        if (at == set_to_)
            return;
        if (set_to_)
            cancel();
        if (!at)
            return;
        const std::uint64_t number = ++waits_;
        const duration delay = std::max(*at - steady_now(), duration::zero());
        clock_.async_wait(delay, [wake = std::forward<Wake>(wake), number](std::error_code ec) {
            if (!ec)
                wake(number);
        });
        set_to_ = at;
    }

    /// To be asked by `wake`, with what it was called with; empty if the alarm was set anew
    /// meanwhile.
    [[nodiscard]] std::optional<ringing> ring(std::uint64_t number) {
        if (number != waits_ || !set_to_)
            return std::nullopt;
        const steady_time due = *std::exchange(set_to_, std::nullopt);
        const steady_time until = std::max(steady_now(), due);
        return ringing{until, until - due};
    }

    void cancel() {
        ++waits_;
        set_to_.reset();
        clock_.cancel();
    }

private:
    [[nodiscard]] steady_time end_of_tick(steady_time moment) const noexcept {
        const duration rest = moment.time_since_epoch() % tick_;
        return rest == duration::zero() ? moment : moment - rest + tick_;
    }

    Clock clock_;
    duration tick_;
    std::optional<steady_time> set_to_; // when the clock will wake
    std::uint64_t waits_ = 0;           // asked of the clock so far
};

} // namespace forest::detail

#endif
