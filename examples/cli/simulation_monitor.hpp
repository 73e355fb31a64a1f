// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_CLI_SIMULATION_MONITOR_HPP
#define FOREST_EXAMPLES_CLI_SIMULATION_MONITOR_HPP

#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/monitor.hpp>

#include <chrono>

// What a monitor in a world of `simulate` sees.

namespace forest::cli {

/// The world and the client must outlive the view.
template <typename World>
[[nodiscard]] sim::monitor_view
monitor_view_of(const World& world, typename World::client_type& client, const options& chosen) {
    auto& server = client.server();
    sim::monitor_view view;
    view.local_now = [&client] { return client.machine().steady_now(); };
    view.now = [&world] { return world.now(); };
    view.sound = [&client, &server, timeout = chosen.timeout] {
        return client.machine().running() && server.sound() && client.way().sound() &&
               client.way().round_trip_max() < timeout;
    };
    view.clocks_agree = [&client, &server] {
        constexpr std::chrono::seconds close{290};
        const auto apart = client.machine().now() - server.machine().now();
        const auto jumps = client.machine().wall_range() + server.machine().wall_range();
        return -close + jumps < apart && apart < close - jumps;
    };
    view.changes = [&world] { return world.disturbances(); };
    view.machine_changes = [&client] { return client.machine().disturbances(); };
    view.exact = [&client] { return client.machine().timers_exact(); };
    return view;
}

} // namespace forest::cli

#endif
