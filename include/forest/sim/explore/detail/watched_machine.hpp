// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_EXPLORE_DETAIL_WATCHED_MACHINE_HPP
#define FOREST_SIM_EXPLORE_DETAIL_WATCHED_MACHINE_HPP

#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/random.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>
#include <forest/sim/explore/machine_oracle.hpp>
#include <forest/sim/explore/stimulus.hpp>

#include <concepts>
#include <optional>
#include <tuple>
#include <utility>

// A machine, the oracle that watches it, and as much of a driver as is needed to step both.

namespace forest::sim::detail {

/// What can be watched: `forest::machine`, or what has its interface. Its `state` has to answer all
/// that it keeps and decides by.
template <typename T, typename Backoff>
concept watchable =
    std::copyable<T> && std::constructible_from<T, options, Backoff, random_generator> &&
    requires(T subject, const T& seen, forest::detail::health_input input, steady_time now) {
        { subject.step(input, now) } -> std::same_as<forest::detail::health_action>;
        { seen.status() } -> std::same_as<target_status>;
        { seen.attempt() } -> std::same_as<int>;
        { seen.failures() } -> std::same_as<int>;
        { seen.outage() } -> std::convertible_to<const outage&>;
        { seen.due() } -> std::same_as<steady_time>;
        { seen.state(now, 1) } -> std::totally_ordered;
    };

/// A value; not thread-safe.
template <typename Machine, typename Backoff>
    requires watchable<Machine, Backoff>
class watched_machine {
public:
    /// One that was not started yet. The arguments are the machine's.
    watched_machine(const options& chosen, const Backoff& backoff, random_generator random)
        : subject_{chosen, backoff, random}, rules_{chosen, backoff} {}

    /// Does to the machine what a driver may do when `asked()`, and answers the rule that it broke
    /// thereby, if any.
    std::optional<breach> play(const stimulus& played) {
        now_ += played.after;
        const verdict heard = verdict_of(played.heard, now_);
        const forest::detail::health_input input{played.what, &heard};
        answered_ = subject_.step(input, now_);
        std::optional<breach> broken = rules_.judge(subject_, input, answered_, now_);
        switch (answered_.what) {
        case forest::detail::health_action::kind::none: break;
        case forest::detail::health_action::kind::report: asked_ = pending::report; break;
        case forest::detail::health_action::kind::check: asked_ = pending::check; break;
        case forest::detail::health_action::kind::wait:
            asked_ = pending::wait;
            // What may happen before the wait has ended does not depend on the time.
            now_ += answered_.delay;
            break;
        case forest::detail::health_action::kind::finished: asked_ = pending::nothing; break;
        }
        return broken;
    }

    /// The machine itself.
    [[nodiscard]] const Machine& subject() const noexcept { return subject_; }

    /// What it has answered last.
    [[nodiscard]] const forest::detail::health_action& answered() const noexcept {
        return answered_;
    }

    /// What it waits for.
    [[nodiscard]] pending asked() const noexcept { return asked_; }

    /// The present moment; of a machine that waits, the one that it waits for.
    [[nodiscard]] steady_time now() const noexcept { return now_; }

    /// The state of machine, oracle and driver together; as `machine::state`.
    [[nodiscard]] auto state(int counted_to) const {
        return std::make_tuple(asked_, subject_.state(now_, counted_to),
                               rules_.state(subject_, now_, counted_to));
    }

private:
    Machine subject_;
    machine_oracle<Backoff> rules_;
    steady_time now_{};
    pending asked_ = pending::start;
    forest::detail::health_action answered_{};
};

} // namespace forest::sim::detail

#endif
