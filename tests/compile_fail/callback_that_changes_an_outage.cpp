// SPDX-License-Identifier: BSL-1.0
// first: unique_function<void ?\(const (forest::)?outage ?&\)>
#include <forest/forest.hpp>

#include <asio/io_context.hpp>

#include <chrono>

using namespace std::chrono_literals;

void watch(forest::health_client& client) {
#ifdef FOREST_COMPILE_OK
    client.on_server_down([](const forest::outage&) {});
#else
    client.on_server_down([](forest::outage&) {});
#endif
}
