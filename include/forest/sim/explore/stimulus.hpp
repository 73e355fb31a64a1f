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
    farewell,     ///< makes the target down at once (B9)
    cancelled,    ///< not by the driver, which sends no reply after its cancel()
};

inline constexpr std::size_t verdict_kind_count =
    static_cast<std::size_t>(verdict_kind::cancelled) + 1;

/// The verdict on a check that ended at `now`. The wall clock shows the same time since its epoch.
[[nodiscard]] inline verdict verdict_of(verdict_kind result, steady_time now) {
    verdict judged;
    judged.ended_at =
        wall_time{std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch())};
    switch (result) {
    case verdict_kind::healthy: judged.status = 200; break;
    case verdict_kind::refused: judged.error = errc::connection_refused; break;
    case verdict_kind::unauthorized:
        judged.error = errc::unauthorized;
        judged.status = 401;
        judged.clock_skew = std::chrono::seconds{60};
        break;
    case verdict_kind::not_ok:
        judged.error = errc::not_ok;
        judged.status = 200;
        judged.clock_skew = std::chrono::seconds{-90};
        break;
    case verdict_kind::unresolved: judged.error = errc::resolver_unavailable; break;
    case verdict_kind::farewell:
        judged.error = errc::stopping;
        judged.status = 503;
        break;
    case verdict_kind::cancelled: judged.error = errc::operation_canceled; break;
    }
    return judged;
}

/// One step of a driver.
struct stimulus {
    input_kind kind{};

    /// The time before the step: how late the driver woke the machine, how long the check took, or
    /// how long the observers took.
    duration after{};

    verdict_kind result{}; ///< for `reply` only

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
    /// backoff.
    stimuli(const options& settings, duration longest_delay) {
        using kind = input_kind;
        const duration zero = duration::zero();
        const duration least{1};
        const duration tolerance = settings.stall_tolerance;
        const duration deadline = settings.timeout + tolerance;
        const duration interval = settings.interval;
        const duration longest = std::max(interval, longest_delay);
        const duration overdue = longest + jitter_max(settings, longest);

        at(pending::report) = {{kind::reported, zero},
                               {kind::reported, interval / 2},
                               {kind::reported, overdue},
                               {kind::started},
                               {kind::stopped}};

        for (const duration late :
             ordered({zero, tolerance, tolerance + least, interval - least, interval}))
            at(pending::wait).push_back({kind::woke, late});
        for (const duration took : ordered(
                 {zero, settings.timeout, deadline, deadline + least, interval - least, interval}))
            for (std::size_t index = 0; index < verdict_kind_count; ++index)
                at(pending::check).push_back({kind::reply, took, static_cast<verdict_kind>(index)});
        for (const pending busy : {pending::wait, pending::check}) {
            at(busy).push_back({kind::started});
            at(busy).push_back({kind::stopped});
        }

        // Before the start and after the end, earlier inputs may still arrive.
        for (const pending idle : {pending::start, pending::nothing})
            at(idle) = {{kind::started},
                        {kind::stopped},
                        {kind::woke},
                        {kind::reported},
                        {kind::reply, zero, verdict_kind::healthy},
                        {kind::reply, zero, verdict_kind::refused},
                        {kind::reply, zero, verdict_kind::cancelled}};
    }

    /// The simplest step comes first, so that a search in this order finds the trace that is
    /// easiest to read.
    [[nodiscard]] const std::vector<stimulus>& when(pending request) const noexcept {
        return lists_[static_cast<std::size_t>(request)];
    }

private:
    static std::vector<duration> ordered(std::vector<duration> all) {
        std::sort(all.begin(), all.end());
        all.erase(std::unique(all.begin(), all.end()), all.end());
        return all;
    }

    std::vector<stimulus>& at(pending request) { return lists_[static_cast<std::size_t>(request)]; }

    std::array<std::vector<stimulus>, 5> lists_;
};

/// A step of the driver as text: `reply connection_refused after 5s`.
[[nodiscard]] inline std::string to_string(const stimulus& played) {
    switch (played.kind) {
    case input_kind::started: return "started";
    case input_kind::woke:
        return "woke " + (played.after == duration::zero() ? std::string{"on time"}
                                                           : to_code(played.after) + " late");
    case input_kind::reply: {
        const verdict result = verdict_of(played.result, {});
        std::string text = "reply ";
        text += result.healthy() ? "ok" : forest::name(result.error);
        return text + " after " + to_code(played.after);
    }
    case input_kind::reported: return "reported after " + to_code(played.after);
    case input_kind::launched: return "launched after " + to_code(played.after);
    case input_kind::rerouted: return "rerouted after " + to_code(played.after);
    case input_kind::hurried: return "hurried after " + to_code(played.after);
    case input_kind::stopped: return "stopped";
    }
    return {};
}

/// A decision of the machine as text: `server_down`, `wait 2s`.
[[nodiscard]] inline std::string to_string(const health_action& decided) {
    switch (decided.kind) {
    case action_kind::none: return "nothing";
    case action_kind::check:
        return decided.fresh_connection ? "check on a fresh connection" : "check";
    case action_kind::wait: return "wait " + to_code(decided.delay);
    case action_kind::report: return std::string{name(decided.event)};
    case action_kind::finished: return "finished";
    }
    return {};
}

} // namespace forest::inline FOREST_FORM::sim

#endif
