// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETECTION_HPP
#define FOREST_CORE_DETECTION_HPP

#include <forest/core/backoff.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <algorithm>
#include <concepts>

// The longest time until an application learns of a crash (B4: the worst case), computed from the
// options of the application.

namespace forest::inline FOREST_FORM {

/// The longest time from a crash to `on_server_down`. There are two values, for the two ways in
/// which a client can see a crash.
struct detection_bound {
    /// The server announces its stop, or its host still answers: connections are closed, refused or
    /// reset at once.
    duration refused;

    /// Nothing answers: each check lasts for its whole timeout. This is also the bound for a held
    /// check whose connection is half open, because this side hears nothing of the end.
    duration black_holed;

    friend constexpr bool operator==(const detection_bound&, const detection_bound&) = default;
};

/// Returns the larger value of each member: the bound for a target that may be checked in two ways.
[[nodiscard]] constexpr detection_bound larger(const detection_bound& left,
                                               const detection_bound& right) noexcept {
    return {std::max(left.refused, right.refused), std::max(left.black_holed, right.black_holed)};
}

/// Returns the worst case for a target of a fleet, if the fleet is not too busy. It differs from
/// the worst case below in two points: each wait and each timeout ends at the end of its `tick`,
/// and the first check comes after two ticks. If the transport has ticks of its own for its
/// deadlines, like `pooled_transport`, pass the longer one of the two ticks.
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

/// Returns the worst case for these options: the server dies directly after it has answered a
/// check, or before the first check. The next check comes one interval after that check began. If
/// the timeout is longer than the interval, the next check comes when the answer has arrived, at
/// the latest at the timeout. The result is at most `duration::max()`. The time to compute it is
/// proportional to `failure_threshold`.
///
/// `options::hold` changes nothing (B42): the numbers are also true if no server or proxy ever
/// holds a check. See held_detection for a check that is held.
///
///     static_assert(forest::worst_case_detection({.interval = 10s}).black_holed <= 1min);
template <std::regular_invocable<int, duration> Backoff = exponential_backoff>
[[nodiscard]] constexpr detection_bound worst_case_detection(const options& settings,
                                                             const Backoff& backoff = {}) {
    return worst_case_detection(settings, backoff, duration::zero());
}

/// Returns the longest time until `on_server_down` if the server dies while it holds a check, and
/// connections take no time. `refused`: the server announces its stop, or the connection is closed
/// and new ones are refused; the delays are those of `confirm_after`. `black_holed`: nothing
/// answers any more; the held check lasts until its deadline. Without `options::hold` this is the
/// worst case. No value is larger than that of `worst_case_detection`.
template <std::regular_invocable<int, duration> Backoff = exponential_backoff>
[[nodiscard]] constexpr detection_bound held_detection(const options& settings,
                                                       const Backoff& backoff = {}) {
    const detection_bound worst = worst_case_detection(settings, backoff);
    if (settings.hold == duration::zero())
        return worst;
    duration confirmed = duration::zero();
    for (int failures = 1; failures < settings.failure_threshold; ++failures) {
        const duration delay =
            detail::confirm_delay(settings, failures, backoff(failures, settings.interval));
        if (delay > worst.refused - confirmed)
            return worst; // Far above all that is of use, and the sum would overflow.
        confirmed += delay;
    }
    const duration before = std::max({settings.interval + jitter_max(settings, settings.interval),
                                      settings.timeout, settings.initial_delay_max});
    const bool known = worst.black_holed != duration::max();
    return {confirmed, known ? worst.black_holed - before + settings.hold : worst.black_holed};
}

} // namespace forest::inline FOREST_FORM

#endif
