// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_EXPLORE_STIMULUS_HPP
#define FOREST_SIM_EXPLORE_STIMULUS_HPP

#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>
#include <forest/form.hpp>
#include <forest/sim/script/fault.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Everything that a driver may do to a health_machine, as a finite list for each request that the
// machine may have made. The numbers of inputs and verdicts are finite. The durations come from the
// bounds of the machine: each bound itself, and one duration on each side of it.

namespace forest::inline FOREST_FORM::sim {

using forest::detail::health_action;
using forest::detail::health_input;
using input_kind = forest::detail::health_input_kind;
using action_kind = forest::detail::health_action_kind;

/// What the machine waits for: the last request to its driver.
enum class pending : std::uint8_t { start, report, wait, check, nothing };

/// How a check may end. The machine treats any other verdict like one of these.
enum class verdict_kind : std::uint8_t {
    healthy,
    refused,      ///< counts as a failure
    unauthorized, ///< counts, is remembered in the outage (B11), and has a clock skew
    not_ok,       ///< counts, and has another clock skew
    unresolved,   ///< inconclusive (B12) until there are more than `doubt_max` in a row
    lacking,      ///< a resource of this machine: inconclusive (B12)
    farewell,     ///< makes the target down at once (B9)
    cancelled,    ///< not by the driver, which sends no reply after its cancel()
    warned,       ///< healthy, but degraded (B25)
    unprobed,     ///< the probe itself has failed: inconclusive (B24)
};

inline constexpr std::size_t verdict_kind_count =
    static_cast<std::size_t>(verdict_kind::unprobed) + 1;

/// The verdict on a check that ended at `now`. The wall clock shows the same time since its epoch.
[[nodiscard]] FOREST_DECL verdict verdict_of(verdict_kind result, steady_time now);

/// One step of a driver.
struct stimulus {
    input_kind kind{};

    /// The time before the step: how late the driver woke the machine, how long the check took, or
    /// how long the observers took.
    duration after{};

    verdict_kind result{}; ///< for `reply` only

    bool late = false; ///< for `reply` and `unsent`: this process was late during the check

    /// How much the step adds to the length of a trace. A step that always follows adds nothing,
    /// for example one report after another. A report that takes time adds two, so that the search
    /// prefers a wait.
    [[nodiscard]] constexpr std::size_t weight() const noexcept {
        if (kind != input_kind::reported)
            return 1;
        return after == duration::zero() ? 0 : weight_max;
    }

    static constexpr std::size_t weight_max = 2;
};

/// The steps that a driver may take in each situation. Immutable.
class stimuli {
public:
    /// `settings` are the options of the machine. `longest_delay` is the longest delay of its
    /// backoff. Without `probing` no check has a warning, and no probe fails.
    stimuli(const options& settings, duration longest_delay, bool probing = true);

    /// The simplest step comes first, so that a search in this order finds the trace that is
    /// easiest to read.
    [[nodiscard]] const std::vector<stimulus>& when(pending request) const noexcept {
        return lists_[static_cast<std::size_t>(request)];
    }

private:
    static std::vector<duration> ordered(std::vector<duration> all);

    std::vector<stimulus>& at(pending request) { return lists_[static_cast<std::size_t>(request)]; }

    std::array<std::vector<stimulus>, 5> lists_;
};

/// A step of the driver as text: `reply connection_refused after 5s`.
[[nodiscard]] FOREST_DECL std::string to_string(const stimulus& played);

/// A decision of the machine as text: `server_down`, `wait 2s`.
[[nodiscard]] FOREST_DECL std::string to_string(const health_action& decided);

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/explore/impl/stimulus.ipp>
#endif

#endif
