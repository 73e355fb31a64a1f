// SPDX-License-Identifier: BSL-1.0
// expect: this probe sends another method than GET, and this transport cannot
#include <archetypes/backoff.hpp>
#include <archetypes/clock.hpp>
#include <archetypes/signer.hpp>
#include <archetypes/transport.hpp>
#include <forest/health_fleet.hpp>
#include <forest/probes.hpp>

#ifdef FOREST_COMPILE_OK
using chosen = forest::probes::basic_status<false>;
#else
using chosen = forest::probes::basic_status<true>;
#endif

using fleet =
    forest::basic_health_fleet<forest::tests::transport_archetype, forest::tests::clock_archetype,
                               forest::tests::signer_archetype, forest::tests::backoff_archetype,
                               chosen>;

constexpr auto size = sizeof(fleet);
