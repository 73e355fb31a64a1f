// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_RULES_IMPL_OUTAGE_COUNTER_IPP
#define FOREST_SIM_RULES_IMPL_OUTAGE_COUNTER_IPP

#include <forest/sim/rules/outage_counter.hpp>

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL outage_counts& outage_counts::operator+=(const outage_counts& other) noexcept {
    obliged += other.obliged;
    obliged_detected += other.obliged_detected;
    excused += other.excused;
    excused_detected += other.excused_detected;
    false_positives += other.false_positives;
    reported_again += other.reported_again;
    beyond_bound += other.beyond_bound;
    return *this;
}

FOREST_DECL void outage_counter::update(duration now, const target_state& state) {
    if (state.down)
        begin(now, state);
    else if (last_ && last_->ongoing)
        end(now);
    if (!last_ || !last_->ongoing)
        return;
    if (state.host_changes != last_->host_changes)
        last_->disturbed_at = std::min(last_->disturbed_at, now);
    if (reported_down_)
        last_->detected = true;
}

FOREST_DECL void outage_counter::strike(duration now, const target_state& state) {
    if (last_ && last_->ongoing)
        return;
    target_state struck = state;
    struck.down = true;
    update(now, struck);
    update(now, state);
}

FOREST_DECL void outage_counter::interrupt(duration now, const target_state& state) {
    if (!ongoing() || check_began_ < last_->began)
        return;
    end(now);
    count();
    update(now, state);
}

FOREST_DECL down_meaning outage_counter::down_reported(duration now) {
    reported_down_ = true;
    if (!last_ || !(last_->ongoing || last_->ended >= failing_since_.value_or(now))) {
        ++counts_.false_positives;
        return down_meaning::false_positive;
    }
    last_->detected = true;
    if (last_->latency) {
        ++counts_.reported_again;
        return down_meaning::again;
    }
    last_->latency = now - last_->began;
    if (*last_->latency > bound_)
        ++counts_.beyond_bound;
    return down_meaning::detection;
}

FOREST_DECL duration outage_counter::latency() const noexcept {
    return last_ ? last_->latency.value_or(duration::zero()) : duration::zero();
}

FOREST_DECL void outage_counter::up_reported() noexcept {
    reported_down_ = false;
    if (last_ && last_->ongoing)
        last_->detected = last_->latency.has_value();
}

FOREST_DECL void outage_counter::finish(duration now) {
    if (last_ && last_->ongoing)
        end(now);
    count();
}

FOREST_DECL void outage_counter::begin(duration now, const target_state& state) {
    if (last_ && (last_->ongoing || last_->ended == now)) {
        last_->ongoing = true;
        return;
    }
    count();
    last_.emplace();
    last_->began = now;
    last_->client_sound = state.client_sound;
    last_->host_changes = state.host_changes;
}

FOREST_DECL void outage_counter::end(duration now) {
    last_->ongoing = false;
    last_->ended = now;
}

FOREST_DECL void outage_counter::count() {
    if (!last_)
        return;
    const detail::true_outage& last = *last_;
    const bool obliged =
        last.client_sound && std::min(last.ended, last.disturbed_at) - last.began >= bound_;
    if (obliged) {
        ++counts_.obliged;
        counts_.obliged_detected += last.detected ? 1 : 0;
        const bool late = last.latency && *last.latency > bound_;
        if ((!last.detected || late) && !overdue_)
            overdue_ = last.began + bound_;
    } else {
        ++counts_.excused;
        counts_.excused_detected += last.detected ? 1 : 0;
    }
    last_.reset();
}

} // namespace forest::inline FOREST_FORM::sim

#endif
