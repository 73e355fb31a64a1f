// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_EXPLORE_EXPLORE_HPP
#define FOREST_SIM_EXPLORE_EXPLORE_HPP

#include <forest/core/backoff.hpp>
#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/options.hpp>
#include <forest/core/random.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/explore/detail/driven_machine.hpp>
#include <forest/sim/explore/exploration.hpp>
#include <forest/sim/explore/machine_rules.hpp>
#include <forest/sim/explore/stimulus.hpp>
#include <forest/sim/trace/violation.hpp>

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

// Proof by closure: the search visits every state that a machine can reach, makes every step there
// that a driver may make, and judges each step by machine_rules. A state covers the machine and the
// rules. There are finitely many states, because three things are left out:
//
// - The date. Times are compared only with other times that were kept before, so a run that starts
//   an hour later is the same run: times are kept relative to now.
// - Counts beyond all thresholds and beyond the last step of the backoff. Beyond them, a
//   further failure changes no decision. Attempts and numbers of outages are only reported. So a
//   state contains only whether the machine and the rules agree on these numbers.
// - All durations except those of `stimuli`. Each bound is compared with a duration that the driver
//   chooses in that step, independent of the steps before. There is one exception: whether the next
//   check is due when the observers return. So every state that can wait is also tried with
//   observers that take too long. Hence every possible decision is taken. Other durations change
//   the length of a wait and how late a schedule is, and the rules predict both to the nanosecond.
//
// docs/explanation/closure.md explains this in detail, and says what the search does not prove.

namespace forest::inline FOREST_FORM::sim {

/// The limits of an exploration.
struct exploration_options {
    /// The exploration ends when there are more states than this. A state takes about one kilobyte.
    std::size_t states_max = 1'000'000;

    /// The seed of random delays. Each transition has one sample of the delays.
    std::uint64_t seed = 0;

    /// Whether servers warn, and probes fail (B24, B25). That makes half as many states again.
    bool probing = true;
};

/// A visitor that ignores all steps.
struct no_visitor {
    template <typename Driven>
    constexpr void operator()(const Driven&, const stimulus&, const Driven&) const noexcept {}
};

namespace detail {

template <typename Machine, typename Backoff>
class explorer {
public:
    explorer(const options& settings, const Backoff& backoff, const exploration_options& limits)
        : states_max_{limits.states_max},
          counted_to_{greatest_count(settings, backoff)},
          settles_{same_delay(settings, backoff, counted_to_)},
          sampled_{settings.interval_jitter > 0.0 || settings.initial_delay_max > duration::zero()},
          possible_{settings, longest_delay(settings, backoff), limits.probing} {
        assert(settings.valid());
        add({.reached = {settings, backoff, random_generator{limits.seed}}}, 0);
    }

    // Makes the steps in the order of the length of their traces.
    template <typename Visitor>
    exploration run(Visitor& visit) {
        exploration found{.sampled = sampled_};
        for (std::size_t length = 0; length < ahead_.size(); ++length) {
            for (std::size_t index = 0; index < ahead_[length].size(); ++index) {
                const auto [before, played] = ahead_[length][index];
                node next{met_[before].reached, before, *played};
                std::optional<violation> broken = next.reached.play(*played);
                ++found.transitions;
                visit(met_[before].reached, *played, next.reached);
                if (broken) {
                    found.violation = std::move(broken);
                    found.trace = trace(next);
                } else {
                    add(next, length);
                }
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
    using driven = driven_machine<Machine, Backoff>;

    // A state, and the step by which it was reached first.
    struct node {
        driven reached;
        std::size_t before = 0;
        stimulus played{};
    };

    // A step that has to be made from the state at index `before` of `met_`.
    struct step {
        std::size_t before;
        const stimulus* played;
    };

    static bool same_delay(const options& settings, const Backoff& backoff, int count) {
        return count == count_max ||
               backoff(count, settings.interval) == backoff(count + 1, settings.interval);
    }

    // Returns the count from which a further failure changes nothing. If the backoff does not
    // settle within `steps_max` counts, the returned count is too small.
    static int greatest_count(const options& settings, const Backoff& backoff) {
        int count = std::max(settings.failure_threshold, settings.success_threshold);
        for (int steps = 0; steps < steps_max && !same_delay(settings, backoff, count); ++steps)
            ++count;
        return count;
    }

    // The longest delay for all counts that can be reached: each further count needs another state.
    duration longest_delay(const options& settings, const Backoff& backoff) const {
        const bool all = static_cast<std::size_t>(counted_to_) <= states_max_;
        const int most = all ? counted_to_ : static_cast<int>(states_max_);
        duration longest = duration::zero();
        for (int count = 1; count <= most; ++count)
            longest = std::max<duration>(longest, backoff(count, settings.interval));
        return longest;
    }

    // Plans all steps from a state that was not reached before.
    void add(const node& next, std::size_t length) {
        if (!known_.insert(next.reached.state(counted_to_)).second)
            return;
        met_.push_back(next);
        ahead_.resize(std::max(ahead_.size(), length + stimulus::weight_max + 1));
        for (const stimulus& next_step : possible_.when(next.reached.asked()))
            ahead_[length + next_step.weight()].push_back({met_.size() - 1, &next_step});
    }

    std::vector<std::string> trace(const node& last) const {
        std::vector<const node*> path{&last};
        while (path.back()->before != 0)
            path.push_back(&met_[path.back()->before]);
        std::vector<std::string> lines;
        for (auto each = path.rbegin(); each != path.rend(); ++each) {
            if ((*each)->played.weight() == 0 && !lines.empty())
                lines.back() += ", ";
            else
                lines.push_back(to_string((*each)->played) + ": ");
            lines.back() += to_string((*each)->reached.answered());
        }
        return lines;
    }

    static constexpr int steps_max = 1'000; // counts that are tried until a backoff settles
    static constexpr int count_max = std::numeric_limits<int>::max();

    std::size_t states_max_;
    int counted_to_;
    bool settles_; // whether the backoff is constant from `counted_to_` on
    bool sampled_;
    stimuli possible_;
    std::deque<node> met_;
    std::vector<std::vector<step>> ahead_; // the steps to make, by the length of the trace
    std::set<decltype(std::declval<const driven&>().state(0))> known_;
};

} // namespace detail

/// Visits all states that a machine with these options and this backoff can reach, and judges every
/// step by the rules B1–B3, B6–B15, B24 and B25. Ends at the first violation, or beyond
/// `limits.states_max` states. `settings` must be valid. If `backoff` returns the same delay for
/// two consecutive counts that are not below the thresholds, it must return this delay for all
/// greater counts; a backoff that changes for 1000 counts leaves the exploration incomplete. After
/// each step `visit(before, stimulus, after)` is called with two driven machines. A search makes
/// hundreds of thousands of transitions, each in well below a microsecond.
///
///     const auto found = forest::sim::explore({.failure_threshold = 2});
///     assert(found.proven());
template <typename Machine, typename Backoff = exponential_backoff, typename Visitor = no_visitor>
    requires detail::drivable<Machine, Backoff>
[[nodiscard]] exploration explore(const options& settings, const Backoff& backoff = {},
                                  const exploration_options& limits = {}, Visitor visit = {}) {
    return detail::explorer<Machine, Backoff>{settings, backoff, limits}.run(visit);
}

/// Explores the machine of `basic_health_client`.
[[nodiscard]] FOREST_DECL exploration explore(const options& settings = {});

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/explore/impl/explore.ipp>
#endif

#endif
