// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_FLEET_TICK_TIMER_HPP
#define FOREST_DETAIL_FLEET_TICK_TIMER_HPP

#include <forest/core/time.hpp>
#include <forest/detail/fleet/targets.hpp>
#include <forest/form.hpp>
#include <forest/policy/backoff.hpp>
#include <forest/policy/clock.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <system_error>
#include <utility>

// The one timer of a fleet, and the targets that are due when it expires. An exact timer for each
// of thousands of targets would cost system calls of its own; here all targets that are due within
// one tick share a wake-up.

namespace forest::inline FOREST_FORM::detail {

/// Expires at the ends of ticks, and only when a target is due. Not thread-safe.
template <clock Clock>
class tick_timer {
public:
    tick_timer(Clock clock, duration tick) : clock_{std::move(clock)}, tick_{tick} {}

    [[nodiscard]] wall_time now() const { return clock_.now(); }
    [[nodiscard]] steady_time steady_now() const { return clock_.steady_now(); }

    /// The result of a wait.
    struct expiry {
        steady_time moment; ///< everything up to this moment is due
        duration late;      ///< the time since the moment for which the timer was set
    };

    /// Calls `wake` at the end of the tick in which `deadline` lies, unless the timer is set again
    /// before that; never if `deadline` is empty. `wake` takes a number for `expired`. Throws what
    /// the clock throws; then the timer is not set, and the next call tries again.
    template <typename Wake>
    void set(std::optional<steady_time> deadline, Wake&& wake) {
        if (deadline)
            deadline = end_of_tick(*deadline);
        if (deadline == set_to_)
            return;
        if (set_to_)
            cancel();
        if (!deadline)
            return;
        const std::uint64_t number = ++waits_;
        const duration delay = std::max(*deadline - steady_now(), duration::zero());
        clock_.async_wait(delay, [wake = std::forward<Wake>(wake), number](std::error_code ec) {
            if (!ec)
                wake(number);
        });
        set_to_ = deadline;
    }

    /// Returns how late the timer is now; 0 if it is not set.
    [[nodiscard]] duration lateness(steady_time now) const noexcept {
        return set_to_ && *set_to_ < now ? now - *set_to_ : duration::zero();
    }

    /// Called by `wake` with its argument. Returns nothing if the timer was set again in between.
    [[nodiscard]] std::optional<expiry> expired(std::uint64_t number) {
        if (number != waits_ || !set_to_)
            return std::nullopt;
        const steady_time due = *std::exchange(set_to_, std::nullopt);
        const steady_time moment = std::max(steady_now(), due);
        return expiry{moment, moment - due};
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
    std::optional<steady_time> set_to_; // the end of the wait
    std::uint64_t waits_ = 0;           // the number of waits so far
};

/// The targets that are due when the timer expires. After a stall, nearly all targets may be due.
/// If all targets began together, they would stay together for ever, and the spread of the first
/// checks would be lost. Not thread-safe.
template <backoff Backoff>
class overdue_targets {
public:
    using target = typename fleet_targets<Backoff>::target;

    /// `all` must outlive this object.
    explicit overdue_targets(fleet_targets<Backoff>& all) noexcept : targets_{all} {}

    /// `late` is the delay of the timer. All targets up to and including `moment` are due.
    void expired(steady_time moment, duration late) noexcept {
        moment_ = moment;
        late_ = late;
        first_ = targets_.next_due();
        // A process that is always late was not stalled, but has too little time. Delaying its
        // checks would not help.
        was_late_ = std::exchange(puts_off_, false);
    }

    /// Returns the next target that is due; null when there is none. If a stall made a target late
    /// by more than its tolerance, the target is delayed. So its distance from the first target
    /// stays the same.
    [[nodiscard]] target* take() {
        for (;;) {
            const auto due = targets_.next_due();
            target* const next = targets_.take_due(moment_);
            if (next == nullptr || next->step == target_step::start || *due == *first_ ||
                was_late_ || late_ <= next->machine.options().stall_tolerance)
                return next;
            puts_off_ = true;
            targets_.put_off(*next, moment_ + (*due - *first_));
        }
    }

private:
    fleet_targets<Backoff>& targets_;
    steady_time moment_{};
    duration late_{};
    std::optional<steady_time> first_; // when the first target was due
    bool was_late_ = false;
    bool puts_off_ = false;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
