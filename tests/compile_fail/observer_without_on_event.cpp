// SPDX-License-Identifier: BSL-1.0
// first: on_event takes a function void
#include <archetypes/backoff.hpp>
#include <archetypes/clock.hpp>
#include <archetypes/signer.hpp>
#include <archetypes/transport.hpp>
#include <forest/health_client.hpp>

struct blind_observer {
#ifdef FOREST_COMPILE_OK
    void on_event(const forest::event&) noexcept {}
#endif
};

using namespace forest::tests;
using client = forest::basic_health_client<transport_archetype, clock_archetype, signer_archetype,
                                           backoff_archetype>;

void watch(client& watched) {
    watched.on_event(blind_observer{});
}
