// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_HEALTH_STEPS_HPP
#define FOREST_CORE_DETAIL_LOGIC_HEALTH_STEPS_HPP

#include <forest/core/detail/logic/hold_state.hpp>
#include <forest/core/event.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>
#include <forest/form.hpp>

#include <cstdint>
#include <string_view>

// The inputs and the actions of a health_machine, and the events that its driver reports for it.

namespace forest::inline FOREST_FORM::detail {

/// What has happened to the target.
enum class health_input_kind : std::uint8_t {
    started,  ///< begin to poll
    woke,     ///< the requested wait has ended
    reply,    ///< the requested check has ended with a verdict
    reported, ///< the requested report has been made; continue
    launched, ///< the requested check had to wait, and begins only now
    rerouted, ///< the requested check used a route that the server does not have
    unsent,   ///< the requested check went over a connection that was closed before
    hurried,  ///< there is a reason to check earlier
    stopped,  ///< poll no more
};

/// An input: what has happened to the target. `started`, `stopped` and `hurried` are allowed at any
/// time, also while the driver reports an event. `launched` is allowed while a check is requested.
/// All other inputs are allowed only as the reply to the last action other than `none`. Anything
/// else is an error of the driver, and fails an assertion. The machine ignores all inputs but
/// `stopped` before the first `started`, and all inputs after it has finished.
struct health_input {
    health_input_kind kind{};
    const verdict* result = nullptr;   ///< for `reply` only; read during the step, not kept
    duration delay = duration::zero(); ///< for `started` and `hurried` only; not negative
    bool late = false;                 ///< for `reply` and `unsent`: this process was late (B12)
    hold_seconds offer{};              ///< for `reply` only: the server offers to hold a check

    /// The first check is delayed by `delay` in addition to the initial delay. So a driver with
    /// many targets can spread their first checks.
    static constexpr health_input started(duration delay = duration::zero()) noexcept {
        return {health_input_kind::started, nullptr, delay};
    }
    static constexpr health_input woke() noexcept { return {health_input_kind::woke}; }
    /// `late` says whether this process was late during the check: see check_watch. `offer` is what
    /// a healthy answer offers (B43).
    static constexpr health_input reply(const verdict& result, bool late = false,
                                        hold_seconds offer = {}) noexcept {
        return {.kind = health_input_kind::reply, .result = &result, .late = late, .offer = offer};
    }
    static constexpr health_input reported() noexcept { return {health_input_kind::reported}; }
    static constexpr health_input launched() noexcept { return {health_input_kind::launched}; }

    /// Like `reply`, but the result counts neither as a failure nor as an attempt, and the next
    /// check begins at once, with another route. The event is `health_route_missing`.
    static constexpr health_input rerouted(const verdict& result) noexcept {
        return {health_input_kind::rerouted, &result};
    }

    /// The check has used a kept connection that its server had closed. That says nothing about the
    /// server. So the same check is made again, newly signed, over a fresh connection. The
    /// second time for a check it changes nothing: see `health_machine::may_send_again`.
    static constexpr health_input unsent(bool late = false) noexcept {
        return {.kind = health_input_kind::unsent, .late = late};
    }

    /// If the machine waits for the next check, the check comes at most `delay_max` from now.
    static constexpr health_input hurried(duration delay_max) noexcept {
        return {health_input_kind::hurried, nullptr, delay_max};
    }
    static constexpr health_input stopped() noexcept { return {health_input_kind::stopped}; }
};

/// What the driver has to do.
enum class health_action_kind : std::uint8_t {
    none,     ///< nothing: the input changed nothing
    check,    ///< perform a check, then step with `reply`
    wait,     ///< wait for `delay`, then step with `woke`
    report,   ///< report `event` to the observers, then step with `reported`
    finished, ///< nothing more, ever
};

/// An action: what the driver has to do before it steps the machine again.
struct health_action {
    health_action_kind kind = health_action_kind::none;
    event_kind event{};                ///< for `report`
    bool fresh_connection = false;     ///< for `check`: do not reuse a connection (B12)
    hold_seconds hold{};               ///< for `check`: for how long it may be held; 0: not at all
    duration delay = duration::zero(); ///< for `wait`; never negative
};

/// Returns the event of `kind` that `machine` has asked its driver to report, about the target with
/// the URL `target`. `judged` is the verdict of the check that caused it, or null. Writes the
/// outage that belongs to the event, if any, to `outage_storage`. The event refers to the last
/// three arguments.
template <typename Machine>
[[nodiscard]] event describe(const Machine& machine, event_kind kind, const verdict* judged,
                             std::string_view target, outage& outage_storage) noexcept {
    event result;
    result.kind = kind;
    result.target = target;
    result.status = machine.status();
    result.attempt = machine.attempt();
    result.failures = machine.failures();
    result.failure_threshold = machine.options().failure_threshold;
    result.check = kind == event_kind::check_started ? nullptr : judged;
    result.during_outage = machine.during_outage();
    result.doubts = machine.doubts();
    if (kind == event_kind::server_down || kind == event_kind::server_up) {
        outage_storage = machine.outage();
        outage_storage.target = target;
        result.outage = &outage_storage;
    }
    return result;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
