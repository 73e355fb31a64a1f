// SPDX-License-Identifier: BSL-1.0
// first: std::move\(observer\), or keep it with
#include <forest/forest.hpp>

#include <asio/io_context.hpp>

#include <chrono>

using namespace std::chrono_literals;

struct observer {
    void on_event(const forest::event&) noexcept {}
};
observer given;

void watch(forest::health_client& client) {
#ifdef FOREST_COMPILE_OK
    client.on_event(std::ref(given));
#else
    client.on_event(given);
#endif
}
