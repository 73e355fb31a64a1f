// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_SERVER_HPP
#define FOREST_SIM_CONFORMANCE_SERVER_HPP

#include <forest/form.hpp>
#include <forest/sim/conformance/detail/server_battery.hpp>
#include <forest/sim/conformance/harness.hpp>
#include <forest/sim/conformance/rules.hpp>

#include <type_traits>
#include <vector>

// Checks that a server keeps the promises of docs/reference/server.md.

namespace forest::inline FOREST_FORM::sim::conformance {

/// Checks the server of a harness. Takes about a second of the harness's time. Returns the
/// violations, at most one for each rule.
template <server_harness Harness>
[[nodiscard]] std::vector<violation> check_server(Harness&& harness,
                                                  const progress_callback& on_progress = {}) {
    return detail::server_battery<std::remove_cvref_t<Harness>>{harness}.run(on_progress);
}

} // namespace forest::inline FOREST_FORM::sim::conformance

#endif
