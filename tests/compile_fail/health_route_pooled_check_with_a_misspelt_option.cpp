// SPDX-License-Identifier: BSL-1.0
// first: name .dead_line. used|to .(const )?check_options.
// first: is misspelt|MisspeltOrWithoutUnit
#include <forest/health_route.hpp>
#include <forest/sim/network/memory_server.hpp>

#include <utility>

void mount(forest::sim::memory_server& server) {
    forest::basic_health_route route{server, forest::accept_unsigned};
    const auto pool = [](auto function) { std::move(function)(); };
    const auto ping = [] { return true; };
#ifdef FOREST_COMPILE_OK
    route.add_check("db", pool, ping, {.deadline = std::chrono::seconds{1}});
#else
    route.add_check("db", pool, ping, {.dead_line = std::chrono::seconds{1}});
#endif
}
