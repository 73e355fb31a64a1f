// SPDX-License-Identifier: BSL-1.0

// Worlds drawn from seeds find faults that no author of a test has thought of: here an application
// stays with a warehouse that is down. The seed gives the same world again, and shrinking makes a
// test of it. Needs the standard library only.

#include <forest/core/event.hpp>
#include <forest/core/outage.hpp>
#include <forest/sim/script/fault.hpp>
#include <forest/sim/search/draw.hpp>
#include <forest/sim/search/plan.hpp>
#include <forest/sim/search/shrink.hpp>
#include <forest/sim/world/world.hpp>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>

using namespace std::chrono_literals;

// Uses one of two warehouses. A hasty router does not switch when the other warehouse recovers.
class router {
public:
    explicit router(bool hasty) : hasty_{hasty} {}

    template <typename Client>
    void follow(Client& warehouse, int number) {
        warehouse.on_server_down([this, number](const forest::outage&) {
            down_[number] = true;
            if (current_ == number)
                current_ = 1 - number;
        });
        warehouse.on_server_up([this, number](const forest::outage&) {
            down_[number] = false;
            if (!hasty_ && down_[current_])
                current_ = number;
        });
    }

    [[nodiscard]] int current() const noexcept { return current_; }

private:
    bool hasty_;
    bool down_[2] = {false, false};
    int current_ = 0;
};

// Whether the application ever uses a warehouse that is known to be down while the other one is up.
bool uses_the_wrong_one(bool hasty, const forest::sim::plan& plan) {
    forest::sim::world world{plan.seed};
    auto& east = world.add_client(world.add_server("east"));
    auto& west = world.add_client(world.add_server("west"));
    router used{hasty};
    used.follow(east.client(), 0);
    used.follow(west.client(), 1);
    world.play(plan.faults);
    while (world.now() < plan.length) {
        world.run_for(1s);
        const auto& current = used.current() == 0 ? east : west;
        const auto& other = used.current() == 0 ? west : east;
        if (current.status() == forest::target_status::down &&
            other.status() == forest::target_status::up)
            return true;
    }
    return false;
}

std::optional<std::uint64_t> first_bad_seed(bool hasty, std::uint64_t seeds) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        if (uses_the_wrong_one(hasty,
                               forest::sim::draw(seed, {.servers_max = 2, .clients_max = 2})))
            return seed;
    }
    return std::nullopt;
}

int main() {
    const auto seed = first_bad_seed(true, 200);
    if (!seed)
        return EXIT_FAILURE;
    const auto drawn = forest::sim::draw(*seed, {.servers_max = 2, .clients_max = 2});
    const auto shrunk = forest::sim::shrink(
        drawn, [](const auto& candidate) { return uses_the_wrong_one(true, candidate); });
    std::cout << "seed " << *seed << " breaks it with " << drawn.faults.size()
              << " faults; these are enough, in a world of seed " << shrunk.seed << ":\n";
    for (const forest::sim::fault& each : shrunk.faults)
        std::cout << to_code(each, {"east", "west"}, {"to_east", "to_west"}) << '\n';
    return shrunk.faults.size() <= 3 && !first_bad_seed(false, 200) ? EXIT_SUCCESS : EXIT_FAILURE;
}
