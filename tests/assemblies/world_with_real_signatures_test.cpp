// SPDX-License-Identifier: BSL-1.0

// A world whose signatures are those of production.

#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/adapters/openssl/hmac_sha256_verifier.hpp>
#include <forest/sim/world/world.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>

using namespace std::chrono_literals;
using namespace forest;

namespace {

struct real_signatures : sim::world_policies {
    using signer = hmac_sha256_signer;
    using verifier = hmac_sha256_verifier;
};

} // namespace

BOOST_AUTO_TEST_SUITE(world_with_real_signatures_test)

BOOST_AUTO_TEST_CASE(the_real_signer_and_verifier_can_be_plugged_in) {
    sim::basic_world<real_signatures> world{1};
    auto& warehouse = world.add_server("warehouse");
    auto& client = world.add_client(warehouse);
    auto& master = world.add_datasource(warehouse);
    world.at(1h).step_wall(client, 10min);
    world.at(2h).step_wall(client, -10min);
    world.run_for(24h);
    BOOST_TEST(client.downs() == 1U);
    BOOST_TEST((client.last_outage()->last_error == errc::unauthorized));
    BOOST_TEST(client.ups() == 1U);
    BOOST_TEST(master.downs() == 0U);
    BOOST_TEST((master.client().source() == schema_source::server));
}

BOOST_AUTO_TEST_SUITE_END()
