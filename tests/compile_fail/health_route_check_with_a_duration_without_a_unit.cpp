// SPDX-License-Identifier: BSL-1.0
// first: a duration needs a unit|MisspeltOrWithoutUnit|from .int. to .*duration
#include <forest/health_route.hpp>
#include <forest/sim/network/memory_server.hpp>

void mount(forest::sim::memory_server& server) {
    forest::basic_health_route route{server, forest::accept_unsigned};
    const auto check = [](const forest::check_report& report) { report(true); };
#ifdef FOREST_COMPILE_OK
    route.add_check("db", check, {.cache_for = std::chrono::seconds{60}});
#else
    route.add_check("db", check, {.cache_for = 60});
#endif
}
