// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_EXPLORE_HPP
#define FOREST_SIM_EXPLORE_HPP

#include <forest/core/backoff.hpp>
#include <forest/core/event.hpp>
#include <forest/core/machine.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/random.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>
#include <forest/sim/machine_oracle.hpp>
#include <forest/sim/stimulus.hpp>

#include <algorithm>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

// Proof by closure: every state that a machine can get into is met, everything that a driver may do
// is done to it there, and the oracle judges each step. The machine and the oracle form one
// state, of which there are finitely many, because three things are left out:
//
// - The date. Neither compares a time with anything but another time that it keeps, so that a run
//   that is put off by an hour is the same run: times are kept relative to now.
// - Counts beyond all thresholds and beyond the last step of the backoff. From there on one more
//   failure changes nothing that is decided. Attempts and numbers of outages are told and decide
//   nothing at all; what is kept of them is whether the machine and the oracle agree.
// - All durations but those of `stimuli`. Each bound is compared to a duration that the driver has
//   chosen in that very step, whatever went before, but for one: whether the next check is due when
//   the observers are done. There every state that can wait is also tried with observers that take
//   too long. So whatever can be decided is decided; what other durations change is the length of
//   a wait, and by how much a schedule is late, and the oracle foretells both to the nanosecond.
//
// docs/explanation/closure.md says it at length, and what it does not prove.

namespace forest::sim {

/// How a machine came to break a rule.
struct violation {
    std::string rule;        ///< its name in BEHAVIOUR.md: `B7`
    std::string explanation; ///< what the machine did, and what the rule asks for

    /// The fewest steps that lead there, and what came of each. Steps that follow of themselves,
    /// as the next report after the last one, stand in the line of what they follow from.
    std::vector<std::string> trace;
};

/// What an exploration has found.
struct exploration {
    std::size_t states = 0;      ///< different ones, of machine and oracle together
    std::size_t transitions = 0; ///< steps that were tried and judged
    bool complete = false;       ///< every state was met, and each stimulus tried in each
    std::optional<sim::violation>
        violation{}; ///< the first that was found; none has a shorter trace

    /// Whether it proves that no rule can be broken.
    [[nodiscard]] bool proven() const noexcept { return complete && !violation; }
};

/// One line, and for a violation one more for each step of its trace.
[[nodiscard]] inline std::string to_string(const exploration& found) {
    std::string text = std::to_string(found.states) + " states, " +
                       std::to_string(found.transitions) + " transitions, ";
    if (!found.violation)
        return text + (found.complete ? "no violation" : "no violation yet: given up");
    text += found.violation->rule + " is violated: " + found.violation->explanation;
    for (const std::string& line : found.violation->trace)
        text += "\n  " + line;
    return text;
}

/// What can be explored: `forest::machine`, or what has its interface. `state` answers all that it
/// keeps and will decide by.
template <typename T, typename Backoff>
concept explorable = std::copyable<T> &&
    std::constructible_from<T, options, Backoff, random_generator> &&
    requires(T subject, const T& seen, machine_input input, steady_time now) {
    { subject.step(input, now) } -> std::same_as<action>;
    { seen.status() } -> std::same_as<target_status>;
    { seen.attempt() } -> std::same_as<int>;
    { seen.failures() } -> std::same_as<int>;
    { seen.outage() } -> std::convertible_to<const outage&>;
    { seen.due() } -> std::same_as<steady_time>;
    { seen.state(now, 1) } -> std::totally_ordered;
};

/// How an exploration goes about it.
struct exploration_options {
    /// Gives up at the first state more than these. A state takes about one kilobyte.
    std::size_t states_max = 1'000'000;

    /// Where randomly spread delays come from; they are sampled, once for each transition.
    std::uint64_t seed = 0;
};

/// Told of no step.
struct no_visitor {
    template <typename... Step>
    constexpr void operator()(const Step&...) const noexcept {}
};

namespace detail {

template <typename Machine, typename Backoff>
class explorer {
public:
    explorer(const options& chosen, const Backoff& backoff, const exploration_options& how)
        : possible_{chosen}, counted_to_{greatest_count(chosen, backoff)}, states_max_{
                                                                               how.states_max} {
        assert(chosen.valid());
        add({.subject = Machine{chosen, backoff, random_generator{how.seed}},
             .rules = machine_oracle<Backoff>{chosen, backoff}});
    }

