// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_WORLD_WORLD_POLICIES_HPP
#define FOREST_SIM_WORLD_WORLD_POLICIES_HPP

#include <forest/core/backoff.hpp>
#include <forest/form.hpp>
#include <forest/health_client.hpp>
#include <forest/health_fleet.hpp>
#include <forest/policy/clock.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/network/connection_setup.hpp>
#include <forest/sim/network/network_transport.hpp>
#include <forest/sim/network/quick_signer.hpp>
#include <forest/sim/script/latency.hpp>

#include <chrono>
#include <optional>
#include <string>

// The parts of a simulated world that a test can replace.

namespace forest::inline FOREST_FORM::sim {

/// The parts of a world. To replace some parts, derive a struct from this one and define the names
/// of these parts again: real signatures, another backoff, another client or fleet.
struct world_policies {
    using signer = quick_signer;     ///< constructed from the secret
    using verifier = quick_verifier; ///< constructed from the secret
    using backoff = exponential_backoff;
    using carrier = network_transport; ///< carries the checks: a basic_network_transport
    template <transport T, clock C, typename S, typename B>
    using client = basic_health_client<T, C, S, B>;
    template <transport T, clock C, typename S, typename B>
    using fleet = basic_health_fleet<T, C, S, B>;
};

/// The name and the network of a client or a fleet.
struct client_setup {
    std::string name{}; ///< empty: `client` or `fleet`, followed by the number
    latency usual = constant(std::chrono::milliseconds{1}); ///< the time that each message takes
    std::string path = "/forest/health";                    ///< the path of the health route
    /// Opens connections step by step, as with sockets. Empty: a check is one message and its
    /// answer.
    std::optional<connection_setup> connections{};
};

} // namespace forest::inline FOREST_FORM::sim

#endif
