// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_TIME_HOST_HPP
#define FOREST_SIM_TIME_HOST_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/random.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/time/event_queue.hpp>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

// A simulated host as far as time is concerned: its clocks, which may be wrong, and whether its
// programs run at all. Arithmetic is in whole numbers, so that it is the same with every compiler.

namespace forest::sim {

/// One host on a timeline. Its clocks are exact and its programs run until it is told otherwise.
/// Not copyable; it must not outlive the queue, and what it was to do later is dropped with it. Not
/// thread-safe.
class host {
public:
    /// The wall clock that a simulation begins with: 2026-01-01T00:00:00Z.
    static constexpr wall_time epoch{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};

    /// The largest error of a clock's rate, in parts per million: a tenth.
    static constexpr std::int64_t drift_ppm_max = 100'000;

    /// `seed` says how its wall clock jumps. Those of hosts with one seed jump together, so that
    /// a client does not notice that its server's does, too.
    explicit host(event_queue& queue, std::uint64_t seed = 0) : queue_{&queue}, seed_{seed} {}

    host(const host&) = delete;
    host& operator=(const host&) = delete;

    [[nodiscard]] event_queue& queue() const noexcept { return *queue_; }

    /// The clock that never goes back and goes on while the host is suspended.
    [[nodiscard]] steady_time steady_now() const noexcept {
        return anchor_local_ + scaled(queue_->now() - anchor_true_) + wobble();
    }

    /// The clock of timers, which stands still while the host is suspended.
    [[nodiscard]] steady_time timer_now() const noexcept { return steady_now() - stood_still(); }

    /// The wall clock, UTC.
    [[nodiscard]] wall_time now() const noexcept {
        return epoch + wall_offset_ - wall_jump() +
               std::chrono::floor<wall_time::duration>(steady_now().time_since_epoch());
    }

    /// Steps the wall clock, as an administrator or NTP would; no other clock takes notice (B17).
    void step_wall(std::chrono::milliseconds by) noexcept {
        wall_offset_ += by;
        ++disturbances_;
    }

    /// Lets the wall clock jump back and forth by up to `range` from one millisecond to the next; 0
    /// ends it. Not negative.
    void jump_wall(std::chrono::milliseconds range) noexcept {
        assert(range >= std::chrono::milliseconds::zero());
        wall_range_ = range;
        ++disturbances_;
    }

    /// By how much the wall clock may be another in the next millisecond.
    [[nodiscard]] std::chrono::milliseconds wall_range() const noexcept { return wall_range_; }

    /// Lets all clocks of the host go `ppm` parts per million too fast, or too slow, from now
    /// on; at most `drift_ppm_max`.
    void drift(std::int64_t ppm) noexcept {
        assert(-drift_ppm_max <= ppm && ppm <= drift_ppm_max);
        anchor_local_ += scaled(queue_->now() - anchor_true_);
        anchor_true_ = queue_->now();
        rate_ppm_ = ppm;
        ++disturbances_;
    }

    /// Lets all clocks of the host run ahead by up to `range` and back again in every `period`;
    /// 0 ends it. `range` is less than an eighth of `period`, so that no clock goes back.
    void swing(duration range, duration period) noexcept {
        assert(range >= duration::zero() && (range == duration::zero() || 8 * range < period));
        // Where the last one has brought the clocks, they stay.
        anchor_local_ += wobble();
        swing_began_ = queue_->now();
        swing_range_ = range;
        swing_period_ = period;
        ++disturbances_;
    }

    /// How long the queue's time takes until the clocks of this host have gone on by `span`,
    /// which is not negative, if their rate stays as it is. Rounded up, so that a timer is not
    /// early.
    [[nodiscard]] duration true_span(duration span) const noexcept {
        if (rate_ppm_ == 0)
            return span;
        const wide rate = million + rate_ppm_;
        const wide whole = (wide{span.count()} * million + rate - 1) / rate;
        return whole < duration::max().count() ? duration{static_cast<duration::rep>(whole)}
                                               : duration::max();
    }

    /// Lets no program of the host run for `span`, as a debugger or a starving hypervisor does.
    /// Timers go on, and are late.
    void pause(duration span) { stop_running(span); }

