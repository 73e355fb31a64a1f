// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_SIMULATE_SIMULATION_HPP
#define FOREST_EXAMPLES_TOOL_SIMULATE_SIMULATION_HPP

#include "simulation_outcome.hpp"
#include "watched_target.hpp"

#include <forest/core/event.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/script/fault.hpp>
#include <forest/sim/search/plan.hpp>
#include <forest/sim/search/plan_runner.hpp>
#include <forest/sim/time/saturate.hpp>
#include <forest/sim/trace/violation.hpp>
#include <forest/sim/world/world.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// One simulated world and its result.

namespace forest::cli {

/// Runs a plan in which no fault repeats itself. Not thread-safe.
template <typename Policies>
class simulation {
public:
    using backoff_type = typename Policies::backoff;

    simulation(const sim::plan& plan, backoff_type backoff, simulation_listener listener)
        : backoff_{std::move(backoff)},
          listener_{std::move(listener)},
          plan_{plan},
          world_{plan.seed} {
        for (const sim::fault& each : plan_.faults)
            to_tell_.push_back(&each);
        std::sort(to_tell_.begin(), to_tell_.end(),
                  [](const sim::fault* left, const sim::fault* right) {
                      return left->at != right->at ? left->at < right->at : left < right;
                  });
    }

    /// To be called once.
    [[nodiscard]] simulation_outcome run() {
        for (std::uint16_t index = 0; index < plan_.servers; ++index)
            world_.add_server("server" + std::to_string(index));
        for (const sim::planned_client& each : plan_.clients)
            add(each);
        world_.play(plan_.faults);
        if (listener_.fault)
            tell_of_next_fault();
        bool unwanted = false;
        while (world_.now() < plan_.length && !unwanted)
            unwanted = !pass(std::min(slice(), plan_.length - world_.now()));
        simulation_outcome result = finish();
        if (!unwanted && !violation())
            settle();
        result.broken = violation();
        return result;
    }

private:
    using world_type = sim::basic_world<Policies>;
    using target = watched_target<world_type>;

    void add(const sim::planned_client& planned) {
        const std::size_t number = targets_.size();
        auto& client = world_.prepare_client(*world_.servers().at(planned.server), planned.settings,
                                             {.name = "client" + std::to_string(number),
                                              .usual = planned.usual,
                                              .connections = planned.connections},
                                             backoff_);
        const bool drawn = listener_.lanes != nullptr && number < listener_.lanes->size();
        targets_.emplace_back(world_, client, planned.settings, backoff_,
                              drawn ? &(*listener_.lanes)[number] : nullptr,
                              [this](const event& happened) {
                                  if (!finished_ && listener_.reported)
                                      listener_.reported(happened, world_.now());
                              });
        client.client().start();
    }

    void tell_of_next_fault() {
        if (next_fault_ == to_tell_.size())
            return;
        later(to_tell_[next_fault_]->at - world_.now(), [this] {
            tell_of(*to_tell_[next_fault_++]);
            tell_of_next_fault();
        });
    }

    void tell_of(const sim::fault& fault) {
        listener_.fault(fault, true, world_.now());
        if (!is_momentary(fault.kind) && fault.lasting > duration::zero())
            later(fault.lasting, [this, fault] { listener_.fault(fault, false, world_.now()); });
    }

    template <typename Task>
    void later(duration delay, Task task) {
        world_.queue().after(delay, [this, task] {
            if (!finished_)
                task();
        });
    }

    // Returns the simulated time between two readings of the real time.
    duration slice() const noexcept {
        constexpr std::int64_t checks_of_all = 10'000;
        const auto each = static_cast<std::int64_t>(targets_.size());
        return std::min<duration>(plan_.clients.front().settings.interval, std::chrono::hours{1}) *
               (checks_of_all / each + 1);
    }

    // Returns false if the rest of the simulation is not needed.
    bool pass(duration span) {
        world_.run_for(span);
        if (listener_.stop_at_violation && violation())
            return false;
        if (!listener_.passed)
            return true;
        std::uint64_t checks = 0;
        for (target& each : targets_)
            checks += each.client().checks();
        return listener_.passed(world_.now(), checks);
    }

    simulation_outcome finish() {
        finished_ = true;
        simulation_outcome result{.digest = world_.trace().digest()};
        for (target& each : targets_) {
            each.finish();
            each.add_to(result);
        }
        return result;
    }

    // When everything is healed, each client must notice that within its bound.
    void settle() {
        duration bound{};
        for (const sim::planned_client& each : plan_.clients)
            bound = std::max(
                bound, sim::recovery_bound(each.settings, backoff_, sim::check_time_max(each)));
        world_.heal();
        const duration end = sim::saturating_sum(
            world_.now(), sim::saturating_sum(sim::settling_time(plan_.faults), bound));
        while (world_.now() < end) {
            if (!pass(std::min(slice(), end - world_.now())))
                return;
        }
        for (target& each : targets_)
            each.watcher().settle();
    }

    // Returns the first violation.
    std::optional<sim::violation> violation() const {
        std::optional<sim::violation> first;
        for (const target& each : targets_) {
            const auto found = each.watcher().found();
            if (found && (!first || found->at < first->at))
                first = found;
        }
        return first;
    }

    backoff_type backoff_;
    simulation_listener listener_;
    sim::plan plan_;
    std::deque<target> targets_;             // The clients report to them until the end.
    std::vector<const sim::fault*> to_tell_; // of the plan, in the order in which they begin
    std::size_t next_fault_ = 0;
    bool finished_ = false;
    world_type world_;
};

/// Runs a plan.
template <typename Policies>
[[nodiscard]] simulation_outcome simulate(const sim::plan& plan,
                                          const typename Policies::backoff& backoff,
                                          simulation_listener listener = {}) {
    return simulation<Policies>{plan, backoff, std::move(listener)}.run();
}

} // namespace forest::cli

#endif
