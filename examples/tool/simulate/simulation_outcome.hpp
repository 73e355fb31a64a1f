// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_SIMULATE_SIMULATION_OUTCOME_HPP
#define FOREST_EXAMPLES_TOOL_SIMULATE_SIMULATION_OUTCOME_HPP

#include "timeline.hpp"

#include <forest/core/event.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/rules/outage_counter.hpp>
#include <forest/sim/script/fault.hpp>
#include <forest/sim/trace/violation.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

// What a simulation reports while it runs, and at its end.

namespace forest::cli {

/// Functions that a simulation calls while it runs. Times are since its beginning.
struct simulation_listener {
    std::function<void(const event&, duration now)> reported{};
    std::function<void(const sim::fault&, bool begins, duration now)> fault{};
    /// Called from time to time; false ends the simulation.
    std::function<bool(duration now, std::uint64_t checks)> passed{};
    std::vector<timeline_lane>* lanes = nullptr; ///< of the first targets
    bool stop_at_violation = false;
};

/// The result of a simulation.
struct simulation_outcome {
    sim::outage_counts outages{};
    std::uint64_t checks = 0;
    std::uint64_t failed = 0;
    std::uint64_t inconclusive = 0;
    std::vector<duration> latencies{}; ///< of the detections
    std::uint64_t digest = 0;          ///< of the trace, before everything is healed
    std::optional<sim::violation> broken{};

    /// Calls of on_server_down.
    [[nodiscard]] std::uint64_t downs() const noexcept {
        return latencies.size() + outages.reported_again + outages.false_positives;
    }
};

} // namespace forest::cli

#endif
