// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_EXPLORE_STIMULUS_HPP
#define FOREST_SIM_EXPLORE_STIMULUS_HPP

#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>
#include <forest/sim/script/fault.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// All that a driver may do to a machine, as a finite list for each thing that the machine may have
// asked for. Inputs and verdicts are finite; of the durations there is one on each side of every
// bound to which a machine compares one, and the bound itself.

namespace forest::sim {

/// What a machine has asked of its driver, and has not been told the end of.
enum class pending : std::uint8_t { start, report, wait, check, nothing };

/// How a check may end, as far as a machine can tell verdicts apart.
enum class answer : std::uint8_t {
    healthy,
    refused,      ///< counts, says nothing more
    unauthorized, ///< counts, is remembered (B11), and shows a clock skew
    not_ok,       ///< counts, and shows another skew
    unresolved,   ///< does not count until it has come too often in a row (B12)
    farewell,     ///< makes the target down at once (B9)
    cancelled,    ///< by someone else than the driver, which asks no more after a cancellation
};

inline constexpr std::size_t answer_count = static_cast<std::size_t>(answer::cancelled) + 1;

/// The verdict on an answer that came at `now`; the wall clock is that much past its epoch.
[[nodiscard]] inline verdict verdict_of(answer heard, steady_time now) {
    verdict result;
    result.ended_at =
        wall_time{std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch())};
    switch (heard) {
    case answer::healthy: result.status = 200; break;
    case answer::refused: result.error = errc::connection_refused; break;
    case answer::unauthorized:
        result.error = errc::unauthorized;
        result.status = 401;
        result.clock_skew = std::chrono::seconds{60};
        break;
    case answer::not_ok:
        result.error = errc::not_ok;
        result.status = 200;
        result.clock_skew = std::chrono::seconds{-90};
        break;
    case answer::unresolved: result.error = errc::resolver_unavailable; break;
    case answer::farewell:
        result.error = errc::stopping;
        result.status = 503;
        break;
    case answer::cancelled: result.error = errc::operation_canceled; break;
    }
    return result;
}

/// One thing that a driver may do.
struct stimulus {
    forest::detail::health_input::kind what{};

    /// How late it woke, how long the check took, or how long the observers did.
    duration after{};

    answer heard{}; ///< for `reply` only

    /// How much it adds to the length of a trace: nothing if it follows of itself, as the next
    /// report after the last one, and two for observers that keep the machine waiting, so that a
    /// wait is preferred to them.
    [[nodiscard]] constexpr std::size_t weight() const noexcept {
        if (what != forest::detail::health_input::kind::reported)
            return 1;
        return after == duration::zero() ? 0 : weight_max;
    }

    static constexpr std::size_t weight_max = 2;
};

/// What a driver may do in each situation. Immutable.
class stimuli {
public:
    /// `chosen` as the machine has them, and the longest delay that its backoff answers.
    stimuli(const options& chosen, duration longest_delay) {
        using kind = forest::detail::health_input::kind;
        const duration zero = duration::zero();
        const duration least{1};
        const duration tolerance = chosen.stall_tolerance;
        const duration deadline = chosen.timeout + tolerance;
        const duration interval = chosen.interval;
        const duration longest = std::max(interval, longest_delay);
        const duration overdue = longest + jitter_max(chosen, longest);

        at(pending::report) = {{kind::reported, zero},
                               {kind::reported, interval / 2},
                               {kind::reported, overdue},
                               {kind::started},
                               {kind::stopped}};

        for (const duration late :
             ordered({zero, tolerance, tolerance + least, interval - least, interval}))
            at(pending::wait).push_back({kind::woke, late});
        for (const duration took : ordered(
                 {zero, chosen.timeout, deadline, deadline + least, interval - least, interval}))
            for (std::size_t heard = 0; heard < answer_count; ++heard)
                at(pending::check).push_back({kind::reply, took, static_cast<answer>(heard)});
        for (const pending busy : {pending::wait, pending::check}) {
            at(busy).push_back({kind::started});
            at(busy).push_back({kind::stopped});
        }

        // Before the start and after the end anything may come that was on its way.
        for (const pending idle : {pending::start, pending::nothing})
            at(idle) = {{kind::started},
                        {kind::stopped},
                        {kind::woke},
                        {kind::reported},
                        {kind::reply, zero, answer::healthy},
                        {kind::reply, zero, answer::refused},
                        {kind::reply, zero, answer::cancelled}};
    }

    /// The simplest first, so that a search in this order finds the trace that is easiest to read.
    [[nodiscard]] const std::vector<stimulus>& when(pending asked) const noexcept {
        return lists_[static_cast<std::size_t>(asked)];
    }

private:
    static std::vector<duration> ordered(std::vector<duration> all) {
        std::sort(all.begin(), all.end());
        all.erase(std::unique(all.begin(), all.end()), all.end());
        return all;
    }

    std::vector<stimulus>& at(pending asked) { return lists_[static_cast<std::size_t>(asked)]; }

    std::array<std::vector<stimulus>, 5> lists_;
};

/// What a driver did, for people: `reply connection_refused after 5s`.
[[nodiscard]] inline std::string to_string(const stimulus& played) {
    switch (played.what) {
    case forest::detail::health_input::kind::started: return "started";
    case forest::detail::health_input::kind::woke:
        return "woke " + (played.after == duration::zero() ? std::string{"on time"}
                                                           : to_code(played.after) + " late");
    case forest::detail::health_input::kind::reply: {
        const verdict result = verdict_of(played.heard, {});
        std::string text = "reply ";
        text += result.healthy() ? "ok" : forest::name(result.error);
        return text + " after " + to_code(played.after);
    }
    case forest::detail::health_input::kind::reported:
        return "reported after " + to_code(played.after);
    case forest::detail::health_input::kind::launched:
        return "launched after " + to_code(played.after);
    case forest::detail::health_input::kind::rerouted:
        return "rerouted after " + to_code(played.after);
    case forest::detail::health_input::kind::hurried:
        return "hurried after " + to_code(played.after);
    case forest::detail::health_input::kind::stopped: return "stopped";
    }
    return {};
}

/// What a machine has decided, for people: `server_down`, `wait 2s`.
[[nodiscard]] inline std::string to_string(const forest::detail::health_action& decided) {
    switch (decided.what) {
    case forest::detail::health_action::kind::none: return "nothing";
    case forest::detail::health_action::kind::check:
        return decided.fresh_connection ? "check on a fresh connection" : "check";
    case forest::detail::health_action::kind::wait: return "wait " + to_code(decided.delay);
    case forest::detail::health_action::kind::report: return std::string{name(decided.event)};
    case forest::detail::health_action::kind::finished: return "finished";
    }
    return {};
}

} // namespace forest::sim

#endif
