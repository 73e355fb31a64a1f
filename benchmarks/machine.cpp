// SPDX-License-Identifier: BSL-1.0
#include <forest/core/backoff.hpp>
#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/error.hpp>
#include <forest/core/options.hpp>
#include <forest/core/random.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>

// What one step of the machine costs: a fleet makes four or five for each check.

namespace {

using namespace forest;

// The steps of one check: woke, check_started, reply, its outcome, and a transition if there is
// one.
template <typename Verdict>
void run_checks(benchmark::State& state, Verdict&& verdict_of) {
    forest::detail::health_machine<exponential_backoff> logic{
        options{.interval_jitter = 0.1}, {}, random_generator{1}};
    steady_time now{};
    std::int64_t steps = 0;
    std::int64_t checks = 0;
    forest::detail::health_input input = forest::detail::health_input::started();
    for (auto _ : state) {
        const forest::detail::health_action next = logic.step(input, now);
        ++steps;
        switch (next.kind) {
        case forest::detail::health_action_kind::report:
            input = forest::detail::health_input::reported();
            break;
        case forest::detail::health_action_kind::check:
            input = forest::detail::health_input::reply(verdict_of(checks++));
            break;
        default: now += next.delay; input = forest::detail::health_input::woke();
        }
        benchmark::DoNotOptimize(input);
    }
    state.SetItemsProcessed(steps);
    state.counters["steps_per_check"] = static_cast<double>(steps) / static_cast<double>(checks);
}

void step_while_healthy(benchmark::State& state) {
    const verdict healthy;
    run_checks(state, [&](std::int64_t) -> const verdict& { return healthy; });
}
BENCHMARK(step_while_healthy);

void step_through_outages(benchmark::State& state) {
    const verdict healthy;
    verdict failed;
    failed.error = errc::connection_refused;
    run_checks(state, [&](std::int64_t check) -> const verdict& {
        return check % 8 < 4 ? failed : healthy;
    });
}
BENCHMARK(step_through_outages);

} // namespace

BENCHMARK_MAIN();
