// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_CLOCK_HPP
#define FOREST_SIM_CONFORMANCE_CLOCK_HPP

#include <forest/form.hpp>
#include <forest/sim/conformance/detail/clock_battery.hpp>
#include <forest/sim/conformance/harness.hpp>
#include <forest/sim/conformance/rules.hpp>

#include <type_traits>
#include <vector>

// Checks that a clock keeps the promises of docs/reference/clock.md.

namespace forest::inline FOREST_FORM::sim::conformance {

/// Checks the clocks of a harness. Takes about a second of the harness's time. Returns the
/// violations, at most one for each rule.
template <clock_harness Harness>
[[nodiscard]] std::vector<violation> check_clock(Harness&& harness,
                                                 const progress_callback& on_progress = {}) {
    return detail::clock_battery<std::remove_cvref_t<Harness>>{harness}.run(on_progress);
}

} // namespace forest::inline FOREST_FORM::sim::conformance

#endif
