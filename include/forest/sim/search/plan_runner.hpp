// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_SEARCH_PLAN_RUNNER_HPP
#define FOREST_SIM_SEARCH_PLAN_RUNNER_HPP

#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/rules/truth.hpp>
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

// Runs plans with a watcher for each client. At the end the world is healed, and each client has to
// find out the truth again.

namespace forest::inline FOREST_FORM::sim {

/// The result of a plan.
struct outcome {
    std::optional<violation> broken{}; ///< the first violation
    std::uint64_t digest = 0;          ///< of the trace
    std::uint64_t checks = 0;          ///< of all clients
    std::uint64_t outages = 0;         ///< reported outages
    duration simulated{};
    trace lines{}; ///< the trace, with the lines that were kept
};

/// Returns the longest time from the beginning of one check to the beginning of the next, after any
/// faults.
template <typename Backoff>
[[nodiscard]] duration longest_round(const options& settings, const Backoff& backoff) {
    duration longest = settings.interval;
    for (int failures = 1; failures <= 64; ++failures)
        longest = std::max<duration>(longest, backoff(failures, settings.interval));
    // A jitter adds at most half of the delay; one wake-up may be late.
    longest = saturating_sum(longest, longest / 2);
    return saturating_sum(longest, saturating_product(2, settings.timeout));
}

/// Returns the time within which every client must notice that nothing is wrong any more. It
/// consists of the delay before the first check or the check in flight, the longest delay before
/// the next check, and the successes that end an outage. At most `duration::max()`.
template <typename Backoff>
[[nodiscard]] duration recovery_bound(const options& settings, const Backoff& backoff) {
    const std::int64_t rounds = std::int64_t{settings.success_threshold} + 2;
    const duration checks = saturating_product(rounds, longest_round(settings, backoff));
    return saturating_sum(checks,
                          saturating_sum(settings.stall_tolerance, settings.initial_delay_max));
}

/// Like `recovery_bound`, for a world in which a check takes at most `check_time` when nothing is
/// wrong. So a world with a long timeout does not need long to recover.
template <typename Backoff>
[[nodiscard]] duration recovery_bound(const options& settings, const Backoff& backoff,
                                      duration check_time) {
    const duration round =
        saturating_sum(saturating_sum(settings.interval, settings.interval / 2), check_time);
    const duration noticed = saturating_product(2, longest_round(settings, backoff));
    return saturating_sum(
        saturating_sum(noticed, saturating_product(settings.success_threshold, round)),
        saturating_sum(settings.stall_tolerance, settings.initial_delay_max));
}

/// Returns the longest time of a check of this client when nothing is wrong, at most its timeout.
[[nodiscard]] FOREST_DECL duration check_time_max(const planned_client& client) noexcept;

/// Returns how long faults may have effects after the healing: pauses continue until their end, and
/// messages travel for at most `latency::maximum`.
[[nodiscard]] FOREST_DECL duration settling_time(const script& faults);

/// Runs plans in worlds with these policies, and watches each client. After the faults the runner
/// lets some time pass in which nothing is wrong. The same plan always has the same outcome.
template <typename Policies = world_policies>
class plan_runner {
public:
    using world_type = basic_world<Policies>;
    using backoff_type = typename Policies::backoff;

    /// `recovery` is how long clients may take to notice that nothing is wrong any more. By default
    /// it is the `recovery_bound` of their options.
    explicit plan_runner(std::optional<duration> recovery = std::nullopt, backoff_type backoff = {})
        : recovery_{recovery}, backoff_{std::move(backoff)} {}

    /// Runs one plan. `lines` is an empty trace, with the number of lines to keep.
    [[nodiscard]] outcome run(const plan& plan, trace lines = trace{}) const {
        world_type all{plan.seed, std::move(lines)};
        std::vector<watcher<world_type>> watching;
        for (std::uint16_t index = 0; index < plan.servers; ++index)
            all.add_server("server" + std::to_string(index));
        for (const planned_client& each : plan.clients) {
            auto& server = *all.servers().at(each.server);
            auto& client = all.prepare_client(server, each.settings,
                                              {.name = "client" + std::to_string(watching.size()),
                                               .usual = each.usual,
                                               .connections = each.connections},
                                              fresh());
            watching.push_back(watch(all, client, each.settings, fresh()));
            client.client().start();
        }
        all.play(plan.faults);
        all.run_for(left(all, plan.length));
        for (auto& each : watching)
            each.finish();
        settle(all, watching, plan);
        return result_of(all, watching);
    }

private:
    // A backoff should be pure. With a copy, a backoff that is not pure starts from the same state
    // in each run.
    [[nodiscard]] backoff_type fresh() const { return backoff_; }

    void settle(world_type& all, std::vector<watcher<world_type>>& watching,
                const plan& plan) const {
        duration bound = recovery_.value_or(duration::zero());
        duration round = duration::zero();
        for (const planned_client& each : plan.clients) {
            if (!recovery_)
                bound =
                    std::max(bound, recovery_bound(each.settings, fresh(), check_time_max(each)));
            round = std::max(round, saturating_sum(longest_round(each.settings, fresh()),
                                                   each.settings.stall_tolerance));
        }
        all.heal();
        all.run_for(left(all, settling_time(plan.faults)));
        const auto settled = [&] {
            return std::all_of(watching.begin(), watching.end(),
                               [](const auto& each) { return each.settled(); });
        };
        (void)all.run_until(settled, left(all, bound));
        for (auto& each : watching)
            each.settle(false);
        // Each client has to continue its checks. One that did not know yet of the last fault has
        // time for that, too.
        all.run_for(left(all, round));
        (void)all.run_until(settled, left(all, bound));
        for (auto& each : watching)
            each.settle();
    }

    // Returns as much of the span as the clock can represent, with a reserve for the waits of
    // clients.
    static duration left(const world_type& played, duration span) {
        constexpr duration end = duration::max() - 8 * options::duration_max;
        return std::min(span, std::max(end - played.now(), duration::zero()));
    }

    static outcome result_of(const world_type& played,
                             const std::vector<watcher<world_type>>& watching) {
        outcome result{
            .digest = played.trace().digest(), .simulated = played.now(), .lines = played.trace()};
        for (const auto& each : watching) {
            const auto found = each.found();
            if (found && (!result.broken || found->at < result.broken->at))
                result.broken = found;
        }
        for (const auto& each : played.clients()) {
            result.checks += each->checks();
            result.outages += each->downs();
        }
        return result;
    }

    std::optional<duration> recovery_;
    backoff_type backoff_;
};

#ifdef FOREST_SEPARATE_COMPILATION
extern template class watcher<world>;
extern template class plan_runner<>;
#endif

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/search/impl/plan_runner.ipp>
#endif

#endif
