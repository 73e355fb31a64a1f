// SPDX-License-Identifier: BSL-1.0
// first: on_event takes a function void
#include <forest/forest.hpp>

#include <asio/io_context.hpp>

#include <chrono>

using namespace std::chrono_literals;

void watch(forest::health_client& client) {
#ifdef FOREST_COMPILE_OK
    client.on_event([](const forest::event&) {});
#else
    client.on_event([](int) {});
#endif
}
