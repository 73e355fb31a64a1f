// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_SEARCH_PLAN_HPP
#define FOREST_SIM_SEARCH_PLAN_HPP

#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/network/connection_setup.hpp>
#include <forest/sim/script/fault.hpp>
#include <forest/sim/script/latency.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

// One simulation as a value: its servers and clients, its faults, and its length. So it can be
// drawn, run again, shortened, and written down as a test.

namespace forest::inline FOREST_FORM::sim {

/// A client of a plan.
struct planned_client {
    std::uint16_t server = 0; ///< the number of the server that it watches
    options settings{};
    latency usual = constant(std::chrono::milliseconds{1});
    std::optional<connection_setup> connections{}; ///< as in client_setup
};

/// A simulation. The names of servers are `server0`, `server1`, …; the names of clients are
/// `client0`, `client1`, ….
struct plan {
    std::uint64_t seed = 0; ///< the seed of the world
    std::uint16_t servers = 1;
    std::vector<planned_client> clients{planned_client{}};
    script faults{};
    duration length = std::chrono::hours{1};
};

} // namespace forest::inline FOREST_FORM::sim

#endif
