// SPDX-License-Identifier: BSL-1.0
// What a user reads who lets the datasource deduce a transport that cannot be cancelled.
// expect: transport\.cancel\(\)
#include <forest/datasource.hpp>
#include <forest/sim/time/virtual_clock.hpp>

struct endless_transport {
    template <typename Handler>
    void async_get(const forest::request&, forest::duration, Handler) {}
#ifdef FOREST_COMPILE_OK
    void cancel() {}
#endif
};

void follow(forest::sim::event_queue& queue) {
    forest::basic_datasource datasource{endless_transport{},
                                        endless_transport{},
                                        forest::sim::virtual_clock{queue},
                                        forest::unsigned_requests{},
                                        forest::exponential_backoff{},
                                        forest::datasource_options{.uri = "http://localhost"}};
    datasource.start();
}
