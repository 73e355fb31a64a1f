// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_EXPLORE_EXPLORE_GETS_HPP
#define FOREST_SIM_EXPLORE_EXPLORE_GETS_HPP

#include <forest/core/detail/logic/get_machine.hpp>
#include <forest/core/detail/logic/get_steps.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/explore/exploration.hpp>
#include <forest/sim/explore/get_rules.hpp>
#include <forest/sim/trace/violation.hpp>

#include <cstddef>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

// Proof by closure for one GET, as explore.hpp has it for the health of one target: every input in
// every state that a get_machine can reach, and each step is judged by get_rules.

namespace forest::inline FOREST_FORM::sim {

namespace detail {

template <typename Machine>
class get_explorer {
public:
    get_explorer(const get_plan& plan, unsigned addresses_max, std::size_t states_max)
        : addresses_max_{addresses_max}, states_max_{states_max} {
        node first{.rules = get_rules{plan}};
        first.asked = first.subject.begin(plan, first.now);
        broken_ = first.rules.judge_begin(first.asked, first.now);
        first.text = to_string(first.asked);
        add(first);
    }

    exploration run() {
        exploration found{.violation = broken_};
        for (std::size_t index = 0; index < met_.size() && !found.violation; ++index) {
            for (const get_step& step :
                 met_[index].rules.possible(met_[index].asked, met_[index].now, addresses_max_)) {
                node next = met_[index];
                next.before = index;
                next.now += step.after;
                next.asked = next.subject.step(step.input, next.now);
                next.text = to_string(step) + ": " + to_string(next.asked);
                ++found.transitions;
                found.violation =
                    next.rules.judge(step.input, next.asked, next.subject.result(), next.now);
                if (found.violation) {
                    found.trace = trace(next);
                    break;
                }
                add(next);
            }
            if (met_.size() > states_max_)
                break;
        }
        found.states = met_.size();
        found.complete = !found.violation && met_.size() <= states_max_;
        return found;
    }

private:
    struct node {
        Machine subject{};
        get_rules rules;
        get_action asked{};
        steady_time now{};
        std::size_t before = 0;
        std::string text{};
    };

    void add(const node& next) {
        if (known_.insert(std::make_pair(next.subject.state(next.now), next.rules.state(next.now)))
                .second)
            met_.push_back(next);
    }

    std::vector<std::string> trace(const node& last) const {
        std::vector<std::string> lines{last.text};
        for (std::size_t index = last.before;; index = met_[index].before) {
            lines.insert(lines.begin(), met_[index].text);
            if (index == 0)
                return lines;
        }
    }

    unsigned addresses_max_;
    std::size_t states_max_;
    std::optional<violation> broken_;
    std::deque<node> met_;
    std::set<std::pair<decltype(std::declval<const Machine&>().state(steady_time{})),
                       decltype(std::declval<const get_rules&>().state(steady_time{}))>>
        known_;
};

} // namespace detail

/// Visits all states that a GET with this plan can reach if its name has at most `addresses_max`
/// addresses, and judges every step by `get_rules`. Ends at the first violation, or beyond
/// `states_max` states.
///
///     assert(forest::sim::explore_gets({.timeout = 1s, .patience = 1s}).proven());
template <typename Machine = get_machine>
[[nodiscard]] exploration explore_gets(const get_plan& plan, unsigned addresses_max = 3,
                                       std::size_t states_max = 1'000'000) {
    return detail::get_explorer<Machine>{plan, addresses_max, states_max}.run();
}

} // namespace forest::inline FOREST_FORM::sim

#endif
