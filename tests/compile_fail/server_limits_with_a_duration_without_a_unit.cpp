// SPDX-License-Identifier: BSL-1.0
// first: name .idle_timeout. used|no matching constructor
// first: a duration needs a unit|MisspeltOrWithoutUnit
#include <forest/forest.hpp>

#include <asio/io_context.hpp>

#include <chrono>

using namespace std::chrono_literals;

void watch(asio::io_context& io) {
#ifdef FOREST_COMPILE_OK
    const forest::asio_server server{io, {.idle_timeout = 10s}};
#else
    const forest::asio_server server{io, {.idle_timeout = 10}};
#endif
}
