// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_SIM_SEARCH_PASTED_HPP
#define FOREST_TESTS_SIM_SEARCH_PASTED_HPP

#include <sim/search/broken_clients.hpp>

#include <forest/core/event.hpp>
#include <forest/sim/search/plan.hpp>
#include <forest/sim/trace/violation.hpp>
#include <forest/sim/world/world.hpp>

#include <optional>

// What the printed tests use: clients with a bug, and scenarios that a test defines.

struct calling_twice_worlds : broken::with_client<broken::calling_twice> {};

/// Broken if both servers are down at the same time.
inline std::optional<forest::sim::violation> no_two_down(const forest::sim::plan& plan) {
    forest::sim::world world{plan.seed};
    auto& east = world.add_client(world.add_server("east"));
    auto& west = world.add_client(world.add_server("west"));
    world.play(plan.faults);
    const auto both_down = [&] {
        return east.status() == forest::target_status::down &&
               west.status() == forest::target_status::down;
    };
    if (!world.run_until(both_down, plan.length))
        return std::nullopt;
    return forest::sim::violation{"one is up", "both are down", world.now()};
}

/// Broken if its only server is down.
struct never_down {
    std::optional<forest::sim::violation> operator()(const forest::sim::plan& plan) const {
        forest::sim::world world{plan.seed};
        auto& client = world.add_client(world.add_server("warehouse"));
        world.play(plan.faults);
        if (!world.run_until([&] { return client.downs() > 0; }, plan.length))
            return std::nullopt;
        return forest::sim::violation{"never down", "it was down", world.now(), client.name()};
    }
};

#endif
