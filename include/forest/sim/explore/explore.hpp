// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_EXPLORE_EXPLORE_HPP
#define FOREST_SIM_EXPLORE_EXPLORE_HPP

#include <forest/core/backoff.hpp>
#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/options.hpp>
#include <forest/core/random.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/explore/detail/watched_machine.hpp>
#include <forest/sim/explore/machine_oracle.hpp>
#include <forest/sim/explore/stimulus.hpp>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <set>
#include <string>
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
struct counterexample {
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
    bool sampled = false; ///< of delays that are random, one was tried in each step and not all
    std::optional<counterexample> violation{}; ///< one of those with the shortest trace

    /// Whether it proves that no rule can be broken.
    [[nodiscard]] bool proven() const noexcept { return complete && !sampled && !violation; }
};

/// One line, and for a violation one more for each step of its trace.
[[nodiscard]] inline std::string to_string(const exploration& found) {
    std::string text = std::to_string(found.states) + " states, " +
                       std::to_string(found.transitions) + " transitions, ";
    if (!found.violation && !found.complete)
        return text + "no violation yet: given up";
    if (!found.violation)
        return text + (found.sampled ? "no violation, of random delays a sample" : "no violation");
    text += found.violation->rule + " is violated: " + found.violation->explanation;
    for (const std::string& line : found.violation->trace)
        text += "\n  " + line;
    return text;
}

/// How an exploration goes about it.
struct exploration_options {
    /// Gives up at the first state more than these. A state takes about one kilobyte.
    std::size_t states_max = 1'000'000;

    /// Where randomly spread delays come from; they are sampled, once for each transition.
    std::uint64_t seed = 0;
};

/// Is told of no step.
struct no_visitor {
    template <typename Watched>
    constexpr void operator()(const Watched&, const stimulus&, const Watched&) const noexcept {}
};

namespace detail {

template <typename Machine, typename Backoff>
class explorer {
public:
    explorer(const options& chosen, const Backoff& backoff, const exploration_options& how)
        : states_max_{how.states_max},
          counted_to_{greatest_count(chosen, backoff)},
          settles_{answers_alike(chosen, backoff, counted_to_)},
          sampled_{chosen.interval_jitter > 0.0 || chosen.initial_delay_max > duration::zero()},
          possible_{chosen, longest_delay(chosen, backoff)} {
        assert(chosen.valid());
        add({.reached = {chosen, backoff, random_generator{how.seed}}}, 0);
    }

    // Steps are taken in the order of the length of the shortest trace that they end.
    template <typename Visitor>
    exploration run(Visitor& visit) {
        exploration found{.sampled = sampled_};
        for (std::size_t length = 0; length < ahead_.size(); ++length) {
            for (std::size_t each = 0; each < ahead_[length].size(); ++each) {
                const auto [from, played] = ahead_[length][each];
                node next{met_[from].reached, from, *played};
                const std::optional<breach> broken = next.reached.play(*played);
                ++found.transitions;
                visit(met_[from].reached, *played, next.reached);
                if (broken)
                    found.violation = {std::string{broken->rule}, broken->how, trace(next)};
                else
                    add(next, length);
                found.states = met_.size();
                if (found.violation || found.states > states_max_)
                    return found;
            }
            ahead_[length] = {};
        }
        found.complete = settles_;
        return found;
    }

private:
    using watched = watched_machine<Machine, Backoff>;

    // A state, and how it was met first.
    struct node {
        watched reached;
        std::size_t from = 0;
        stimulus played{};
    };

    // What is to be done in a state, given by its place in `met_`.
    struct step {
        std::size_t from;
        const stimulus* played;
    };

    static bool answers_alike(const options& chosen, const Backoff& backoff, int count) {
        return count == count_max ||
               backoff(count, chosen.interval) == backoff(count + 1, chosen.interval);
    }

    // The count from which on one more changes nothing; if the backoff does not settle, one from
    // which on it did not settle for long.
    static int greatest_count(const options& chosen, const Backoff& backoff) {
        int count = std::max(chosen.failure_threshold, chosen.success_threshold);
        for (int steps = 0; steps < steps_max && !answers_alike(chosen, backoff, count); ++steps)
            ++count;
        return count;
    }

    // Of all counts that can be met: each more takes one state more.
    duration longest_delay(const options& chosen, const Backoff& backoff) const {
        const bool all = static_cast<std::size_t>(counted_to_) <= states_max_;
        const int most = all ? counted_to_ : static_cast<int>(states_max_);
        duration longest = duration::zero();
        for (int count = 1; count <= most; ++count)
            longest = std::max<duration>(longest, backoff(count, chosen.interval));
        return longest;
    }

    // Plans all that can be done in a state that was not met before.
    void add(const node& next, std::size_t length) {
        if (!known_.insert(next.reached.state(counted_to_)).second)
            return;
        met_.push_back(next);
        ahead_.resize(std::max(ahead_.size(), length + stimulus::weight_max + 1));
        for (const stimulus& possible : possible_.when(next.reached.asked()))
            ahead_[length + possible.weight()].push_back({met_.size() - 1, &possible});
    }

    std::vector<std::string> trace(const node& last) const {
        std::vector<const node*> way{&last};
        while (way.back()->from != 0)
            way.push_back(&met_[way.back()->from]);
        std::vector<std::string> lines;
        for (auto each = way.rbegin(); each != way.rend(); ++each) {
            if ((*each)->played.weight() == 0 && !lines.empty())
                lines.back() += ", ";
            else
                lines.push_back(to_string((*each)->played) + ": ");
            lines.back() += to_string((*each)->reached.answered());
        }
        return lines;
    }

    static constexpr int steps_max = 1'000; // of a backoff, before it settles
    static constexpr int count_max = std::numeric_limits<int>::max();

    std::size_t states_max_;
    int counted_to_;
    bool settles_; // the backoff does, from there on
    bool sampled_;
    stimuli possible_;
    std::deque<node> met_;
    std::vector<std::vector<step>> ahead_; // by the length of the trace
    std::set<decltype(std::declval<const watched&>().state(0))> known_;
};

} // namespace detail

/// Walks all states that a machine made from `chosen` and `backoff` can get into, and judges every
/// step by B1–B3 and B6–B15. Ends at the first violation, or at `how.states_max`. `chosen` must be
/// valid. Where `backoff` answers the same for two counts in a row that are not below the
/// thresholds, it must do so for all greater ones; one that goes on changing for 1000 counts leaves
/// the exploration incomplete. After each step
/// `visit(before, stimulus, after)` is called with two watched machines. Takes well below a
/// microsecond for a transition, of which there are hundreds of thousands.
///
///     const auto found = forest::sim::explore({.failure_threshold = 2});
///     assert(found.proven());
template <typename Machine, typename Backoff = exponential_backoff, typename Visitor = no_visitor>
    requires detail::watchable<Machine, Backoff>
[[nodiscard]] exploration explore(const options& chosen, const Backoff& backoff = {},
                                  const exploration_options& how = {}, Visitor visit = {}) {
    return detail::explorer<Machine, Backoff>{chosen, backoff, how}.run(visit);
}

/// The same for the machine that the client runs.
[[nodiscard]] inline exploration explore(const options& chosen = {}) {
    return explore<forest::detail::health_machine<exponential_backoff>>(chosen);
}

} // namespace forest::sim

#endif
