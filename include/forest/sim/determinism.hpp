// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_DETERMINISM_HPP
#define FOREST_SIM_DETERMINISM_HPP

#include <forest/sim/trace.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

// A simulation that does not repeat itself proves nothing. What makes one differ is mostly an
// address that was hashed or compared, memory that was not initialised, or the real time.

namespace forest::sim {

/// Where two runs of one scenario differ.
struct difference {
    std::uint64_t line = 0; ///< the first one that differs, from 0
    std::string first{};    ///< what it was in the first run; empty if that had ended
    std::string second{};
};

/// Runs `scenario(seed, trace)`, which runs a simulation with that trace and answers it, twice, and
/// finds the first line that differs; nothing if all are the same. Memory is bounded: only
/// `lines_max` lines of each run are kept at a time, and where that is not enough both run again.
template <typename Scenario>
[[nodiscard]] std::optional<difference> check_determinism(Scenario&& scenario, std::uint64_t seed,
                                                          std::size_t lines_max = 100'000) {
    for (std::uint64_t skipped = 0;; skipped += lines_max) {
        const trace first = scenario(seed, trace{lines_max, skipped});
        const trace second = scenario(seed, trace{lines_max, skipped});
        if (first.digest() == second.digest() && first.count() == second.count())
            return std::nullopt;
        const auto [left, right] = std::mismatch(first.lines().begin(), first.lines().end(),
                                                 second.lines().begin(), second.lines().end());
        const bool found = left != first.lines().end() || right != second.lines().end();
        if (!found && skipped < first.count())
            continue;
        return difference{skipped + static_cast<std::uint64_t>(left - first.lines().begin()),
                          left == first.lines().end() ? std::string{} : to_string(*left),
                          right == second.lines().end() ? std::string{} : to_string(*right)};
    }
}

} // namespace forest::sim

#endif
