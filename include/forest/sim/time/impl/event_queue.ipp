// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_TIME_IMPL_EVENT_QUEUE_IPP
#define FOREST_SIM_TIME_IMPL_EVENT_QUEUE_IPP

#include <forest/sim/time/event_queue.hpp>

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL void event_queue::at(steady_time when, forest::detail::unique_function<void()>&& task) {
    const std::uint32_t place = store(std::move(task));
    heap_.push({std::max(when, now_), next_sequence_++, place});
}

FOREST_DECL steady_time event_queue::later(duration span) const noexcept {
    return steady_time{saturating_sum(now_.time_since_epoch(), std::max(span, duration::zero()))};
}

FOREST_DECL bool event_queue::sooner(const entry& left, const entry& right) noexcept {
    return left.when != right.when ? left.when < right.when : left.sequence < right.sequence;
}

FOREST_DECL std::uint32_t event_queue::store(forest::detail::unique_function<void()>&& task) {
    if (free_.empty()) {
        stored_.push_back(std::move(task));
        return static_cast<std::uint32_t>(stored_.size() - 1);
    }
    const std::uint32_t place = free_.back();
    free_.pop_back();
    stored_[place] = std::move(task);
    return place;
}

FOREST_DECL bool event_queue::run_one_until(steady_time end) {
    if (heap_.empty() || heap_.front().when > end || heap_.front().when == steady_time::max())
        return false;
    const entry next = heap_.front();
    heap_.pop();
    now_ = std::max(now_, next.when);
    // Moved out, because the task may add others.
    forest::detail::unique_function<void()> task = std::move(stored_[next.place]);
    free_.push_back(next.place);
    task();
    return true;
}

} // namespace forest::inline FOREST_FORM::sim

#endif
