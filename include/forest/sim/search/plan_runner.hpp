// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_SEARCH_PLAN_RUNNER_HPP
#define FOREST_SIM_SEARCH_PLAN_RUNNER_HPP

#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/rules/watch.hpp>
#include <forest/sim/script/fault.hpp>
#include <forest/sim/script/latency.hpp>
#include <forest/sim/search/plan.hpp>
#include <forest/sim/time/saturate.hpp>
#include <forest/sim/trace/trace.hpp>
#include <forest/sim/trace/violation.hpp>
#include <forest/sim/world/world.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// Runs plans, with someone who watches each client, and at the end all is healed: a client that
// only survives is not enough, it has to know the truth again.

namespace forest::sim {

/// How a plan went.
struct outcome {
    std::optional<violation> broken{}; ///< the first rule that was broken
    std::uint64_t digest = 0;          ///< of the trace
    std::uint64_t checks = 0;          ///< of all clients
    std::uint64_t outages = 0;         ///< that were told
    duration simulated{};
    trace lines{}; ///< what was to be kept of the trace
};

/// The longest from the beginning of one check to that of the next, whatever went wrong before.
template <typename Backoff>
[[nodiscard]] duration longest_round(const options& chosen, const Backoff& backoff) {
    duration longest = chosen.interval;
    for (int failures = 1; failures <= 64; ++failures)
        longest = std::max<duration>(longest, backoff(failures, chosen.interval));
    // A jitter lengthens each by up to half; a wake-up may find the process late once.
    longest = saturating_sum(longest, longest / 2);
    return saturating_sum(longest, saturating_product(2, chosen.timeout));
}

/// In how long every client has to have noticed that all is well: the delay before the first check,
/// or the check under way, the longest delay before the next, and as many successes as end an
/// outage. Saturates at `duration::max()`.
template <typename Backoff>
[[nodiscard]] duration recovery_bound(const options& chosen, const Backoff& backoff) {
    const std::int64_t rounds = std::int64_t{chosen.success_threshold} + 2;
    const duration checks = saturating_product(rounds, longest_round(chosen, backoff));
    return saturating_sum(checks, saturating_sum(chosen.stall_tolerance, chosen.initial_delay_max));
}

/// How long after the healing something of the faults may be left: pauses go on, and so do messages
/// that are under way, but those for no longer than any message takes.
[[nodiscard]] inline duration settling_time(const script& faults) {
    duration longest = std::chrono::seconds{1};
    for (const fault& each : faults) {
        const bool of_machine = each.kind == fault_kind::pause || each.kind == fault_kind::suspend;
        longest = std::max(longest, of_machine ? each.span : std::min(each.span, latency::maximum));
    }
    return longest;
}

/// Runs plans in worlds of those policies, watches each client, and, after all that goes wrong,
/// lets pass a time in which nothing does. The same plan has the same outcome, always.
template <typename Policies = world_policies>
class plan_runner {
public:
    using world_type = basic_world<Policies>;
    using backoff_type = typename Policies::backoff;

    /// `recovery`: how long clients may take to notice that all is well; without it, what
    /// `recovery_bound` says of them.
    explicit plan_runner(std::optional<duration> recovery = std::nullopt, backoff_type delays = {})
        : recovery_{recovery}, backoff_{std::move(delays)} {}

    /// `lines` says how much of the trace is kept.
    [[nodiscard]] outcome run(const plan& what, trace lines = trace{}) const {
        world_type all{what.seed, std::move(lines)};
        std::vector<watcher<world_type>> watching;
        for (std::uint16_t index = 0; index < what.servers; ++index)
            all.add_server("server" + std::to_string(index));
        for (const planned_client& each : what.clients) {
            auto& server = *all.servers().at(each.server);
            auto& client = all.prepare_client(
                server, each.chosen,
                {.name = "client" + std::to_string(watching.size()), .usual = each.usual}, fresh());
            watching.push_back(watch(all, client, each.chosen, fresh()));
            client.client().start();
        }
        all.play(what.faults);
        all.run_for(left(all, what.length));
        for (auto& each : watching)
            each.finish();
        settle(all, watching, what);
        return result_of(all, watching);
    }

private:
    // One that has to be pure, and need not be: then it is the same in each run all the same.
    [[nodiscard]] backoff_type fresh() const { return backoff_; }

    void settle(world_type& all, std::vector<watcher<world_type>>& watching,
                const plan& what) const {
        duration bound = recovery_.value_or(duration::zero());
        duration round = duration::zero();
        for (const planned_client& each : what.clients) {
            if (!recovery_)
                bound = std::max(bound, recovery_bound(each.chosen, fresh()));
            round = std::max(round, saturating_sum(longest_round(each.chosen, fresh()),
                                                   each.chosen.stall_tolerance));
        }
        all.heal();
        all.run_for(left(all, settling_time(what.faults)));
        const auto settled = [&] {
            return std::all_of(watching.begin(), watching.end(),
                               [](const auto& each) { return each.settled(); });
        };
        (void)all.run_until(settled, left(all, bound));
        for (auto& each : watching)
            each.settle(false);
        // Who knows it has to go on checking.
        all.run_for(left(all, round));
        for (auto& each : watching)
            each.settle();
    }

    // As much of a span as time can hold, with some to spare for what clients plan ahead.
    static duration left(const world_type& in, duration span) {
        constexpr duration end = duration::max() - 8 * options::duration_max;
        return std::min(span, std::max(end - in.now(), duration::zero()));
    }

    static outcome result_of(const world_type& in,
                             const std::vector<watcher<world_type>>& watching) {
        outcome result{.digest = in.trace().digest(), .simulated = in.now(), .lines = in.trace()};
        for (const auto& each : watching) {
            const auto found = each.found();
            if (found && (!result.broken || found->at < result.broken->at))
                result.broken = found;
        }
        for (const auto& each : in.clients()) {
            result.checks += each->checks();
            result.outages += each->downs();
        }
        return result;
    }

    std::optional<duration> recovery_;
    backoff_type backoff_;
};

} // namespace forest::sim

#endif
