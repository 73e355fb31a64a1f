// SPDX-License-Identifier: BSL-1.0
// first: is its name or its parameter misspelt
#include <forest/forest.hpp>

#include <asio/io_context.hpp>

#include <chrono>

using namespace std::chrono_literals;

struct observer {
    void on_event(const forest::event&) noexcept {}
};
struct misspelt {
    void on_evnt(const forest::event&) noexcept {}
};

void watch(forest::health_client& client) {
#ifdef FOREST_COMPILE_OK
    client.on_event(observer{});
#else
    client.on_event(misspelt{});
#endif
}