    // In the order in which the states were met, so that each was met on a shortest way.
    template <typename Visitor>
    exploration run(Visitor& visit) {
        exploration found;
        for (std::size_t from = 0; from < met_.size(); ++from)
            for (const stimulus& played : possible_.when(met_[from].asked)) {
                node next = met_[from];
                ++found.transitions;
                const std::optional<breach> broken = play(next, from, played);
                visit(met_[from].subject, played, next.answered, next.subject, next.now);
                if (broken) {
                    found.violation = {std::string{broken->rule}, broken->how, trace(next)};
                    found.states = met_.size();
                    return found;
                }
                add(next);
                if (met_.size() > states_max_) {
                    found.states = states_max_;
                    return found;
                }
            }
        found.states = met_.size();
        found.complete = true;
        return found;
    }

private:
    // A state, and how it was met first.
    struct node {
        Machine subject;
        machine_oracle<Backoff> rules;
        steady_time now{};
        pending asked = pending::start;
        std::size_t from = 0;
        stimulus played{};
        action answered{};
    };

    // The count from which on nothing changes any more.
    static int greatest_count(const options& chosen, const Backoff& backoff) {
        int count = std::max(chosen.failure_threshold, chosen.success_threshold);
        while (backoff(count, chosen.interval) != backoff(count + 1, chosen.interval)) {
            ++count;
            assert(count < count_bound && "a backoff must settle");
        }
        return count;
    }

    std::optional<breach> play(node& next, std::size_t from, const stimulus& played) const {
        next.from = from;
        next.played = played;
        next.now += played.after;
        const verdict heard = verdict_of(played.heard, next.now);
        const machine_input input{played.what, &heard};
        next.answered = next.subject.step(input, next.now);
        switch (next.answered.what) {
        case action::kind::none: break;
        case action::kind::report: next.asked = pending::report; break;
        case action::kind::check: next.asked = pending::check; break;
        case action::kind::wait: next.asked = pending::wait; break;
        case action::kind::finished: next.asked = pending::nothing; break;
        }
        std::optional<breach> broken =
            next.rules.judge(next.subject, input, next.answered, next.now);
        // Nothing can happen to a machine that waits before the moment that it waits for but what
        // does not depend on the time.
        if (next.answered.what == action::kind::wait)
            next.now += next.answered.delay;
        return broken;
    }

    void add(const node& next) {
        if (known_
                .insert({next.asked, next.subject.state(next.now, counted_to_),
                         next.rules.state(next.subject, next.now, counted_to_)})
                .second)
            met_.push_back(next);
    }

    std::vector<std::string> trace(const node& last) const {
        std::vector<const node*> way{&last};
        while (way.back()->from != 0)
            way.push_back(&met_[way.back()->from]);
        std::vector<std::string> lines;
        for (auto each = way.rbegin(); each != way.rend(); ++each) {
            if ((*each)->played.of_itself())
                lines.back() += ", ";
            else
                lines.push_back(to_string((*each)->played) + ": ");
            lines.back() += to_string((*each)->answered);
        }
        return lines;
    }

    using key = std::tuple<pending, decltype(std::declval<const Machine&>().state({}, 0)),
                           decltype(std::declval<const machine_oracle<Backoff>&>().state(
                               std::declval<const Machine&>(), {}, 0))>;

    static constexpr int count_bound = 1'000;

    stimuli possible_;
    int counted_to_;
    std::size_t states_max_;
    std::deque<node> met_;
    std::set<key> known_;
};

} // namespace detail

/// Walks all states that a machine made from `chosen` and `backoff` can get into, and judges every
/// step by B1–B3 and B6–B15. Ends at the first violation, or at `how.states_max`. `chosen` must be
/// valid; `backoff` must settle: once it answers the same for two counts, from the greater
/// threshold on, it must do so for all. After each step `visit(before, stimulus, action, after,
/// now)` is called, where both machines are const.
///
///     const auto found = forest::sim::explore({.failure_threshold = 2});
///     assert(found.proven());
///
/// Takes microseconds for each transition, of which there are a few ten thousand.
template <typename Machine, typename Backoff = exponential_backoff, typename Visitor = no_visitor>
    requires explorable<Machine, Backoff>
[[nodiscard]] exploration explore(const options& chosen, const Backoff& backoff = {},
                                  const exploration_options& how = {}, Visitor visit = {}) {
    return detail::explorer<Machine, Backoff>{chosen, backoff, how}.run(visit);
}

/// The same for the machine of the library.
[[nodiscard]] inline exploration explore(const options& chosen = {}) {
    return explore<machine<exponential_backoff>>(chosen);
}

} // namespace forest::sim

#endif
