// SPDX-License-Identifier: BSL-1.0
// What a user reads who lets the client deduce a transport that cannot be cancelled.
// expect: transport\.cancel\(\)
#include <forest/health_client.hpp>
#include <forest/sim/time/virtual_clock.hpp>

struct endless_transport {
    template <typename Handler>
    void async_get(const forest::request&, forest::duration, Handler) {}
#ifdef FOREST_COMPILE_OK
    void cancel() {}
#endif
};

void watch(forest::sim::event_queue& queue) {
    forest::basic_health_client client{endless_transport{}, forest::sim::virtual_clock{queue},
                                       forest::unsigned_requests{}, forest::exponential_backoff{},
                                       "http://localhost/forest/health"};
    client.start();
}
