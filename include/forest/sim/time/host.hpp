// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_TIME_HOST_HPP
#define FOREST_SIM_TIME_HOST_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/random.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/time/event_queue.hpp>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

// The time of a simulated host: its clocks, which may be wrong, and whether its programs run. All
// arithmetic is in whole numbers, so the result is the same with every compiler.

namespace forest::inline FOREST_FORM::sim {

/// One host on a timeline. At first its clocks are right and its programs run. Not copyable, not
/// thread-safe. It must not outlive the queue. If it is destroyed, its waiting tasks are dropped.
class host {
public:
    /// The wall-clock time at the beginning of a simulation: 2026-01-01T00:00:00Z.
    static constexpr wall_time epoch{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};

    /// The largest error of a clock's rate, in parts per million: a tenth.
    static constexpr std::int64_t drift_ppm_max = 100'000;

    /// `seed` decides how the wall clock jumps. The wall clocks of hosts with the same seed jump
    /// together, so a client would not notice that its server's clock jumps, too.
    explicit host(event_queue& queue, std::uint64_t seed = 0) : queue_{&queue}, seed_{seed} {}

    host(const host&) = delete;
    host& operator=(const host&) = delete;

    [[nodiscard]] event_queue& queue() const noexcept { return *queue_; }

    /// The clock that never goes back. It continues while the host is suspended.
    [[nodiscard]] steady_time steady_now() const noexcept;

    /// The clock of timers. It stands still while the host is suspended.
    [[nodiscard]] steady_time timer_now() const noexcept { return steady_now() - stood_still(); }

    /// The wall clock, UTC.
    [[nodiscard]] wall_time now() const noexcept;

    /// Steps the wall clock, as an administrator or NTP would. No other clock changes (B17:
    /// schedules follow the monotonic clock).
    void step_wall(std::chrono::milliseconds step) noexcept;

    /// Makes the wall clock jump back and forth by up to `range` from one millisecond to the next.
    /// `range` is not negative; 0 ends the jumps.
    void jump_wall(std::chrono::milliseconds range) noexcept;

    /// How far the wall clock may jump from one millisecond to the next.
    [[nodiscard]] std::chrono::milliseconds wall_range() const noexcept { return wall_range_; }

    /// From now on all clocks of the host are too fast by `ppm` parts per million, or too slow if
    /// `ppm` is negative. At most `drift_ppm_max`.
    void drift(std::int64_t ppm) noexcept;

    /// Makes all clocks of the host run ahead by up to `range` and back again in every `period`; 0
    /// ends that. `range` is less than an eighth of `period`, so that no clock goes back.
    void swing(duration range, duration period) noexcept;

    /// Returns the time on the queue in which the clocks of this host advance by `span`, if their
    /// rate does not change. `span` is not negative. The result is rounded up, so that a timer is
    /// not early.
    [[nodiscard]] duration true_span(duration span) const noexcept;

    /// Stops all programs of the host for `span`, as a debugger or an overloaded hypervisor does.
    /// Timers continue, and their handlers are late.
    void pause(duration span) { stop_running(span); }

    /// Suspends the host for `span`, like a laptop that is closed: no program runs, and timers
    /// stand still.
    void suspend(duration span);

    /// Corrects the wall clock, and ends all drifts, swings and jumps. The steady clock keeps the
    /// error that a drift has caused, because that clock is never set.
    void correct() noexcept;

    /// Returns whether timers end at the right time by the clock of this host. They do not while
    /// the rate of the clock swings.
    [[nodiscard]] bool timers_exact() const noexcept { return swing_range_ == duration::zero(); }

    /// How often the rate of the clocks has changed, by a drift or a swing.
    [[nodiscard]] std::uint64_t rate_changes() const noexcept { return rate_changes_; }

    /// How often its programs were stopped.
    [[nodiscard]] std::uint64_t stops() const noexcept { return stops_; }

    /// How often the clocks of this host were changed, or its programs stopped.
    [[nodiscard]] std::uint64_t disturbances() const noexcept { return disturbances_; }

    [[nodiscard]] bool running() const noexcept { return queue_->now() >= stopped_until_; }

    /// Runs `task` at once. If the host stands still, the task waits until the host continues.
    /// Tasks run in the order in which they were added.
    template <typename Task>
    void when_running(Task&& task) {
        if (running() && deferred_.empty())
            task();
        else
            deferred_.push_back(forest::detail::unique_function<void()>{std::forward<Task>(task)});
    }

private:
    static constexpr std::int64_t million = 1'000'000;

    // Wide enough for the product of any two durations, so that no intermediate result is rounded.
    __extension__ using wide = __int128;

    static constexpr duration part(duration whole, std::int64_t numerator,
                                   std::int64_t denominator) noexcept {
        return duration{static_cast<duration::rep>(wide{whole.count()} * numerator / denominator)};
    }

    duration scaled(duration span) const noexcept;

    // Up to the range in the first half of each period, and back in the second.
    duration wobble() const noexcept;

    std::chrono::milliseconds wall_jump() const noexcept;

    duration stood_still() const noexcept;

    // A suspension may end while the host is paused, so each stop has its own end on the queue.
    void stop_running(duration span);

    void go_on();

    event_queue* queue_;
    std::uint64_t seed_;
    steady_time anchor_true_{};  // when the current rate began, on the queue
    steady_time anchor_local_{}; // the same moment by the clock of this host
    std::int64_t rate_ppm_ = 0;
    steady_time swing_began_{};
    duration swing_range_{};
    duration swing_period_{};
    std::chrono::milliseconds wall_offset_{};
    std::chrono::milliseconds wall_range_{};
    steady_time stopped_until_{};
    steady_time suspended_until_{};
    steady_time suspended_since_{};
    std::uint64_t disturbances_ = 0;
    std::uint64_t rate_changes_ = 0;
    std::uint64_t stops_ = 0;
    duration stood_still_{}; // the time that timers have lost in suspensions that are over
    bool suspended_ = false;
    std::deque<forest::detail::unique_function<void()>> deferred_;
    std::shared_ptr<void> alive_ = std::make_shared<char>(); // events on the queue check it
};

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/time/impl/host.ipp>
#endif

#endif
