// SPDX-License-Identifier: BSL-1.0
// first: name .url. used|no matching function
// first: is misspelt|MisspeltOrWithoutUnit
#include <forest/forest.hpp>

#include <asio/io_context.hpp>

#include <chrono>

using namespace std::chrono_literals;

void watch(asio::io_context& io) {
#ifdef FOREST_COMPILE_OK
    (void)forest::datasource::build(io, {.uri = "http://localhost"});
#else
    (void)forest::datasource::build(io, {.url = "http://localhost"});
#endif
}
