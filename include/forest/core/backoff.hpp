// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_BACKOFF_HPP
#define FOREST_CORE_BACKOFF_HPP

#include <forest/core/time.hpp>

#include <algorithm>
#include <cassert>
#include <chrono>

// The two schedules after a failure (B3). Both are pure functions of the number of failures, so
// that the worst case can be computed at compile time.

namespace forest {

/// 2, 4, 8, 16, 30, 30, … seconds: an outage is confirmed quickly, and a server that is down for
/// long is left in peace.
struct exponential_backoff {
    /// The delay after the first failure. Greater than 0.
    duration initial = std::chrono::seconds{2};

    /// No delay is longer, not even the first.
    duration maximum = std::chrono::seconds{30};

    /// Whether a delay may be longer than the interval. Without it, a target polled every second is
    /// polled every second while it fails, too.
    bool may_exceed_interval = false;

    /// The delay after the `failures`-th consecutive failure, counted from 1.
    [[nodiscard]] constexpr duration operator()(int failures, duration interval) const noexcept {
        assert(failures >= 1);
        const duration cap = may_exceed_interval ? maximum : std::min(maximum, interval);
        duration delay = initial;
        // Stops before the doubling that would pass the cap, and so before any overflow.
        for (int n = 1; n < failures && delay < cap; ++n)
            delay = delay > cap / 2 ? cap : delay * 2;
        return std::min(delay, cap);
    }
};

/// Always the interval: the fixed schedule of the Ruby client.
struct constant_backoff {
    [[nodiscard]] constexpr duration operator()(int, duration interval) const noexcept {
        return interval;
    }
};

} // namespace forest

#endif
