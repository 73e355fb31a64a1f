// SPDX-License-Identifier: BSL-1.0
// first: name .dead_line. used|to .(const )?check_options.
// first: is misspelt|MisspeltOrWithoutUnit
#include <forest/health_route.hpp>
#include <forest/sim/network/memory_server.hpp>

void mount(forest::sim::memory_server& server) {
    forest::basic_health_route route{server, forest::accept_unsigned};
    const auto check = [](const forest::check_report& report) { report(true); };
#ifdef FOREST_COMPILE_OK
    route.add_check("db", check, {.deadline = std::chrono::seconds{1}});
#else
    route.add_check("db", check, {.dead_line = std::chrono::seconds{1}});
#endif
}
