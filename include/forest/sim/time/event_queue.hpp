// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_TIME_EVENT_QUEUE_HPP
#define FOREST_SIM_TIME_EVENT_QUEUE_HPP

#include <forest/core/detail/container/quad_heap.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/time/saturate.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

// Simulated time: a list of events, each with the time at which it is due. Time passes only when
// the events run.

namespace forest::inline FOREST_FORM::sim {

/// The timeline of a simulation. Events at the same moment run in the order in which they were
/// added. An event beyond the range of the clock, some 292 years, never runs. Not thread-safe: a
/// simulation has no threads. It must outlive all clocks, transports and servers on it.
class event_queue {
public:
    /// The simulated time since the beginning, as the time of a steady clock.
    [[nodiscard]] steady_time now() const noexcept { return now_; }

    /// Runs `task` after `delay`, never within this call. A negative delay counts as 0.
    void after(duration delay, forest::detail::unique_function<void()>&& task) {
        at(later(delay), std::move(task));
    }

    /// Runs `task` at `when`, or now if that time has passed. Never within this call.
    void at(steady_time when, forest::detail::unique_function<void()>&& task);

    /// Runs the next event. Returns false if there is none.
    bool run_one() { return run_one_until(steady_time::max()); }

    /// Runs all events within the next `span`, including its end. The time is then the end of the
    /// span. A negative span counts as 0.
    void run_for(duration span) { run_until(later(span)); }

    /// Runs all events up to and including `end`. The time is then `end`.
    void run_until(steady_time end) {
        while (run_one_until(end)) {
        }
        now_ = std::max(now_, end);
    }

    /// Runs events until the predicate is true. Returns false if it is not true within `bound`.
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

    /// Lets time pass without running events. Events that become due run late, as in a process that
    /// was suspended.
    void skip(duration span) { now_ = later(span); }

    /// The moment `span` from now, or the last one that the clock can represent. A negative span
    /// counts as 0.
    [[nodiscard]] steady_time later(duration span) const noexcept;

    [[nodiscard]] std::size_t pending() const noexcept { return heap_.size(); }

private:
    // The entry is small, because the heap moves entries. The tasks stay in their places.
    struct entry {
        steady_time when;
        std::uint64_t sequence;
        std::uint32_t place; // in `stored_`
    };

    static bool sooner(const entry& left, const entry& right) noexcept;

    std::uint32_t store(forest::detail::unique_function<void()>&& task);

    bool run_one_until(steady_time end);

    forest::detail::quad_heap<entry, sooner> heap_;
    std::vector<forest::detail::unique_function<void()>> stored_;
    std::vector<std::uint32_t> free_;
    steady_time now_{};
    std::uint64_t next_sequence_ = 0;
};

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/time/impl/event_queue.ipp>
#endif

#endif
