// SPDX-License-Identifier: BSL-1.0
// first: name .paht. used|to .route_options.
// first: is misspelt|MisspeltOrWithoutUnit
#include <forest/health_route.hpp>
#include <forest/sim/network/memory_server.hpp>

void mount(forest::sim::memory_server& server) {
#ifdef FOREST_COMPILE_OK
    const forest::basic_health_route route{server, forest::accept_unsigned, {.path = "/health"}};
#else
    const forest::basic_health_route route{server, forest::accept_unsigned, {.paht = "/health"}};
#endif
}
