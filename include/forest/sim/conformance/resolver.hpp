// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_RESOLVER_HPP
#define FOREST_SIM_CONFORMANCE_RESOLVER_HPP

#include <forest/form.hpp>
#include <forest/sim/conformance/detail/resolver_battery.hpp>
#include <forest/sim/conformance/peer.hpp>
#include <forest/sim/conformance/rules.hpp>

#include <type_traits>
#include <vector>

// Checks that a resolver keeps the promises of docs/reference/resolver.md.

namespace forest::inline FOREST_FORM::sim::conformance {

/// Checks the resolvers of a harness. Returns the violations, at most one for each rule.
template <resolver_harness Harness>
[[nodiscard]] std::vector<violation> check_resolver(Harness&& harness) {
    return detail::resolver_battery<std::remove_reference_t<Harness>>{harness}.run();
}

} // namespace forest::inline FOREST_FORM::sim::conformance

#endif
