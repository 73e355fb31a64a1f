// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_VIOLATION_HPP
#define FOREST_SIM_VIOLATION_HPP

#include <forest/core/time.hpp>

#include <string>

// What someone who watches a simulation has to say in the end.

namespace forest::sim {

/// A rule that was broken.
struct violation {
    std::string rule;        ///< `B7`, or a name of one's own
    std::string explanation; ///< what happened, and what should have
    duration at{};           ///< since the beginning of the simulation
    std::string client{};    ///< who broke it
};

} // namespace forest::sim

#endif
