// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_BACKOFF_HPP
#define FOREST_SIM_CONFORMANCE_BACKOFF_HPP

#include <forest/form.hpp>
#include <forest/policy/backoff.hpp>
#include <forest/sim/conformance/detail/backoff_battery.hpp>
#include <forest/sim/conformance/harness.hpp>
#include <forest/sim/conformance/rules.hpp>

#include <chrono>
#include <vector>

// Checks that a backoff keeps the promises of docs/reference/backoff.md.

namespace forest::inline FOREST_FORM::sim::conformance {

/// The longest real time for which check_backoff calls a backoff. A backoff whose calls take long,
/// for example because it counts up to the number of failures, is tried with fewer failures. A
/// single call is never interrupted.
inline constexpr std::chrono::milliseconds backoff_time_max{600};

/// The most failures in a row with which a backoff is tried.
inline constexpr int backoff_failures_max = 1'000'000;

/// Checks a backoff, for intervals up to `options::duration_max`. Takes less than a second of real
/// time. Returns the violations, at most one for each rule.
template <backoff Backoff>
[[nodiscard]] std::vector<violation> check_backoff(const Backoff& model,
                                                   const progress_callback& on_progress = {}) {
    constexpr detail::backoff_bounds bounds{backoff_time_max, backoff_failures_max};
    return detail::backoff_battery<Backoff>{model, bounds}.run(on_progress);
}

} // namespace forest::inline FOREST_FORM::sim::conformance

#endif
