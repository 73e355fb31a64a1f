// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_FLEET_OVERDUE_HPP
#define FOREST_DETAIL_FLEET_OVERDUE_HPP

#include <forest/core/time.hpp>
#include <forest/detail/fleet/targets.hpp>
#include <forest/policy/backoff.hpp>

#include <optional>
#include <utility>

// What is due when a fleet wakes up. After a stall that may be nearly everything, and what then
// began together would stay together for good: the spread of the first checks would be lost.

namespace forest::detail {

/// Takes what is due out of the targets of a fleet. Not thread-safe.
template <backoff Backoff>
class fleet_overdue {
public:
    using target = typename fleet_targets<Backoff>::target;

    /// The targets outlive this.
    explicit fleet_overdue(fleet_targets<Backoff>& all) noexcept : targets_{all} {}

    /// The alarm rang: all up to and including `until` is due, and it was to ring `late` ago.
    void rang(steady_time until, duration late) noexcept {
        until_ = until;
        late_ = late;
        first_ = targets_.next_due();
        // A process that is late again and again is not stalled but short of time, and gains none
        // when checks wait.
        was_late_ = std::exchange(puts_off_, false);
    }

    /// The next target that is due; null when there is none. One that was overtaken by a stall of
    /// more than its tolerance is put off to be as far from the first one as it was before.
    [[nodiscard]] target* take() {
        for (;;) {
            const auto due = targets_.next_due();
            target* const one = targets_.take_due(until_);
            if (one == nullptr || one->next == target_step::start || *due == *first_ || was_late_ ||
                late_ <= one->machine.options().stall_tolerance)
                return one;
            puts_off_ = true;
            targets_.put_off(*one, until_ + (*due - *first_));
        }
    }

private:
    fleet_targets<Backoff>& targets_;
    steady_time until_{};
    duration late_{};
    std::optional<steady_time> first_; // when the first one was due
    bool was_late_ = false;
    bool puts_off_ = false;
};

} // namespace forest::detail

#endif
