// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_EXPLORE_EXPLORATION_HPP
#define FOREST_SIM_EXPLORE_EXPLORATION_HPP

#include <forest/form.hpp>
#include <forest/sim/trace/violation.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

// What the search of all states of a machine has found.

namespace forest::inline FOREST_FORM::sim {

/// The result of an exploration.
struct exploration {
    std::size_t states = 0;      ///< different states of machine and rules together
    std::size_t transitions = 0; ///< steps that were made and judged
    bool complete = false;       ///< every state was visited, with each stimulus
    bool sampled = false;        ///< delays are random, and only one delay was tried in each step

    /// The first violation that was found: none has a shorter trace. `at` is the time since the
    /// start of that trace.
    std::optional<sim::violation> violation{};

    /// The steps that lead to the violation, and the actions of the machine. A step that always
    /// follows, for example one report after another, is on the line of the step before it.
    std::vector<std::string> trace{};

    /// Whether this proves that no rule can be broken.
    [[nodiscard]] bool proven() const noexcept { return complete && !sampled && !violation; }
};

/// Returns one line, and after a violation a further line for each step of the trace.
[[nodiscard]] FOREST_DECL std::string to_string(const exploration& found);

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/explore/impl/exploration.ipp>
#endif

#endif
