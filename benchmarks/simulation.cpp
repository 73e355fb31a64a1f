// SPDX-License-Identifier: BSL-1.0
#include <forest/core/backoff.hpp>
#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/options.hpp>
#include <forest/core/random.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>
#include <forest/sim/time/event_queue.hpp>
#include <forest/sim/world/world.hpp>

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <vector>

// How many checks can be simulated in a second, in the form that has the machine alone and in the
// one that has everything but a socket; and how many times longer one takes than an event of the
// barest queue that there can be, with as many outstanding and measured in the same run.

namespace {

using namespace forest;
using namespace std::chrono_literals;

// The argument of each benchmark: how many events are outstanding, or how many clients there are.
std::size_t outstanding(const benchmark::State& state) {
    return static_cast<std::size_t>(state.range(0));
}

// Of this process, so that what else the computer does counts for as little as it can.
double cpu_nanoseconds() {
    return static_cast<double>(std::clock()) * 1e9 / static_cast<double>(CLOCKS_PER_SEC);
}

struct bare_event {
    std::int64_t when;
    std::uint64_t what;

    friend bool operator>(const bare_event& left, const bare_event& right) noexcept {
        return left.when > right.when;
    }
};

// Takes the next event out and puts it back in some time later.
class bare_queue {
public:
    explicit bare_queue(std::size_t size) {
        for (std::size_t index = 0; index < size; ++index)
            events_.push({later(), index});
    }

    void step() {
        bare_event next = events_.top();
        events_.pop();
        next.when += later();
        events_.push(next);
    }

private:
    std::int64_t later() { return static_cast<std::int64_t>(random_() >> 34); }

    random_generator random_;
    std::priority_queue<bare_event, std::vector<bare_event>, std::greater<>> events_;
};

// What one event of it takes; measured once for each size, whichever benchmarks are run.
double floor_nanoseconds(std::size_t size) {
    static std::map<std::size_t, double> measured;
    const auto [found, added] = measured.try_emplace(size);
    if (added) {
        constexpr int steps = 4'000'000;
        bare_queue queue{size};
        const double begin = cpu_nanoseconds();
        for (int step = 0; step < steps; ++step)
            queue.step();
        benchmark::DoNotOptimize(queue);
        found->second = (cpu_nanoseconds() - begin) / steps;
    }
    return found->second;
}

// `run` does one iteration, and answers how many items it had.
template <typename Run>
void measure(benchmark::State& state, Run&& run) {
    const double floor = floor_nanoseconds(outstanding(state));
    std::int64_t items = 0;
    const double begin = cpu_nanoseconds();
    for (auto _ : state)
        items += run();
    const double spent = cpu_nanoseconds() - begin;
    state.SetItemsProcessed(items);
    state.counters["times_floor"] = spent / static_cast<double>(items) / floor;
    state.counters["floor_ns"] = floor;
}

void bare_queue_of(benchmark::State& state) {
    bare_queue queue{outstanding(state)};
    measure(state, [&] {
        queue.step();
        return 1;
    });
    benchmark::DoNotOptimize(queue);
}
BENCHMARK(bare_queue_of)->Arg(1)->Arg(1000);

struct repeating {
    sim::event_queue* queue;
    random_generator random;

    void operator()() { queue->after(duration{static_cast<std::int64_t>(random() >> 34)}, *this); }
};

void event_queue_of(benchmark::State& state) {
    sim::event_queue queue;
    for (std::size_t index = 0; index < outstanding(state); ++index)
        repeating{&queue, random_generator{index}}();
    measure(state, [&] { return queue.run_one() ? 1 : 0; });
}
BENCHMARK(event_queue_of)->Arg(1)->Arg(1000);

// A client that is nothing but its machine: each check is answered at once.
class bare_client {
public:
    bare_client(sim::event_queue& queue, std::uint64_t seed)
        : queue_{queue}, machine_{options{.initial_delay_max = 30s}, {}, random_generator{seed}} {
        drive(forest::detail::health_input::started());
    }

    [[nodiscard]] std::int64_t checks() const noexcept { return checks_; }

private:
    void drive(forest::detail::health_input input) {
        for (;;) {
            const forest::detail::health_action next = machine_.step(input, queue_.now());
            switch (next.kind) {
            case forest::detail::health_action_kind::report:
                input = forest::detail::health_input::reported();
                break;
            case forest::detail::health_action_kind::check:
                ++checks_;
                input = forest::detail::health_input::reply(healthy_);
                break;
            default:
                return queue_.after(next.delay,
                                    [this] { drive(forest::detail::health_input::woke()); });
            }
        }
    }

    sim::event_queue& queue_;
    forest::detail::health_machine<exponential_backoff> machine_;
    verdict healthy_;
    std::int64_t checks_ = 0;
};

template <typename Clients>
std::int64_t checks_of(const Clients& clients) {
    std::int64_t checks = 0;
    for (const auto& each : clients)
        checks += static_cast<std::int64_t>(each->checks());
    return checks;
}

// So many simulated seconds that an iteration has a few thousand checks.
duration span_of(const benchmark::State& state) {
    return 30s * (4000 / state.range(0));
}

void checks_by_machines_alone(benchmark::State& state) {
    sim::event_queue queue;
    std::vector<std::unique_ptr<bare_client>> clients;
    while (clients.size() < outstanding(state))
        clients.push_back(std::make_unique<bare_client>(queue, clients.size()));
    queue.run_for(1h);
    measure(state, [&] {
        const std::int64_t before = checks_of(clients);
        queue.run_for(span_of(state));
        return checks_of(clients) - before;
    });
}
BENCHMARK(checks_by_machines_alone)->Arg(1)->Arg(1000);

void checks_by_clients_in_a_world(benchmark::State& state) {
    sim::world world{1};
    sim::server_process& server = world.add_server("warehouse");
    for (std::size_t index = 0; index < outstanding(state); ++index)
        world.add_client(server, {.initial_delay_max = 30s});
    world.run_for(1h);
    measure(state, [&] {
        const std::int64_t before = checks_of(world.clients());
        world.run_for(span_of(state));
        return checks_of(world.clients()) - before;
    });
    if (world.clients().front()->failures() > 0)
        state.SkipWithError("a check of a server that is well has failed");
}
BENCHMARK(checks_by_clients_in_a_world)->Arg(1)->Arg(1000);

} // namespace

BENCHMARK_MAIN();
