// SPDX-License-Identifier: BSL-1.0
// first: name .interval. used|\.interval = 10
// first: a duration needs a unit|no viable conversion from 'int' to 'duration'
#include <forest/forest.hpp>

#include <asio/io_context.hpp>

#include <chrono>

using namespace std::chrono_literals;

void watch(forest::health_fleet& fleet) {
#ifdef FOREST_COMPILE_OK
    fleet.add("http://localhost/", {.interval = 10s});
#else
    fleet.add("http://localhost/", {.interval = 10});
#endif
}
