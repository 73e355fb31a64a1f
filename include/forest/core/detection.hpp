// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETECTION_HPP
#define FOREST_CORE_DETECTION_HPP

#include <forest/core/backoff.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>

#include <algorithm>
#include <concepts>

// How soon an application learns of a crash at the latest (B4: the bound of detection), computed
// from its own options.

namespace forest {

/// The longest time from a crash to `on_server_down`, by how the crash looks from outside.
struct detection_bound {
    duration
        refused; ///< the host answers for the dead server: connections are refused or reset at once
    duration black_holed; ///< nothing answers: each check lasts for its whole timeout

    friend constexpr bool operator==(const detection_bound&, const detection_bound&) = default;
};

/// The larger one of each: what is promised of a target that is checked in either of two ways.
[[nodiscard]] constexpr detection_bound larger(const detection_bound& left,
                                               const detection_bound& right) noexcept {
    return {std::max(left.refused, right.refused), std::max(left.black_holed, right.black_holed)};
}

/// The worst case for a target of a fleet that keeps up: as below, but each wait and each timeout
/// ends with its `tick`, and the first check comes after two of them. Where the transport meets its
/// deadlines at the ends of ticks of its own, as `pooled_transport` does, `tick` is the coarser
/// one.
template <std::regular_invocable<int, duration> Backoff>
[[nodiscard]] constexpr detection_bound
worst_case_detection(const options& settings, const Backoff& backoff, duration tick) {
    const auto add = [](duration sum, duration part) {
        return part > duration::max() - sum ? duration::max() : sum + part;
    };
    const auto at_most = [&](duration delay) { return add(delay, jitter_max(settings, delay)); };
    duration refused =
        std::max({at_most(settings.interval), settings.timeout, settings.initial_delay_max});
    refused = add(refused, 2 * tick);
    duration timeouts = add(settings.timeout, tick);
    for (int failures = 1; failures < settings.failure_threshold; ++failures) {
        refused = add(refused, add(at_most(backoff(failures, settings.interval)), tick));
        timeouts = add(timeouts, add(settings.timeout, tick));
        if (refused == duration::max())
            break;
    }
    return {refused, add(refused, timeouts)};
}

/// The worst case for these options: the server dies right after it has answered a check, or is
/// dead before the first one. The next check comes an interval after that one began or, where the
/// timeout is longer, when its answer has arrived at last. Saturates at `duration::max()`. Takes
/// time in proportion to the threshold.
///
///     static_assert(forest::worst_case_detection({.interval = 10s}).black_holed <= 1min);
template <std::regular_invocable<int, duration> Backoff = exponential_backoff>
[[nodiscard]] constexpr detection_bound worst_case_detection(const options& settings,
                                                             const Backoff& backoff = {}) {
    return worst_case_detection(settings, backoff, duration::zero());
}

} // namespace forest

#endif
