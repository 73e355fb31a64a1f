// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_TIME_IMPL_VIRTUAL_CLOCK_IPP
#define FOREST_SIM_TIME_IMPL_VIRTUAL_CLOCK_IPP

#include <forest/sim/time/virtual_clock.hpp>

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL void virtual_clock::cancel() {
    // From now on the queue owns the handlers. So the handlers are destroyed even if the queue
    // never runs again.
    for (wait& each : std::exchange(waits_->pending, {}))
        queue().after({}, [owner = waits_->owner, handler = std::move(each.handler)]() mutable {
            owner->when_running([handler = std::move(handler)]() mutable {
                handler(make_error_code(errc::operation_canceled));
            });
        });
}

FOREST_DECL void virtual_clock::schedule(const std::shared_ptr<waits>& shared, std::uint64_t id,
                                         duration length) {
    // `[shared]` would capture a constant, and a constant is copied instead of moved.
    shared->owner->queue().after(
        shared->owner->true_span(length), [waiting = shared, id]() mutable {
            host& owner = *waiting->owner;
            owner.when_running([waiting = std::move(waiting), id] { finish(waiting, id); });
        });
}

FOREST_DECL void virtual_clock::finish(const std::shared_ptr<waits>& shared, std::uint64_t id) {
    const auto found = std::find_if(shared->pending.begin(), shared->pending.end(),
                                    [id](const wait& each) { return each.id == id; });
    if (found == shared->pending.end()) // The wait was cancelled, or ended by another event.
        return;
    // The clock has run more slowly than at the beginning of the wait, or stood still.
    if (const duration left = found->due - shared->owner->timer_now(); left > duration::zero())
        return schedule(shared, id, left);
    const auto next = std::min_element(shared->pending.begin(), shared->pending.end(), sooner);
    const bool last = next->id == id;
    auto handler = std::move(next->handler);
    shared->pending.erase(next);
    if (!last) // The next wait ends in its own event. That event waits if this handler stops
               // the host.
        schedule(shared, id, duration::zero());
    handler(std::error_code{});
}

FOREST_DECL bool virtual_clock::sooner(const wait& left, const wait& right) noexcept {
    return left.due != right.due ? left.due < right.due : left.id < right.id;
}

} // namespace forest::inline FOREST_FORM::sim

#endif