    /// Suspends the host for `span`, as a laptop that is closed: no program runs, and timers
    /// stand still.
    void suspend(duration span) {
        if (!suspended_)
            suspended_since_ = steady_now();
        suspended_ = true;
        suspended_until_ = std::max(suspended_until_, queue_->later(span));
        stop_running(span);
    }

    /// Sets the wall clock right, and lets no clock drift or jump any more. What a drift has done
    /// to the steady clock stays: that one is never set.
    void correct() noexcept {
        drift(0);
        swing(duration::zero(), duration::zero());
        wall_offset_ = std::chrono::floor<std::chrono::milliseconds>(queue_->now() - steady_now());
        wall_range_ = std::chrono::milliseconds::zero();
        ++disturbances_;
    }

    /// Whether timers end when they are due by the clock of this host: not while its rate
    /// swings.
    [[nodiscard]] bool timers_exact() const noexcept { return swing_range_ == duration::zero(); }

    /// How often something was done to its clocks or to the running of its programs.
    [[nodiscard]] std::uint64_t disturbances() const noexcept { return disturbances_; }

    [[nodiscard]] bool running() const noexcept { return queue_->now() >= stopped_until_; }

    /// Runs `what` at once or, while the host stands still, when it goes on, in the order asked.
    template <typename What>
    void when_running(What&& what) {
        if (running() && deferred_.empty())
            what();
        else
            deferred_.push_back(forest::detail::unique_function<void()>{std::forward<What>(what)});
    }

private:
    static constexpr std::int64_t million = 1'000'000;

    // Wide enough for the product of any two durations, so that nothing is rounded on the way.
    __extension__ using wide = __int128;

    static constexpr duration part(duration of, std::int64_t numerator,
                                   std::int64_t denominator) noexcept {
        return duration{static_cast<duration::rep>(wide{of.count()} * numerator / denominator)};
    }

    duration scaled(duration span) const noexcept {
        return rate_ppm_ == 0 ? span : span + part(span, rate_ppm_, million);
    }

    // Up to the range in the first half of each period, and back in the second.
    duration wobble() const noexcept {
        if (swing_range_ == duration::zero())
            return duration::zero();
        const duration phase = (queue_->now() - swing_began_) % swing_period_;
        const duration half = swing_period_ / 2;
        const duration distance = phase < half ? phase : swing_period_ - phase;
        return part(swing_range_, distance.count(), half.count());
    }

    std::chrono::milliseconds wall_jump() const noexcept {
        if (wall_range_ <= std::chrono::milliseconds::zero())
            return std::chrono::milliseconds::zero();
        const auto moment =
            std::chrono::floor<std::chrono::milliseconds>(steady_now().time_since_epoch());
        random_generator random{seed_ + static_cast<std::uint64_t>(moment.count())};
        return std::chrono::milliseconds{static_cast<std::int64_t>(
            random() % static_cast<std::uint64_t>(wall_range_.count() + 1))};
    }

    duration stood_still() const noexcept {
        return stood_still_ + (suspended_ ? steady_now() - suspended_since_ : duration::zero());
    }

    // A suspension may end while the host is paused, so each has a moment of its own at which to
    // go on.
    void stop_running(duration span) {
        ++disturbances_;
        const steady_time until = queue_->later(span);
        stopped_until_ = std::max(stopped_until_, until);
        queue_->at(until, [this, alive = std::weak_ptr<void>{alive_}] {
            if (!alive.expired())
                go_on();
        });
    }

    void go_on() {
        if (suspended_ && queue_->now() >= suspended_until_) {
            stood_still_ = stood_still();
            suspended_ = false;
        }
        // What comes meanwhile waits behind, and so do all when one of them stops the host
        // again.
        while (running() && !deferred_.empty()) {
            forest::detail::unique_function<void()> next = std::move(deferred_.front());
            deferred_.pop_front();
            next();
        }
    }

    event_queue* queue_;
    std::uint64_t seed_;
    steady_time anchor_true_{}; // since when the rate is what it is
    steady_time anchor_local_{};
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
    duration stood_still_{}; // the timers, until they went on the last time
    bool suspended_ = false;
    std::deque<forest::detail::unique_function<void()>> deferred_;
    std::shared_ptr<void> alive_ = std::make_shared<char>(); // told by the queue to go on only then
};

} // namespace forest::sim

#endif
