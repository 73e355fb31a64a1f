// SPDX-License-Identifier: BSL-1.0
// first: name .intervall. used|no matching constructor
// first: is not in the order|MisspeltOrWithoutUnit|options_of_wrong_types
#include <forest/forest.hpp>

#include <asio/io_context.hpp>

#include <chrono>

using namespace std::chrono_literals;

void watch(asio::io_context& io) {
#ifdef FOREST_COMPILE_OK
    const forest::health_client client{io, "http://localhost/", "secret", {.interval = 10s}};
#else
    const forest::health_client client{io, "http://localhost/", "secret", {.intervall = 10s}};
#endif
}
