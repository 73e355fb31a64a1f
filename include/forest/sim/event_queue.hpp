// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_EVENT_QUEUE_HPP
#define FOREST_SIM_EVENT_QUEUE_HPP

#include <forest/core/time.hpp>
#include <forest/core/unique_function.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

// Simulated time: a list of what is to happen and when. Nothing passes but by running it.

namespace forest::sim {

/// The one timeline of a simulation. What happens at the same moment happens in the order in which
/// it was asked for. Not thread-safe: a simulation has no threads. It must outlive all clocks,
/// transports and servers on it.
class event_queue {
public:
    /// Simulated time since the beginning, as a steady clock tells it.
    [[nodiscard]] steady_time now() const noexcept { return now_; }

    /// Lets `what` happen after `delay`; a negative one counts as 0. Never runs it inside the call.
    void after(duration delay, unique_function<void()> what) {
        at(now_ + std::max(delay, duration::zero()), std::move(what));
    }

    /// Lets `what` happen at `when`, or now if that is past.
    void at(steady_time when, unique_function<void()> what) {
        heap_.push_back({std::max(when, now_), next_sequence_++, std::move(what)});
        std::push_heap(heap_.begin(), heap_.end(), later);
    }

    /// Runs the next event. False when there is none.
    bool run_one() { return run_one_until(steady_time::max()); }

    /// Runs all that happens within the next `span`, its end included, and leaves the time there.
    void run_for(duration span) { run_until(now_ + span); }

    /// Runs all that happens up to and including `end`, and leaves the time there.
    void run_until(steady_time end) {
        while (run_one_until(end)) {
        }
        now_ = std::max(now_, end);
    }

    /// Runs until the predicate holds; false if it does not within `bound`.
    template <typename Predicate>
    bool run_until(Predicate&& holds, duration bound) {
        const steady_time end = now_ + bound;
        while (!holds())
            if (!run_one_until(end)) {
                now_ = std::max(now_, end);
                return holds();
            }
        return true;
    }

    /// Lets time pass without running anything: what is due meanwhile happens late, as in a process
    /// that was suspended.
    void skip(duration span) { now_ += span; }

    [[nodiscard]] std::size_t pending() const noexcept { return heap_.size(); }

private:
    struct entry {
        steady_time when;
        std::uint64_t sequence;
        unique_function<void()> what;
    };

    static bool later(const entry& left, const entry& right) noexcept {
        return left.when != right.when ? left.when > right.when : left.sequence > right.sequence;
    }

    bool run_one_until(steady_time end) {
        if (heap_.empty() || heap_.front().when > end)
            return false;
        std::pop_heap(heap_.begin(), heap_.end(), later);
        entry next = std::move(heap_.back());
        heap_.pop_back();
        now_ = std::max(now_, next.when);
        next.what();
        return true;
    }

    std::vector<entry> heap_;
    steady_time now_{};
    std::uint64_t next_sequence_ = 0;
};

} // namespace forest::sim

#endif
