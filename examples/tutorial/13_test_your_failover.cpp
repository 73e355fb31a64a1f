// SPDX-License-Identifier: BSL-1.0

// Tests what an application does in an outage. The class of the application does not depend on the
// test, and follows a real client in a simulated world. Needs the standard library only.

#include <forest/core/detection.hpp>
#include <forest/core/outage.hpp>
#include <forest/sim/world/world.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <utility>

using namespace std::chrono_literals;

// The class to be tested. It keeps orders back while the warehouse is down.
class order_desk {
public:
    explicit order_desk(std::function<void(int)> send) : send_{std::move(send)} {}

    template <typename Client>
    void follow(Client& warehouse) {
        warehouse.on_server_down([this](const forest::outage&) { open_ = false; });
        warehouse.on_server_up([this](const forest::outage&) {
            open_ = true;
            send_(std::exchange(waiting_, 0));
        });
    }

    void order() {
        if (open_)
            send_(1);
        else
            ++waiting_;
    }

    [[nodiscard]] int waiting() const noexcept { return waiting_; }

private:
    std::function<void(int)> send_;
    int waiting_ = 0;
    bool open_ = true;
};

using world_of_test = forest::sim::world;
using script = std::function<void(world_of_test&, forest::sim::server_process& warehouse,
                                  world_of_test::client_type&)>;

// Sends an order a second for an hour, and returns how many of them are lost.
int lost_orders(const script& faults) {
    world_of_test world;
    auto& warehouse = world.add_server("warehouse");
    auto& client = world.add_client(warehouse, {.interval = 30s});
    int arrived = 0;
    int lost = 0;
    order_desk desk{[&](int orders) {
        const bool away = warehouse.crashed() || !client.link().sound();
        (away ? lost : arrived) += orders;
    }};
    desk.follow(client.client());
    faults(world, warehouse, client);
    for (int second = 0; second < 3600; ++second) {
        world.run_for(1s);
        desk.order();
    }
    return desk.waiting() == 0 && arrived + lost == 3600 ? lost : -1;
}

int main() {
    const int in_a_crash = lost_orders(
        [](auto& world, auto& warehouse, auto&) { world.between(601s, 1200s).crash(warehouse); });
    const int in_a_black_hole = lost_orders(
        [](auto& world, auto&, auto& client) { world.between(601s, 1200s).black_hole(client); });
    const int in_a_stop = lost_orders([](auto& world, auto& warehouse, auto&) {
        world.between(601s, 1200s).stop(warehouse, 40s); // The process ends 40 s later.
    });
    std::printf("lost orders: %d in a crash, %d in a black hole, %d when announced\n", in_a_crash,
                in_a_black_hole, in_a_stop);

    constexpr forest::detection_bound bound = forest::worst_case_detection({.interval = 30s});
    const bool as_promised = in_a_crash > 0 && in_a_crash <= bound.refused / 1s &&
                             in_a_black_hole > 0 && in_a_black_hole <= bound.black_holed / 1s &&
                             in_a_stop == 0;
    return as_promised ? EXIT_SUCCESS : EXIT_FAILURE;
}
