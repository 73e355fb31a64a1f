// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_TIME_EVENT_QUEUE_HPP
#define FOREST_SIM_TIME_EVENT_QUEUE_HPP

#include <forest/core/detail/container/quad_heap.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/time/saturate.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

// Simulated time: a list of what is to happen and when. Nothing passes but by running it.

namespace forest::sim {

/// The one timeline of a simulation. What happens at the same moment happens in the order in which
/// it was asked for. What is put off for longer than a clock can count, some 292 years, never
/// happens. Not thread-safe: a simulation has no threads. It must outlive all clocks, transports
/// and servers on it.
class event_queue {
public:
    /// Simulated time since the beginning, as a steady clock tells it.
    [[nodiscard]] steady_time now() const noexcept { return now_; }

    /// Lets `what` happen after `delay`; a negative one counts as 0. Never runs it inside the call.
    void after(duration delay, forest::detail::unique_function<void()>&& what) {
        at(later(delay), std::move(what));
    }

    /// Lets `what` happen at `when`, or now if that is past.
    void at(steady_time when, forest::detail::unique_function<void()>&& what) {
        const std::uint32_t place = store(std::move(what));
        heap_.push({std::max(when, now_), next_sequence_++, place});
    }

    /// Runs the next event. False when there is none.
    bool run_one() { return run_one_until(steady_time::max()); }

    /// Runs all that happens within the next `span`, its end included, and leaves the time there.
    /// A negative one counts as 0.
    void run_for(duration span) { run_until(later(span)); }

    /// Runs all that happens up to and including `end`, and leaves the time there.
    void run_until(steady_time end) {
        while (run_one_until(end)) {
        }
        now_ = std::max(now_, end);
    }

    /// Runs until the predicate holds; false if it does not within `bound`.
    template <typename Predicate>
    bool run_until(Predicate&& holds, duration bound) {
        const steady_time end = later(bound);
        while (!holds())
            if (!run_one_until(end)) {
                now_ = std::max(now_, end);
                return holds();
            }
        return true;
    }

    /// Lets time pass without running anything: what is due meanwhile happens late, as in a process
    /// that was suspended.
    void skip(duration span) { now_ = later(span); }

    /// The moment that is `span` from now, or the last one that there is; now, if it is negative.
    [[nodiscard]] steady_time later(duration span) const noexcept {
        return steady_time{
            saturating_sum(now_.time_since_epoch(), std::max(span, duration::zero()))};
    }

    [[nodiscard]] std::size_t pending() const noexcept { return heap_.size(); }

private:
    // Small, because entries move about; what they stand for stays in its place.
    struct entry {
        steady_time when;
        std::uint64_t sequence;
        std::uint32_t place; // in `stored_`
    };

    static bool sooner(const entry& left, const entry& right) noexcept {
        return left.when != right.when ? left.when < right.when : left.sequence < right.sequence;
    }

    std::uint32_t store(forest::detail::unique_function<void()>&& what) {
        if (free_.empty()) {
            stored_.push_back(std::move(what));
            return static_cast<std::uint32_t>(stored_.size() - 1);
        }
        const std::uint32_t place = free_.back();
        free_.pop_back();
        stored_[place] = std::move(what);
        return place;
    }

    bool run_one_until(steady_time end) {
        if (heap_.empty() || heap_.front().when > end || heap_.front().when == steady_time::max())
            return false;
        const entry next = heap_.front();
        heap_.pop();
        now_ = std::max(now_, next.when);
        // Moved out, because what runs may store more.
        forest::detail::unique_function<void()> what = std::move(stored_[next.place]);
        free_.push_back(next.place);
        what();
        return true;
    }

    forest::detail::quad_heap<entry, sooner> heap_;
    std::vector<forest::detail::unique_function<void()>> stored_;
    std::vector<std::uint32_t> free_;
    steady_time now_{};
    std::uint64_t next_sequence_ = 0;
};

} // namespace forest::sim

#endif
