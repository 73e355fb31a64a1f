// SPDX-License-Identifier: BSL-1.0
// first: an observer's on_event\(const forest::event&\) must be noexcept
#include <archetypes/backoff.hpp>
#include <archetypes/clock.hpp>
#include <archetypes/signer.hpp>
#include <archetypes/transport.hpp>
#include <forest/health_client.hpp>

#ifdef FOREST_COMPILE_OK
constexpr bool quiet = true;
#else
constexpr bool quiet = false;
#endif

struct fragile_observer {
    void on_event(const forest::event&) noexcept(quiet) {}
};

using namespace forest::tests;
using client = forest::basic_health_client<transport_archetype, clock_archetype, signer_archetype,
                                           backoff_archetype>;

void watch(client& watched) {
    watched.on_event(fragile_observer{});
}
