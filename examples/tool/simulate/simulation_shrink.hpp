// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_SIMULATE_SIMULATION_SHRINK_HPP
#define FOREST_EXAMPLES_TOOL_SIMULATE_SIMULATION_SHRINK_HPP

#include "simulation.hpp"

#include <forest/core/time.hpp>
#include <forest/sim/script/fault.hpp>
#include <forest/sim/search/plan.hpp>
#include <forest/sim/search/shrink.hpp>
#include <forest/sim/trace/violation.hpp>

#include <algorithm>
#include <array>
#include <chrono>

// Finds the shortest world that breaks the same rule as a long one.

namespace forest::cli {

// A plan with only the faults of the last `window` before a violation.
inline sim::plan cut_out(const sim::plan& from, duration at, duration window) {
    const duration interval = from.clients.front().settings.interval;
    const duration begin = std::max(at - window, duration::zero()) / interval * interval;
    sim::plan part = from;
    part.faults.clear();
    for (sim::fault each : from.faults) {
        if (each.at < begin || each.at > at)
            continue;
        each.at -= begin;
        part.faults.push_back(each);
    }
    part.length = std::chrono::ceil<std::chrono::minutes>(at - begin + std::chrono::minutes{1});
    return part;
}

/// A plan, and how it breaks a rule.
struct broken_plan {
    sim::plan plan;
    sim::violation broken;
};

/// The smallest plan found that breaks the same rule, and its violation. Tries the time shortly
/// before the violation first, because running a year again and again takes too long.
template <typename Policies>
[[nodiscard]] broken_plan shrink_violation(const sim::plan& plan, const sim::violation& broken,
                                           const typename Policies::backoff& backoff) {
    broken_plan smallest{plan, broken};
    const auto breaks_too = [&](const sim::plan& candidate) {
        const simulation_outcome found =
            simulate<Policies>(candidate, backoff, {.stop_at_violation = true});
        if (!found.broken || found.broken->rule != broken.rule)
            return false;
        smallest = {candidate, *found.broken};
        return true;
    };
    constexpr std::array<std::chrono::minutes, 4> windows{
        std::chrono::minutes{10}, std::chrono::hours{1}, std::chrono::hours{6},
        std::chrono::hours{24}};
    for (const duration window : windows) {
        const sim::plan part = cut_out(plan, std::min(broken.at, plan.length), window);
        if (part.length < plan.length && breaks_too(part))
            break;
    }
    (void)sim::shrink(sim::plan{smallest.plan}, breaks_too);
    return smallest;
}

} // namespace forest::cli

#endif
