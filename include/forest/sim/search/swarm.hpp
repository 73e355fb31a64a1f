// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_SEARCH_SWARM_HPP
#define FOREST_SIM_SEARCH_SWARM_HPP

#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/script/fault.hpp>
#include <forest/sim/search/draw.hpp>
#include <forest/sim/search/plan.hpp>
#include <forest/sim/search/plan_code.hpp>
#include <forest/sim/search/plan_runner.hpp>
#include <forest/sim/search/shrink.hpp>
#include <forest/sim/time/saturate.hpp>
#include <forest/sim/trace/violation.hpp>
#include <forest/sim/world/world.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

// Runs many worlds, each with its own seed. Ten thousand random worlds contain situations that no
// author of tests has thought of.

namespace forest::inline FOREST_FORM::sim {

/// The seeds of a swarm: `count` seeds, beginning with `first`.
struct seed_range {
    std::uint64_t first = 1;
    std::uint64_t count = 1000;
};

/// The limits of a swarm.
struct swarm_bound {
    /// The time within which clients have to notice that the world is healed; by default the
    /// `recovery_bound` of their options. Only for plans that `plan_runner` runs.
    std::optional<duration> recovery{};

    shrink_bound shrinking{};
};

/// The result of a function that runs a plan: the outcome, or only the violation, if any.
template <typename Answer>
concept plan_answer =
    std::same_as<Answer, outcome> || std::same_as<Answer, std::optional<violation>>;

/// A simulation that a test defines. `run(plan)` makes a world from a plan, or from parts of it,
/// lets time pass, and returns the outcome or the violation, if any. The same plan must always have
/// the same result.
template <typename Run>
    requires std::invocable<Run&, const plan&> &&
             plan_answer<std::invoke_result_t<Run&, const plan&>>
struct scenario {
    draw_options drawn{}; ///< how plans are drawn
    Run run;

    /// The C++ name of `run` in the printed test, such as `no_two_down`. By default it is the name
    /// of the type of `run` if that is a class with a name, otherwise `scenario`.
    std::string name{};

    /// The names of the servers and the clients that `run` adds itself, in this order. With names,
    /// each plan is drawn for as many servers and clients as there are names. The printed test then
    /// has these names, and only the faults.
    script_names names{};
};

template <typename Run>
scenario(draw_options, Run, std::string = {}, script_names = {}) -> scenario<Run>;

/// A seed whose world breaks a rule.
struct swarm_failure {
    std::uint64_t seed = 0;
    violation broken{}; ///< the violation of the plan `shrunk`
    plan shrunk{};      ///< the smallest plan found that breaks the same rule

    /// The C++ expression that returns the violation of a plan called `what`.
    std::string check = "forest::sim::plan_runner<>{}.run(what).broken";

    script_names names{}; ///< the names of a scenario
};

/// The result of a swarm.
struct swarm_report {
    std::uint64_t runs = 0;
    std::uint64_t checks = 0;
    std::uint64_t outages = 0;              ///< reported outages
    duration simulated{};                   ///< at most `duration::max()`
    std::optional<swarm_failure> failure{}; ///< of the first seed that breaks a rule
};

namespace detail {

// The name of a type as in source code, without anonymous namespaces.
template <typename Type>
std::string type_name() {
    std::string_view name = std::source_location::current().function_name();
    constexpr std::string_view before = "Type = ";
    name.remove_prefix(name.find(before) + before.size());
    std::string found{name.substr(0, name.find_first_of(";]"))};
    for (const std::string_view anonymous : {"{anonymous}::", "(anonymous namespace)::"}) {
        for (std::size_t position = 0; (position = found.find(anonymous)) != std::string::npos;)
            found.erase(position, anonymous.size());
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

// The expression that runs a scenario in a test.
template <typename Run>
std::string scenario_code(const scenario<Run>& tested) {
    if (!tested.name.empty())
        return tested.name + "(what)";
    if constexpr (std::is_class_v<Run>) {
        const std::string type = type_name<Run>();
        if (type.find_first_of("<({") == std::string::npos) // otherwise it is a lambda
            return type + "{}(what)";
    }
    return "scenario(what)";
}

// Returns a plan with only the faults, because most scenarios have their own servers and clients.
// `own` means that this scenario has them; otherwise the clients that the faults need stay in the
// plan.
FOREST_DECL plan faults_alone(plan reduced, bool own);

inline outcome as_outcome(outcome ended) {
    return ended;
}
inline outcome as_outcome(std::optional<violation> found) {
    return {.broken = std::move(found)};
}

} // namespace detail

/// Runs the scenario with the plans of the seeds until one breaks a rule, and shrinks that plan.
/// The report counts checks and outages only if `run` returns an outcome.
template <typename Run>
[[nodiscard]] swarm_report swarm(scenario<Run> tested, seed_range seeds,
                                 const swarm_bound& bound = {}) {
    swarm_report report;
    if (!tested.names.servers.empty())
        tested.drawn.servers_max = static_cast<std::uint16_t>(tested.names.servers.size());
    if (!tested.names.clients.empty())
        tested.drawn.clients_max = static_cast<std::uint16_t>(tested.names.clients.size());
    const auto run = [&](const plan& tried) {
        return detail::as_outcome(std::invoke(tested.run, tried));
    };
    for (std::uint64_t index = 0; index < seeds.count && !report.failure; ++index) {
        const std::uint64_t seed = seeds.first + index;
        const plan drawn = draw(seed, tested.drawn);
        const outcome ended = run(drawn);
        ++report.runs;
        report.checks += ended.checks;
        report.outages += ended.outages;
        report.simulated = saturating_sum(report.simulated, ended.simulated);
        if (!ended.broken)
            continue;
        violation last = *ended.broken; // in the smallest plan so far
        const auto same_rule = [&](const plan& candidate) {
            auto found = run(candidate).broken;
            if (!found || found->rule != last.rule)
                return false;
            last = std::move(*found);
            return true;
        };
        const plan faults = detail::faults_alone(drawn, !tested.names.empty());
        const auto enough_alone = [&] {
            try {
                return bound.shrinking.runs_max > 0 && same_rule(faults);
            } catch (...) { // The scenario needs more of the plan.
                return false;
            }
        };
        const bool enough = enough_alone();
        shrink_bound left = bound.shrinking;
        left.runs_max -= left.runs_max > 0 ? 1 : 0;
        const plan shrunk = shrink(enough ? faults : drawn, same_rule, left);
        report.failure = swarm_failure{.seed = seed,
                                       .broken = last,
                                       .shrunk = shrunk,
                                       .check = detail::scenario_code(tested),
                                       .names = tested.names};
    }
    return report;
}

/// Runs whole plans in worlds with these policies, with a watcher for each client.
template <typename Policies = world_policies>
[[nodiscard]] swarm_report swarm(const draw_options& drawn, seed_range seeds,
                                 const swarm_bound& bound = {}) {
    const plan_runner<Policies> runner{bound.recovery};
    swarm_report report =
        swarm(scenario{drawn, [&](const plan& tried) { return runner.run(tried); }}, seeds, bound);
    if (report.failure)
        report.failure->check = detail::runner_code<Policies>(bound);
    return report;
}

/// The seed, the rule, and a test that fails in the same way. Time and text of the violation are
/// those of the test.
[[nodiscard]] FOREST_DECL std::string to_string(const swarm_failure& failed);

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/search/impl/swarm.ipp>
#endif

#endif
