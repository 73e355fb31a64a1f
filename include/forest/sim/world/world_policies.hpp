// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_WORLD_WORLD_POLICIES_HPP
#define FOREST_SIM_WORLD_WORLD_POLICIES_HPP

#include <forest/core/backoff.hpp>
#include <forest/health_client.hpp>
#include <forest/health_fleet.hpp>
#include <forest/policy/clock.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/network/quick_signer.hpp>
#include <forest/sim/script/latency.hpp>

#include <chrono>
#include <string>

// What may be another in a simulated world.

namespace forest::sim {

/// What a world is assembled from. A struct that derives from this one and names some anew makes
/// another: real signatures, a backoff, a client or a fleet of one's own.
struct world_policies {
    using signer = quick_signer;     ///< made from the secret
    using verifier = quick_verifier; ///< made from the secret
    using backoff = exponential_backoff;
    template <transport T, clock C, typename S, typename B>
    using client = basic_health_client<T, C, S, B>;
    template <transport T, clock C, typename S, typename B>
    using fleet = basic_health_fleet<T, C, S, B>;
};

/// How a client gets to its server, or a fleet to each of its.
struct client_setup {
    std::string name{}; ///< empty: `client` or `fleet`, and the number
    latency usual = constant(std::chrono::milliseconds{1}); ///< of each message
    std::string path = "/forest/health";
};

} // namespace forest::sim

#endif
