// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_TRACE_DETERMINISM_HPP
#define FOREST_SIM_TRACE_DETERMINISM_HPP

#include <forest/form.hpp>
#include <forest/sim/trace/trace.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

// A simulation proves nothing if a second run differs. The usual reasons are an address that was
// hashed or compared, memory that was not initialised, and the real time.

namespace forest::inline FOREST_FORM::sim {

/// Where two runs of one scenario differ.
struct difference {
    std::uint64_t line = 0; ///< the number of the first line that differs, from 0
    std::string first{};    ///< that line in the first run; empty if the run had ended
    std::string second{};   ///< that line in the second run; empty if the run had ended

    /// Two runs differed, but later runs did not differ in the same place. `line` is the first line
    /// that may differ.
    bool intermittent = false;
};

/// Calls `scenario(seed, trace)` twice. The scenario runs a simulation with that trace and returns
/// the trace. Returns the first line that differs, or nothing if all are the same. Memory is
/// bounded: each run keeps `lines_max` lines at a time, at least one. If that is not enough, both
/// runs are repeated.
template <typename Scenario>
[[nodiscard]] std::optional<difference> check_determinism(Scenario&& scenario, std::uint64_t seed,
                                                          std::size_t lines_max = 100'000) {
    lines_max = std::max<std::size_t>(lines_max, 1);
    std::uint64_t longest = 0; // the number of lines of the longer one of the first two runs
    for (std::uint64_t skipped = 0;; skipped += lines_max) {
        const trace first = scenario(seed, trace{lines_max, skipped});
        const trace second = scenario(seed, trace{lines_max, skipped});
        const bool same = first.digest() == second.digest() && first.count() == second.count();
        if (skipped == 0) {
            if (same)
                return std::nullopt;
            longest = std::max(first.count(), second.count());
        }
        const auto [left, right] = std::mismatch(first.lines().begin(), first.lines().end(),
                                                 second.lines().begin(), second.lines().end());
        if (left != first.lines().end() || right != second.lines().end())
            return difference{skipped + static_cast<std::uint64_t>(left - first.lines().begin()),
                              left == first.lines().end() ? std::string{} : to_string(*left),
                              right == second.lines().end() ? std::string{} : to_string(*right)};
        if (same || skipped >= longest)
            return difference{.line = skipped, .intermittent = true};
    }
}

} // namespace forest::inline FOREST_FORM::sim

#endif
