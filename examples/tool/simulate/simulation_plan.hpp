// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_SIMULATE_SIMULATION_PLAN_HPP
#define FOREST_EXAMPLES_TOOL_SIMULATE_SIMULATION_PLAN_HPP

#include <tool/arguments/arguments.hpp>

#include <forest/core/time.hpp>
#include <forest/sim/search/plan.hpp>

#include <chrono>
#include <cstdint>

// The faults in the worlds of `simulate`: an hour of a long world has as many as an hour of a short
// one.

namespace forest::cli {

/// How the faults of a world are drawn.
struct fault_density {
    /// A world is cut into pieces of this length, or into `pieces_min` if that is shorter.
    static constexpr duration piece = std::chrono::hours{4};
    static constexpr int pieces_min = 4;

    /// Each piece of each target has up to so many faults, on average half of it.
    static constexpr std::uint16_t faults_max = 2;

    /// In worlds with more pieces, of all targets together, only this many pieces have faults.
    static constexpr std::uint64_t faulty_pieces_max = 25'000;
};

/// The world of a seed. Its faults are in the order in which they begin.
[[nodiscard]] sim::plan draw_plan(std::uint64_t seed, const simulate_arguments& arguments);

} // namespace forest::cli

#endif
