// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_TRANSPORT_HPP
#define FOREST_SIM_CONFORMANCE_TRANSPORT_HPP

#include <forest/form.hpp>
#include <forest/sim/conformance/detail/transport_battery.hpp>
#include <forest/sim/conformance/harness.hpp>
#include <forest/sim/conformance/peer.hpp>
#include <forest/sim/conformance/rules.hpp>

#include <type_traits>
#include <vector>

// Checks that a transport keeps the promises of docs/reference/transport.md.

namespace forest::inline FOREST_FORM::sim::conformance {

/// Checks the transports of a harness. Takes some seconds of the harness's time, and more if a
/// transport is broken. Returns the violations, at most one for each rule.
template <transport_harness Harness>
[[nodiscard]] std::vector<violation> check_transport(Harness&& harness,
                                                     const progress_callback& on_progress = {}) {
    return detail::transport_battery<std::remove_cvref_t<Harness>>{harness}.run(on_progress);
}

} // namespace forest::inline FOREST_FORM::sim::conformance

#endif
