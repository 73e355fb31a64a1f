// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_TIME_IMPL_HOST_IPP
#define FOREST_SIM_TIME_IMPL_HOST_IPP

#include <forest/sim/time/host.hpp>

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL steady_time host::steady_now() const noexcept {
    return anchor_local_ + scaled(queue_->now() - anchor_true_) + wobble();
}

FOREST_DECL wall_time host::now() const noexcept {
    return epoch + wall_offset_ - wall_jump() +
           std::chrono::floor<wall_time::duration>(steady_now().time_since_epoch());
}

FOREST_DECL void host::step_wall(std::chrono::milliseconds step) noexcept {
    wall_offset_ += step;
    ++disturbances_;
}

FOREST_DECL void host::jump_wall(std::chrono::milliseconds range) noexcept {
    assert(range >= std::chrono::milliseconds::zero());
    wall_range_ = range;
    ++disturbances_;
}

FOREST_DECL void host::drift(std::int64_t ppm) noexcept {
    assert(-drift_ppm_max <= ppm && ppm <= drift_ppm_max);
    anchor_local_ += scaled(queue_->now() - anchor_true_);
    anchor_true_ = queue_->now();
    rate_ppm_ = ppm;
    ++disturbances_;
    ++rate_changes_;
}

FOREST_DECL void host::swing(duration range, duration period) noexcept {
    assert(range >= duration::zero() && (range == duration::zero() || 8 * range < period));
    // The clocks keep the offset that the last swing has left.
    anchor_local_ += wobble();
    swing_began_ = queue_->now();
    swing_range_ = range;
    swing_period_ = period;
    ++disturbances_;
    ++rate_changes_;
}

FOREST_DECL duration host::true_span(duration span) const noexcept {
    if (rate_ppm_ == 0)
        return span;
    const wide rate = million + rate_ppm_;
    const wide whole = (wide{span.count()} * million + rate - 1) / rate;
    return whole < duration::max().count() ? duration{static_cast<duration::rep>(whole)}
                                           : duration::max();
}

FOREST_DECL void host::suspend(duration span) {
    if (!suspended_)
        suspended_since_ = steady_now();
    suspended_ = true;
    suspended_until_ = std::max(suspended_until_, queue_->later(span));
    stop_running(span);
}

FOREST_DECL void host::correct() noexcept {
    drift(0);
    swing(duration::zero(), duration::zero());
    wall_offset_ = std::chrono::floor<std::chrono::milliseconds>(queue_->now() - steady_now());
    wall_range_ = std::chrono::milliseconds::zero();
    ++disturbances_;
}

FOREST_DECL duration host::scaled(duration span) const noexcept {
    return rate_ppm_ == 0 ? span : span + part(span, rate_ppm_, million);
}

FOREST_DECL duration host::wobble() const noexcept {
    if (swing_range_ == duration::zero())
        return duration::zero();
    const duration phase = (queue_->now() - swing_began_) % swing_period_;
    const duration half = swing_period_ / 2;
    const duration distance = phase < half ? phase : swing_period_ - phase;
    return part(swing_range_, distance.count(), half.count());
}

FOREST_DECL std::chrono::milliseconds host::wall_jump() const noexcept {
    if (wall_range_ <= std::chrono::milliseconds::zero())
        return std::chrono::milliseconds::zero();
    const auto moment =
        std::chrono::floor<std::chrono::milliseconds>(steady_now().time_since_epoch());
    random_generator random{seed_ + static_cast<std::uint64_t>(moment.count())};
    return std::chrono::milliseconds{
        static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(wall_range_.count() + 1))};
}

FOREST_DECL duration host::stood_still() const noexcept {
    return stood_still_ + (suspended_ ? steady_now() - suspended_since_ : duration::zero());
}

FOREST_DECL void host::stop_running(duration span) {
    ++disturbances_;
    ++stops_;
    const steady_time until = queue_->later(span);
    stopped_until_ = std::max(stopped_until_, until);
    queue_->at(until, [this, alive = std::weak_ptr<void>{alive_}] {
        if (!alive.expired())
            go_on();
    });
}

FOREST_DECL void host::go_on() {
    if (suspended_ && queue_->now() >= suspended_until_) {
        stood_still_ = stood_still();
        suspended_ = false;
    }
    // Tasks that are added during the loop wait behind the others. All tasks wait if one task
    // stops the host again.
    while (running() && !deferred_.empty()) {
        forest::detail::unique_function<void()> next = std::move(deferred_.front());
        deferred_.pop_front();
        next();
    }
}

} // namespace forest::inline FOREST_FORM::sim

#endif
