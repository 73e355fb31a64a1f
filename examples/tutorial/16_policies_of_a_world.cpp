// SPDX-License-Identifier: BSL-1.0

// A world with real signatures and your own backoff: a struct names the parts of a world.

#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/adapters/openssl/hmac_sha256_verifier.hpp>
#include <forest/core/detection.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/search/draw.hpp>
#include <forest/sim/search/swarm.hpp>
#include <forest/sim/world/world.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>

using namespace std::chrono_literals;

// Adds a second with each failure.
struct linear_backoff {
    constexpr forest::duration operator()(int failures, forest::duration interval) const noexcept {
        return std::min<forest::duration>(failures * 1s, interval);
    }
};

struct my_policies : forest::sim::world_policies {
    using signer = forest::hmac_sha256_signer;
    using verifier = forest::hmac_sha256_verifier;
    using backoff = linear_backoff;
};

int main() {
    forest::sim::basic_world<my_policies> world;
    auto& warehouse = world.add_server("warehouse");
    auto& client = world.add_client(warehouse);
    world.between(75s, 10min).crash(warehouse);
    const bool reported = world.run_until([&] { return client.downs() == 1; }, 1h);
    const forest::duration after = world.now() - 75s;
    std::cout << "reported after " << after / 1s << " s\n";

    // The rules hold for clients with this backoff under all faults.
    const forest::sim::swarm_report report =
        forest::sim::swarm<my_policies>({.length = 10min}, {.first = 1, .count = 50});
    if (report.failure)
        std::cout << to_string(*report.failure);

    const bool in_time = after <= forest::worst_case_detection({}, linear_backoff{}).refused;
    return reported && in_time && !report.failure ? EXIT_SUCCESS : EXIT_FAILURE;
}
