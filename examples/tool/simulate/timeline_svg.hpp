// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_SIMULATE_TIMELINE_SVG_HPP
#define FOREST_EXAMPLES_TOOL_SIMULATE_TIMELINE_SVG_HPP

#include "timeline.hpp"

#include <forest/core/time.hpp>
#include <forest/sim/script/fault.hpp>

#include <cstddef>
#include <string>
#include <vector>

// The timeline of a simulated world, as a picture.

namespace forest::cli {

/// The content of a picture.
struct timeline {
    /// Targets beyond these are counted and not drawn.
    static constexpr std::size_t lanes_max = 20;

    std::string title;
    std::string subtitle;
    duration length{};
    std::vector<timeline_lane> lanes;
    const sim::script* faults = nullptr; ///< of all targets, in the order in which they begin
    std::size_t left_out = 0;            ///< how many targets have no lane
};

/// A complete document, for light and dark. Its size has a bound for any length.
[[nodiscard]] std::string timeline_svg(const timeline& shown);

} // namespace forest::cli

#endif
