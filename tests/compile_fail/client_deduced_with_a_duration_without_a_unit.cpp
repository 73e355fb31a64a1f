// SPDX-License-Identifier: BSL-1.0
// first: name .interval. used|to .options.
// first: a duration needs a unit|options settings
#include <archetypes/backoff.hpp>
#include <archetypes/clock.hpp>
#include <archetypes/signer.hpp>
#include <archetypes/transport.hpp>
#include <forest/health_client.hpp>

#include <chrono>
#include <utility>

using namespace forest::tests;
using namespace std::chrono_literals;

void watch(transport_archetype& transport, clock_archetype& clock, signer_archetype& signer,
           const backoff_archetype& backoff) {
#ifdef FOREST_COMPILE_OK
    const forest::basic_health_client client{std::move(transport), std::move(clock),
                                             std::move(signer),    backoff,
                                             "http://localhost/",  {.interval = 10s}};
#else
    const forest::basic_health_client client{std::move(transport), std::move(clock),
                                             std::move(signer),    backoff,
                                             "http://localhost/",  {.interval = 10}};
#endif
}
