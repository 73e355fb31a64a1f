// SPDX-License-Identifier: BSL-1.0
// expect: transport\.cancel\(\)
#include <archetypes/backoff.hpp>
#include <archetypes/clock.hpp>
#include <archetypes/signer.hpp>
#include <forest/health_client.hpp>

struct endless_transport {
    template <typename Handler>
    void async_get(const forest::request&, forest::duration, Handler) {}
#ifdef FOREST_COMPILE_OK
    void cancel() {}
#endif
};

using client =
    forest::basic_health_client<endless_transport, forest::tests::clock_archetype,
                                forest::tests::signer_archetype, forest::tests::backoff_archetype>;

constexpr auto size = sizeof(client);
