// SPDX-License-Identifier: BSL-1.0
// first: each observer of a tee must
#include <forest/forest.hpp>

#include <asio/io_context.hpp>

#include <chrono>

using namespace std::chrono_literals;

struct fragile {
    void on_event(const forest::event&) {}
};

void watch(forest::health_client& client) {
#ifdef FOREST_COMPILE_OK
    client.on_event(forest::tee{forest::log_observer{}, forest::null_observer{}});
#else
    client.on_event(forest::tee{forest::log_observer{}, fragile{}});
#endif
}
