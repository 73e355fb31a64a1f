// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_BACKOFF_HPP
#define FOREST_CORE_BACKOFF_HPP

#include <forest/core/detail/container/algorithm.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <cassert>
#include <chrono>

// The two schedules after a failure (B3: the backoff). Both are pure functions of the number of
// failures. So the worst case can be computed at compile time.

namespace forest::inline FOREST_FORM {

/// 2, 4, 8, 16, 30, 30, … seconds: an outage is confirmed quickly, and a server that is down for a
/// long time gets few checks.
struct exponential_backoff {
    /// The delay after the first failure. Greater than 0.
    duration initial = std::chrono::seconds{2};

    /// The longest delay; it also limits the first one.
    duration maximum = std::chrono::seconds{30};

    /// Whether a delay may be longer than the interval. If not, a target with an interval of one
    /// second is also polled every second while it fails.
    bool may_exceed_interval = false;

    /// Returns the delay after the `failures`-th consecutive failure, counted from 1.
    [[nodiscard]] constexpr duration operator()(int failures, duration interval) const noexcept {
        assert(failures >= 1);
        const duration cap = may_exceed_interval ? maximum : detail::min(maximum, interval);
        duration delay = initial;
        // Stops before a doubling would exceed the cap, and so before any overflow.
        for (int n = 1; n < failures && delay < cap; ++n)
            delay = delay > cap / 2 ? cap : delay * 2;
        return detail::min(delay, cap);
    }
};

/// Always the interval: the fixed schedule of the Ruby client.
struct constant_backoff {
    [[nodiscard]] constexpr duration operator()(int, duration interval) const noexcept {
        return interval;
    }
};

} // namespace forest::inline FOREST_FORM

#endif
