// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_PLAN_HPP
#define FOREST_SIM_PLAN_HPP

#include <forest/core/options.hpp>
#include <forest/core/random.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/fault.hpp>
#include <forest/sim/latency.hpp>
#include <forest/sim/monitor.hpp>
#include <forest/sim/trace.hpp>
#include <forest/sim/world.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// One simulation as a value: who is there, what goes wrong, and for how long. So it can be drawn,
// run again, shortened, and written down as a test.

namespace forest::sim {

/// A client of a plan.
struct planned_client {
    std::uint16_t server = 0; ///< which of the servers it watches
    options chosen{};
    latency usual = constant(std::chrono::milliseconds{1});
};

/// A simulation. Servers are called `server0`, `server1`, …, and clients likewise.
struct plan {
    std::uint64_t seed = 0; ///< of the world
    std::uint16_t servers = 1;
    std::vector<planned_client> clients{planned_client{}};
    script faults{};
    duration length = std::chrono::hours{1};
};

/// How a plan went.
struct outcome {
    std::optional<violation> broken{}; ///< the first rule that was broken
    std::uint64_t digest = 0;          ///< of the trace
    std::uint64_t checks = 0;          ///< of all clients
    std::uint64_t outages = 0;         ///< that were told
    duration simulated{};
};

/// In how long every client has to have noticed that all is well: the check under way, the longest
/// delay before the next, and as many successes as end an outage.
template <typename Backoff>
[[nodiscard]] duration recovery_bound(const options& chosen, const Backoff& backoff) {
    duration longest = chosen.interval;
    for (int failures = 1; failures <= 64; ++failures)
        longest = std::max<duration>(longest, backoff(failures, chosen.interval));
    // A jitter lengthens each by up to half; a wake-up may find the process late once.
    return (chosen.success_threshold + 2) * (longest + longest / 2 + 2 * chosen.timeout) +
           chosen.stall_tolerance;
}

/// Runs plans in worlds of those policies, with a monitor for each client, and, after all that goes
/// wrong, a time in which nothing does. The same plan has the same outcome, always.
template <typename Policies = world_policies>
class plan_runner {
public:
    using world_type = basic_world<Policies>;

    [[nodiscard]] outcome run(const plan& what, trace lines = trace{}) const {
        std::vector<std::unique_ptr<monitor>> monitors; // The clients tell to them until the end.
        world_type all{what.seed, std::move(lines)};
        duration bound{};
        for (std::uint16_t index = 0; index < what.servers; ++index)
            all.add_server("server" + std::to_string(index));
        for (const planned_client& each : what.clients) {
            auto& server = *all.servers().at(each.server);
            auto& client = all.prepare_client(
                server, each.chosen,
                {.name = "client" + std::to_string(monitors.size()), .usual = each.usual});
            monitors.push_back(watch(all, client, each.chosen));
            client.client().start();
            bound = std::max(bound, recovery_bound(each.chosen, typename Policies::backoff{}));
        }
        all.play(what.faults);
        all.run_for(what.length);
        all.heal();
        // Machines that stand still, and messages that are very late, come first.
        all.run_for(settling(what) + bound);
        for (std::size_t index = 0; index < monitors.size(); ++index)
            monitors[index]->settle(all.clients()[index]->status());
        return result_of(all, monitors);
    }

private:
    using client_type = typename world_type::client_type;

    static std::unique_ptr<monitor> watch(world_type& in, client_type& client,
                                          const options& chosen) {
        process& server = client.server();
        monitor_view view{.local_now = [&client] { return client.machine().steady_now(); },
                          .now = [&in] { return in.now(); },
                          .sound =
                              [&client, &server, chosen] {
                                  return client.machine().running() && server.sound() &&
                                         client.way().sound() &&
                                         client.way().round_trip_max() < chosen.timeout;
                              },
                          .clocks_agree =
                              [&client, &server] {
                                  constexpr std::chrono::seconds close{290};
                                  const auto apart =
                                      client.machine().now() - server.machine().now();
                                  const auto jumps =
                                      client.machine().wall_range() + server.machine().wall_range();
                                  return -close + jumps < apart && apart < close - jumps;
                              },
                          .changes = [&in] { return in.disturbances(); },
                          .machine_changes = [&client] { return client.machine().disturbances(); },
                          .exact = [&client] { return client.machine().timers_exact(); }};
        auto made = std::make_unique<monitor>(client.name(), chosen, typename Policies::backoff{},
                                              std::move(view));
        client.also_tell(
            [watching = made.get()](const event& happened) { watching->told(happened); });
        client.also_call([watching = made.get()](bool down) {
            down ? watching->called_down() : watching->called_up();
        });
        client.on_quit([watching = made.get()] { watching->stopped(); });
        client.on_send([watching = made.get()](int in_flight) { watching->sent(in_flight); });
        return made;
    }

    // Until nothing of what was planned is left: pauses go on after the healing, and so do
    // messages.
    static duration settling(const plan& what) {
        duration longest = std::chrono::seconds{1};
        for (const fault& each : what.faults)
            longest = std::max(longest, each.span);
        return std::min(longest, latency::maximum);
    }

    static outcome result_of(const world_type& in,
                             const std::vector<std::unique_ptr<monitor>>& monitors) {
        outcome result{.digest = in.trace().digest(), .simulated = in.now()};
        for (const auto& each : monitors) {
            const auto& found = each->found();
            if (found && (!result.broken || found->at < result.broken->at))
                result.broken = found;
        }
        for (const auto& each : in.clients()) {
            result.checks += each->checks();
            result.outages += each->downs();
        }
        return result;
    }
};

} // namespace forest::sim

#endif
