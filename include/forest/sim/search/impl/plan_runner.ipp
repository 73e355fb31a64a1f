// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_SEARCH_IMPL_PLAN_RUNNER_IPP
#define FOREST_SIM_SEARCH_IMPL_PLAN_RUNNER_IPP

#include <forest/sim/search/plan_runner.hpp>

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL duration check_time_max(const planned_client& client) noexcept {
    const duration timeout = client.settings.timeout;
    if (!client.connections)
        return std::min(timeout, round_trip_max(client.usual));
    if (client.connections->kept) // One may be half open.
        return timeout;
    const int trips = 3 + client.connections->tls_flights;
    return std::min(timeout, saturating_product(trips, round_trip_max(client.usual)));
}

FOREST_DECL duration settling_time(const script& faults) {
    duration longest = std::chrono::seconds{1};
    for (const fault& each : faults) {
        const bool of_host = each.kind == fault_kind::pause || each.kind == fault_kind::suspend;
        longest = std::max(longest, of_host ? each.span : std::min(each.span, latency::maximum));
    }
    return longest;
}

} // namespace forest::inline FOREST_FORM::sim

#endif
