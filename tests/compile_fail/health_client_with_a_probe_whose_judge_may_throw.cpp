// SPDX-License-Identifier: BSL-1.0
// expect: a probe has void prepare\(forest::request&\) const
#include <archetypes/backoff.hpp>
#include <archetypes/clock.hpp>
#include <archetypes/signer.hpp>
#include <archetypes/transport.hpp>
#include <forest/health_client.hpp>

#ifdef FOREST_COMPILE_OK
#define FOREST_TEST_NOEXCEPT noexcept
#else
#define FOREST_TEST_NOEXCEPT
#endif

struct careless_probe {
    void prepare(forest::request&) const {}
    forest::verdict judge(const forest::reply&, forest::wall_time) const FOREST_TEST_NOEXCEPT {
        return {};
    }
};

using client =
    forest::basic_health_client<forest::tests::transport_archetype, forest::tests::clock_archetype,
                                forest::tests::signer_archetype, forest::tests::backoff_archetype,
                                careless_probe>;

constexpr auto size = sizeof(client);
