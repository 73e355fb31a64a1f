// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_FLEET_WATCHES_HPP
#define FOREST_DETAIL_FLEET_WATCHES_HPP

#include <forest/core/detail/logic/check_watch.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <algorithm>

// When a fleet wakes the watches of its checks. An own wait for each check would cost more than the
// check, so all watches are woken together.

namespace forest::inline FOREST_FORM::detail {

/// Says when the watches of all checks in flight have to be woken. A value; not thread-safe.
class fleet_watches {
public:
    /// A target with these options was added. What is often enough for all targets that ever were
    /// is often enough for each check.
    void include(const options& settings) noexcept {
        interval_ = std::min(interval_, watch_interval(settings));
        lateness_ = std::min(lateness_, lateness_max(settings));
    }

    /// A check has begun.
    void begun(steady_time now) noexcept {
        if (at_ <= now)
            at_ = now + interval_;
    }

    /// The moment of the next wake-up, while a check is in flight.
    [[nodiscard]] steady_time next() const noexcept { return at_; }

    /// Returns whether the watches have to be woken now, when this process runs `late` later than
    /// it was to run.
    [[nodiscard]] bool due(steady_time now, duration late) const noexcept {
        return at_ <= now || (late > lateness_ && now - late != noticed_);
    }

    /// The watches were woken. The first of them has to be woken again at `next`.
    void woken(steady_time now, duration late, steady_time next) noexcept {
        noticed_ = now - late;
        at_ = std::min(next, now + interval_);
    }

private:
    duration interval_ = options::duration_max;
    duration lateness_ = options::duration_max;
    steady_time at_ = steady_time::min();
    steady_time noticed_ = steady_time::min(); // when the late wake-up was to be that is known
};

} // namespace forest::inline FOREST_FORM::detail

#endif
