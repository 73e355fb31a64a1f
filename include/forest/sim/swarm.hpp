// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_SWARM_HPP
#define FOREST_SIM_SWARM_HPP

#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/draw.hpp>
#include <forest/sim/fault.hpp>
#include <forest/sim/latency.hpp>
#include <forest/sim/monitor.hpp>
#include <forest/sim/plan.hpp>
#include <forest/sim/shrink.hpp>
#include <forest/sim/world.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// Many worlds, each from a seed of its own: what nobody thought of, someone among ten thousand
// tries.

namespace forest::sim {

/// Which seeds: `count` of them, from `first` on.
struct seed_range {
    std::uint64_t first = 1;
    std::uint64_t count = 1000;
};

/// A seed whose world broke a rule.
struct swarm_failure {
    std::uint64_t seed = 0;
    violation broken{}; ///< as it was in the world of the seed
    plan shrunk{};      ///< the smallest plan found that breaks the same rule
};

/// How a swarm went.
struct swarm_report {
    std::uint64_t runs = 0;
    std::uint64_t checks = 0;
    std::uint64_t outages = 0; ///< that were told
    duration simulated{};
    std::optional<swarm_failure> failure{}; ///< of the first seed that broke a rule
};

/// Runs the worlds of the seeds, until one breaks a rule; that one is shrunk.
template <typename Policies = world_policies>
[[nodiscard]] swarm_report swarm(const draw_options& scenario, seed_range seeds) {
    const plan_runner<Policies> runner;
    swarm_report report;
    for (std::uint64_t index = 0; index < seeds.count && !report.failure; ++index) {
        const std::uint64_t seed = seeds.first + index;
        const plan drawn = draw(seed, scenario);
        const outcome ended = runner.run(drawn);
        ++report.runs;
        report.checks += ended.checks;
        report.outages += ended.outages;
        report.simulated += ended.simulated;
        if (!ended.broken)
            continue;
        const auto same_rule = [&](const plan& candidate) {
            const auto found = runner.run(candidate).broken;
            return found && found->rule == ended.broken->rule;
        };
        report.failure = swarm_failure{seed, *ended.broken, shrink(drawn, same_rule)};
    }
    return report;
}

/// The options that differ from the default ones, as C++ says them: `{.interval = 1s}`.
[[nodiscard]] inline std::string to_code(const options& chosen) {
    const options plain;
    std::string code;
    const auto add = [&](const char* member, const std::string& value) {
        code += (code.empty() ? "{." : ", .") + std::string{member} + " = " + value;
    };
    if (chosen.interval != plain.interval)
        add("interval", to_code(chosen.interval));
    if (chosen.timeout != plain.timeout)
        add("timeout", to_code(chosen.timeout));
    if (chosen.failure_threshold != plain.failure_threshold)
        add("failure_threshold", std::to_string(chosen.failure_threshold));
    if (chosen.success_threshold != plain.success_threshold)
        add("success_threshold", std::to_string(chosen.success_threshold));
    if (chosen.initial_delay_max != plain.initial_delay_max)
        add("initial_delay_max", to_code(chosen.initial_delay_max));
    if (chosen.interval_jitter != plain.interval_jitter)
        add("interval_jitter", std::to_string(chosen.interval_jitter));
    if (chosen.stall_tolerance != plain.stall_tolerance)
        add("stall_tolerance", to_code(chosen.stall_tolerance));
    return code.empty() ? "{}" : code + "}";
}

/// A plan as C++ that can be pasted into a test.
[[nodiscard]] inline std::string to_code(const plan& what) {
    std::vector<std::string> servers;
    std::vector<std::string> clients;
    std::string code = "forest::sim::world world{" + std::to_string(what.seed) + "U};\n";
    for (std::uint16_t index = 0; index < what.servers; ++index) {
        const std::string& name = servers.emplace_back("server" + std::to_string(index));
        code += "auto& " + name + " = world.add_server(\"" + name + "\");\n";
    }
    for (const planned_client& each : what.clients) {
        const std::string& name = clients.emplace_back("client" + std::to_string(clients.size()));
        code += "auto& " + name + " = world.add_client(" + servers.at(each.server) + ", " +
                to_code(each.chosen);
        if (!(each.usual == planned_client{}.usual))
            code += ", {.usual = forest::sim::" + to_code(each.usual) + "}";
        code += ");\n";
    }
    for (const fault& each : what.faults)
        code += to_code(each, servers, clients) + "\n";
    return code + "world.run_for(" + to_code(what.length) + ");\n";
}

/// The seed, the rule, and the script: what a person needs to see it happen again.
[[nodiscard]] inline std::string to_string(const swarm_failure& failed) {
    return "seed " + std::to_string(failed.seed) + " breaks " + failed.broken.rule + " (" +
           failed.broken.client + " at " + to_code(failed.broken.at) +
           "): " + failed.broken.explanation + "\n" + to_code(failed.shrunk);
}

} // namespace forest::sim

#endif
