// SPDX-License-Identifier: BSL-1.0

// Simulates an hour with one outage in a few milliseconds, with the same result in every run: the
// network is a script, and the time is a list of events.

#include <forest/core/backoff.hpp>
#include <forest/core/error.hpp>
#include <forest/core/outage.hpp>
#include <forest/health_client.hpp>
#include <forest/policy/signer.hpp>
#include <forest/sim/network/scripted_transport.hpp>
#include <forest/sim/time/event_queue.hpp>
#include <forest/sim/time/virtual_clock.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>

using namespace std::chrono_literals;

int main() {
    forest::sim::event_queue queue;
    forest::sim::scripted_transport network{queue};
    network.then(forest::sim::healthy())
        .then(forest::sim::failing(forest::errc::connection_refused), 3)
        .then(forest::sim::silent(), 10);

    forest::basic_health_client client{network, forest::sim::virtual_clock{queue},
                                       forest::unsigned_requests{}, forest::exponential_backoff{},
                                       "http://warehouse.example/forest/health"};
    int downs = 0;
    int ups = 0;
    forest::steady_time down_at{};
    client.on_server_down([&](const forest::outage& begun) {
        ++downs;
        down_at = queue.now();
        std::cout << "down after " << begun.failures << " failures\n";
    });
    client.on_server_up([&](const forest::outage&) { ++ups; });

    client.start();
    queue.run_for(1h);

    // Healthy at 0 s, refused at 30, 32 and 36 s, as worst_case_detection says.
    const bool as_promised =
        downs == 1 && ups == 1 && down_at == forest::steady_time{36s} && !client.stopped();
    return as_promised ? EXIT_SUCCESS : EXIT_FAILURE;
}
