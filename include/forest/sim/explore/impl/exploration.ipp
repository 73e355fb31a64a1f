// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_EXPLORE_IMPL_EXPLORATION_IPP
#define FOREST_SIM_EXPLORE_IMPL_EXPLORATION_IPP

#include <forest/sim/explore/exploration.hpp>

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL std::string to_string(const exploration& found) {
    std::string text = std::to_string(found.states) + " states, " +
                       std::to_string(found.transitions) + " transitions, ";
    if (!found.violation && !found.complete)
        return text + "no violation yet: given up";
    if (!found.violation)
        return text + (found.sampled ? "no violation, but random delays were only sampled"
                                     : "no violation");
    text += found.violation->rule + " is violated: " + found.violation->explanation;
    for (const std::string& line : found.trace)
        text += "\n  " + line;
    return text;
}

} // namespace forest::inline FOREST_FORM::sim

#endif
