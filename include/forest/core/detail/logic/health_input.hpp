// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_HEALTH_INPUT_HPP
#define FOREST_CORE_DETAIL_LOGIC_HEALTH_INPUT_HPP

#include <forest/core/event.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>

#include <cstdint>

// What a machine and its driver say to each other: inputs in, actions out.

namespace forest::detail {

/// What has happened to a target, told to its machine. `started`, `stopped` and `hurried` may be
/// told at any time, also while a report is made, and `launched` while a check is asked for; of the
/// others only the one that answers the last action that was not `none`. Another is an error of the
/// driver, and an assertion. Before the first start all but `stopped`, and after the end all, are
/// ignored.
struct machine_input {
    enum class kind : std::uint8_t {
        started,  ///< begin to poll
        woke,     ///< the wait asked for has ended
        reply,    ///< the check asked for has ended with a verdict
        reported, ///< the report asked for has been made; go on
        launched, ///< the check asked for had to wait, and begins only now
        rerouted, ///< the check asked for went to a route that the server does not have
        hurried,  ///< there is a reason to check earlier
        stopped,  ///< poll no more
    };

    kind what{};
    const verdict* result = nullptr;   ///< for `reply` only; read during the step, not kept
    duration after = duration::zero(); ///< for `started` and `hurried` only; not negative

    /// `after` puts the first check off by so much more than the initial delay: who starts many
    /// targets at once spreads them.
    static constexpr machine_input started(duration after = duration::zero()) noexcept {
        return {kind::started, nullptr, after};
    }
    static constexpr machine_input woke() noexcept { return {kind::woke}; }
    static constexpr machine_input reply(const verdict& of) noexcept { return {kind::reply, &of}; }
    static constexpr machine_input reported() noexcept { return {kind::reported}; }
    static constexpr machine_input launched() noexcept { return {kind::launched}; }

    /// Answers a check as `reply` does, but the answer counts neither as a failure nor as an
    /// attempt, and the next check begins at once: it asks for another route. Reported as
    /// `health_route_missing`.
    static constexpr machine_input rerouted(const verdict& of) noexcept {
        return {kind::rerouted, &of};
    }

    /// A check that is waited for comes `within` this time from now.
    static constexpr machine_input hurried(duration within) noexcept {
        return {kind::hurried, nullptr, within};
    }
    static constexpr machine_input stopped() noexcept { return {kind::stopped}; }
};

/// What the driver of a machine has to do next, before it steps it again.
struct action {
    enum class kind : std::uint8_t {
        none,     ///< nothing: the input changed nothing
        check,    ///< perform a check, then step with `reply`
        wait,     ///< wait for `delay`, then step with `woke`
        report,   ///< tell the observers of `event`, then step with `reported`
        finished, ///< nothing more, ever
    };

    kind what = kind::none;
    event_kind event{};                ///< for `report`
    bool fresh_connection = false;     ///< for `check`: do not reuse a connection (B12)
    duration delay = duration::zero(); ///< for `wait`; never negative
};

} // namespace forest::detail

#endif
