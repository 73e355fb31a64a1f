// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_SCENARIO_HPP
#define FOREST_SIM_CONFORMANCE_DETAIL_SCENARIO_HPP

#include <forest/core/detail/logic/call_or_report.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/conformance/harness.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The common part of all batteries: they play scenarios one by one, and let time pass.

namespace forest::inline FOREST_FORM::sim::conformance::detail {

/// Long enough to differ from 0 on a busy machine, short enough to wait for it in real time.
inline constexpr duration unit = std::chrono::milliseconds{20};

/// Longer than any battery takes.
inline constexpr duration never = std::chrono::hours{1};

template <time_harness Harness>
void run_for(Harness& harness, duration span) {
    harness.run_until([] { return false; }, span);
}

// Lets time pass until `holds()` is true. The tolerance of the harness is added to `limit`. Returns
// the last value of `holds()`.
template <time_harness Harness, typename Holds>
bool comes_true(Harness& harness, Holds holds, duration limit) {
    return harness.run_until(holds, limit + harness.tolerance());
}

// Returns the message of the exception that `action` throws; empty if it throws nothing.
template <typename Action>
std::optional<std::string> thrown_by(Action&& action) {
    std::optional<std::string> text;
    forest::detail::call_or_report(action, [&](std::string_view thrown) { text = thrown; });
    return text;
}

// One test of a battery.
struct scenario {
    std::string_view name;
    std::function<void()> body;
};

// Calls `play(name, body)` for each scenario. Stops when `usable()` is false: a model that fails in
// the first and simplest scenario would break a rule in each scenario.
template <typename Play, typename Usable>
void play_all(const std::vector<scenario>& scenarios, const progress_callback& on_progress,
              Play play, Usable usable) {
    for (std::size_t index = 0; index < scenarios.size(); ++index) {
        const auto& [name, body] = scenarios[index];
        if (on_progress)
            on_progress({name, index + 1, scenarios.size()});
        play(name, body);
        if (!usable())
            return;
    }
}

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#endif
