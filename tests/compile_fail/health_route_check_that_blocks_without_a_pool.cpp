// SPDX-License-Identifier: BSL-1.0
// first: a check takes a check_report; one that blocks and returns its result needs a pool
#include <forest/health_route.hpp>
#include <forest/sim/network/memory_server.hpp>

void mount(forest::sim::memory_server& server) {
    forest::basic_health_route route{server, forest::accept_unsigned};
#ifdef FOREST_COMPILE_OK
    route.add_check("db", [](const forest::check_report& report) { report(true); });
#else
    route.add_check("db", [] { return true; });
#endif
}
