// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_SIMULATE_WATCHED_TARGET_HPP
#define FOREST_EXAMPLES_TOOL_SIMULATE_WATCHED_TARGET_HPP

#include "simulation_outcome.hpp"
#include "timeline.hpp"

#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/rules/outage_counter.hpp>
#include <forest/sim/rules/watch.hpp>

#include <utility>
#include <vector>

// A client of a simulated world, its watcher, and its lane in the picture.

namespace forest::cli {

/// Not movable. The world must outlive it, and it must outlive the events of the client.
template <typename World>
class watched_target {
public:
    using client_type = typename World::client_type;

    /// For a client that was not started yet. `lane` may be null. Calls `listener(event)` for each
    /// event, after it was compared with the rules.
    template <typename Backoff, typename Listener>
    watched_target(World& world, client_type& client, const options& settings,
                   const Backoff& backoff, timeline_lane* lane, Listener listener)
        : world_{&world},
          client_{&client},
          lane_{lane},
          watcher_{
              sim::watch(world, client, settings, backoff,
                         {.reported =
                              [this, listener](const event& happened) {
                                  if (lane_ != nullptr)
                                      lane_->reported(world_->now(), happened);
                                  listener(happened);
                              },
                          .truth =
                              [this](duration now, bool must_fail) {
                                  if (lane_ != nullptr)
                                      lane_->truth(now, must_fail);
                              },
                          .down = [this](sim::down_meaning meaning,
                                         duration latency) { down_reported(meaning, latency); }})} {
    }

    watched_target(const watched_target&) = delete;
    watched_target& operator=(const watched_target&) = delete;

    [[nodiscard]] client_type& client() noexcept { return *client_; }
    [[nodiscard]] sim::watcher<World>& watcher() noexcept { return watcher_; }
    [[nodiscard]] const sim::watcher<World>& watcher() const noexcept { return watcher_; }

    /// Ends the lane: later events are not drawn.
    void finish() {
        watcher_.finish();
        if (timeline_lane* const lane = std::exchange(lane_, nullptr))
            lane->pass(world_->now());
    }

    /// Adds the results to `sum`. Call it after `finish`.
    void add_to(simulation_outcome& sum) const {
        sum.outages += watcher_.counts();
        sum.checks += client_->checks();
        sum.failed += client_->failures();
        sum.inconclusive += client_->inconclusive();
        sum.latencies.insert(sum.latencies.end(), latencies_.begin(), latencies_.end());
    }

private:
    void down_reported(sim::down_meaning meaning, duration latency) {
        if (meaning == sim::down_meaning::detection)
            latencies_.push_back(latency);
        if (lane_ != nullptr)
            lane_->down(world_->now(), meaning, latency);
    }

    World* world_;
    client_type* client_;
    timeline_lane* lane_;
    std::vector<duration> latencies_;
    sim::watcher<World> watcher_;
};

} // namespace forest::cli

#endif
