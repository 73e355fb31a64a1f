// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_SWARM_HPP
#define FOREST_SIM_SWARM_HPP

#include <forest/core/time.hpp>
#include <forest/sim/draw.hpp>
#include <forest/sim/fault.hpp>
#include <forest/sim/plan.hpp>
#include <forest/sim/plan_code.hpp>
#include <forest/sim/plan_runner.hpp>
#include <forest/sim/saturate.hpp>
#include <forest/sim/shrink.hpp>
#include <forest/sim/violation.hpp>
#include <forest/sim/world.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

// Many worlds, each from a seed of its own: what nobody thought of, someone among ten thousand
// tries.

namespace forest::sim {

/// Which seeds: `count` of them, from `first` on.
struct seed_range {
    std::uint64_t first = 1;
    std::uint64_t count = 1000;
};

/// What a swarm allows.
struct swarm_bound {
    /// How long clients may take, after all was healed, to notice it; without it, what
    /// `recovery_bound` says of them. For plans that are run by `plan_runner`.
    std::optional<duration> recovery{};

    shrink_bound shrinking{};
};

/// What a function of a plan may answer: how it went, or only what was wrong with it.
template <typename Answer>
concept plan_answer =
    std::same_as<Answer, outcome> || std::same_as<Answer, std::optional<violation>>;

/// A simulation of one's own. `run(plan)` makes a world from a plan, or from the parts of it that
/// it wants, lets it pass, and answers the rule that was broken, if any. The same plan must have
/// the same answer always.
template <typename Run>
    requires std::invocable<Run&, const plan&> &&
        plan_answer<std::invoke_result_t<Run&, const plan&>>
struct scenario {
    draw_options drawn{}; ///< the plans
    Run run;
};

template <typename Run>
scenario(draw_options, Run) -> scenario<Run>;

/// A seed whose world broke a rule.
struct swarm_failure {
    std::uint64_t seed = 0;
    violation broken{}; ///< as it was in the world of the seed
    plan shrunk{};      ///< the smallest plan found that breaks the same rule

    /// C++ that answers the violation of a plan called `what`.
    std::string check = "forest::sim::plan_runner<>{}.run(what).broken";
};

/// How a swarm went.
struct swarm_report {
    std::uint64_t runs = 0;
    std::uint64_t checks = 0;
    std::uint64_t outages = 0;              ///< that were told
    duration simulated{};                   ///< at most `duration::max()`
    std::optional<swarm_failure> failure{}; ///< of the first seed that broke a rule
};

namespace detail {

// The name of a type as source code says it, or nearly so: an anonymous namespace has none.
template <typename Type>
std::string type_name() {
    std::string_view name = std::source_location::current().function_name();
    constexpr std::string_view before = "Type = ";
    name.remove_prefix(name.find(before) + before.size());
    std::string found{name.substr(0, name.find_first_of(";]"))};
    for (const std::string_view anonymous : {"{anonymous}::", "(anonymous namespace)::"}) {
        for (std::size_t at = 0; (at = found.find(anonymous)) != std::string::npos;)
            found.erase(at, anonymous.size());
    }
    return found;
}

template <typename Policies>
std::string runner_code(const swarm_bound& bound) {
    std::string code = "forest::sim::plan_runner<";
    if (!std::same_as<Policies, world_policies>)
        code += type_name<Policies>();
    code += ">{";
    if (bound.recovery)
        code += to_code(*bound.recovery);
    return code + "}.run(what).broken";
}

inline outcome as_outcome(outcome ended) {
    return ended;
}
inline outcome as_outcome(std::optional<violation> found) {
    return {.broken = std::move(found)};
}

} // namespace detail

/// Runs the scenario with the plans of the seeds, until one breaks a rule; that one is shrunk. Of
/// checks and outages the report knows only where `run` answers an outcome.
template <typename Run>
[[nodiscard]] swarm_report swarm(scenario<Run> of, seed_range seeds,
                                 const swarm_bound& bound = {}) {
    swarm_report report;
    const auto run = [&](const plan& what) {
        return detail::as_outcome(std::invoke(of.run, what));
    };
    for (std::uint64_t index = 0; index < seeds.count && !report.failure; ++index) {
        const std::uint64_t seed = seeds.first + index;
        const plan drawn = draw(seed, of.drawn);
        const outcome ended = run(drawn);
        ++report.runs;
        report.checks += ended.checks;
        report.outages += ended.outages;
        report.simulated = saturating_sum(report.simulated, ended.simulated);
        if (!ended.broken)
            continue;
        const auto same_rule = [&](const plan& candidate) {
            const auto found = run(candidate).broken;
            return found && found->rule == ended.broken->rule;
        };
        report.failure = swarm_failure{.seed = seed,
                                       .broken = *ended.broken,
                                       .shrunk = shrink(drawn, same_rule, bound.shrinking),
                                       .check = "scenario(what)"};
    }
    return report;
}

/// Runs whole plans, in worlds of those policies, with someone who watches each client.
template <typename Policies = world_policies>
[[nodiscard]] swarm_report swarm(const draw_options& drawn, seed_range seeds,
                                 const swarm_bound& bound = {}) {
    const plan_runner<Policies> runner{bound.recovery};
    swarm_report report =
        swarm(scenario{drawn, [&](const plan& what) { return runner.run(what); }}, seeds, bound);
    if (report.failure)
        report.failure->check = detail::runner_code<Policies>(bound);
    return report;
}

/// The seed, the rule, and the test that fails: what a person needs to see it happen again.
[[nodiscard]] inline std::string to_string(const swarm_failure& failed) {
    return "seed " + std::to_string(failed.seed) + " breaks " + failed.broken.rule + " (" +
           failed.broken.client + " at " + to_code(failed.broken.at) +
           "): " + failed.broken.explanation + "\n" + to_test(failed.shrunk, failed.check);
}

} // namespace forest::sim

#endif
