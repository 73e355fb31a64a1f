// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_EXPLORE_DETAIL_DRIVEN_MACHINE_HPP
#define FOREST_SIM_EXPLORE_DETAIL_DRIVEN_MACHINE_HPP

#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/random.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>
#include <forest/form.hpp>
#include <forest/sim/explore/machine_rules.hpp>
#include <forest/sim/explore/stimulus.hpp>

#include <concepts>
#include <optional>
#include <tuple>
#include <utility>

// A machine, its rules, and the part of a driver that is needed to step both.

namespace forest::inline FOREST_FORM::sim::detail {

/// `forest::detail::health_machine`, or a type with its interface. `state` must return all data on
/// which its actions depend.
template <typename T, typename Backoff>
concept drivable =
    std::copyable<T> && std::constructible_from<T, options, Backoff, random_generator> &&
    requires(T subject, const T& view, health_input input, steady_time now) {
        { subject.step(input, now) } -> std::same_as<health_action>;
        { view.status() } -> std::same_as<target_status>;
        { view.attempt() } -> std::same_as<int>;
        { view.failures() } -> std::same_as<int>;
        { view.patient() } -> std::same_as<bool>;
        { view.outage() } -> std::convertible_to<const outage&>;
        { view.due() } -> std::same_as<steady_time>;
        { view.state(now, 1) } -> std::totally_ordered;
    };

/// Steps a machine and its rules together. A value; not thread-safe.
template <typename Machine, typename Backoff>
    requires drivable<Machine, Backoff>
class driven_machine {
public:
    /// Makes the machine from the arguments, but does not start it.
    driven_machine(const options& settings, const Backoff& backoff, random_generator random)
        : subject_{settings, backoff, random}, rules_{settings, backoff} {}

    /// Makes a step that `asked()` allows. Returns the violation if the step breaks a rule.
    std::optional<violation> play(const stimulus& played) {
        now_ += played.after;
        const verdict result = verdict_of(played.result, now_);
        const health_input input{.kind = played.kind, .result = &result, .late = played.late};
        answered_ = subject_.step(input, now_);
        std::optional<violation> broken = rules_.judge(subject_, input, answered_, now_);
        switch (answered_.kind) {
        case action_kind::none: break;
        case action_kind::report: asked_ = pending::report; break;
        case action_kind::check: asked_ = pending::check; break;
        case action_kind::wait:
            asked_ = pending::wait;
            // Inputs that come before the end of the wait do not depend on the time.
            now_ += answered_.delay;
            break;
        case action_kind::finished: asked_ = pending::nothing; break;
        }
        return broken;
    }

    /// The machine itself.
    [[nodiscard]] const Machine& subject() const noexcept { return subject_; }

    /// Returns the last action of the machine.
    [[nodiscard]] const health_action& answered() const noexcept { return answered_; }

    /// Returns the input for which the machine waits.
    [[nodiscard]] pending asked() const noexcept { return asked_; }

    /// Returns the current time; while the machine waits, the end of the wait.
    [[nodiscard]] steady_time now() const noexcept { return now_; }

    /// The state of machine, rules and driver together; compare `health_machine::state`.
    [[nodiscard]] auto state(int counted_to) const {
        return std::make_tuple(asked_, subject_.state(now_, counted_to),
                               rules_.state(subject_, now_, counted_to));
    }

private:
    Machine subject_;
    machine_rules<Backoff> rules_;
    steady_time now_{};
    pending asked_ = pending::start;
    health_action answered_{};
};

} // namespace forest::inline FOREST_FORM::sim::detail

#endif
