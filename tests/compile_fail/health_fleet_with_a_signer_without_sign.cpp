// SPDX-License-Identifier: BSL-1.0
// expect: signer\.sign\(get, moment, fields\)
#include <archetypes/backoff.hpp>
#include <archetypes/clock.hpp>
#include <archetypes/transport.hpp>
#include <forest/health_fleet.hpp>

struct illiterate_signer {
#ifdef FOREST_COMPILE_OK
    void sign(const forest::request&, forest::wall_time, forest::header_fields&) {}
#endif
};

using fleet =
    forest::basic_health_fleet<forest::tests::transport_archetype, forest::tests::clock_archetype,
                               illiterate_signer, forest::tests::backoff_archetype>;

constexpr auto size = sizeof(fleet);
