// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_SEARCH_IMPL_SWARM_IPP
#define FOREST_SIM_SEARCH_IMPL_SWARM_IPP

#include <forest/sim/search/swarm.hpp>

namespace forest::inline FOREST_FORM::sim::detail {

FOREST_DECL plan faults_alone(plan reduced, bool own) {
    std::size_t clients = 1;
    for (const fault& each : reduced.faults) {
        if (each.client != fault::everyone && !own)
            clients = std::max<std::size_t>(clients, each.client + 1U);
    }
    reduced.clients.assign(clients, planned_client{});
    if (own)
        reduced.servers = 1;
    return reduced;
}

} // namespace forest::inline FOREST_FORM::sim::detail

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL std::string to_string(const swarm_failure& failed) {
    return "seed " + std::to_string(failed.seed) + " breaks " + failed.broken.rule +
           "; shortened: " + to_string(failed.broken) + "\n" +
           to_test(failed.shrunk, failed.check, failed.names);
}

} // namespace forest::inline FOREST_FORM::sim

#endif
