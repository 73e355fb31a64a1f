// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/curl/curl_connections.hpp>
#include <forest/adapters/curl/curl_transport.hpp>
#include <forest/core/target_id.hpp>
#include <forest/forest.hpp>

#include <asio/io_context.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>

// A fleet and a client whose checks are made by libcurl.

using namespace forest;
using namespace std::chrono_literals;

namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(curl_fleet_test)

BOOST_DATA_TEST_CASE(a_fleet_of_200_targets_shares_its_connections, data::make({false, true}),
                     reuse) {
    constexpr std::string_view secret = "my-secret";
    constexpr std::size_t count = 200;
    asio::io_context io;
    asio_server server{io.get_executor()};
    health_route route{server, hmac_sha256_verifier{secret}};
    BOOST_REQUIRE(!server.listen("127.0.0.1", 0));

    const asio_clock clock{io.get_executor()};
    const curl_connections connections{clock, {.reuse_connections = reuse}};
    basic_health_fleet fleet{[&] { return curl_transport{connections}; }, clock,
                             hmac_sha256_signer{secret}, exponential_backoff{}};
    std::size_t opened = 0;
    std::size_t checks = 0;
    std::set<target_id> checked;
    fleet.on_event([&](const event& happened) {
        BOOST_TEST((happened.kind != event_kind::check_failed));
        if (happened.kind != event_kind::check_succeeded)
            return;
        ++checks;
        opened += happened.check->timings.connect ? 1 : 0;
        checked.insert(happened.id);
        if (checked.size() == count && checks >= 3 * count) {
            fleet.stop();
            server.stop();
        }
    });
    for (std::size_t index = 0; index < count; ++index)
        fleet.add(url{server.endpoints().front() + route.path() + "?" + std::to_string(index)},
                  {.interval = 200ms, .timeout = 10s});
    fleet.start();
    io.run_for(60s);
    BOOST_TEST(checked.size() == count);
    BOOST_TEST(checks >= 3 * count);
    if (reuse)
        BOOST_TEST(opened <= count);
    else
        BOOST_TEST(opened == checks);
}

BOOST_AUTO_TEST_CASE(a_client_is_made_from_an_executor_and_a_secret) {
    constexpr std::string_view secret = "my-secret";
    asio::io_context io;
    asio_server server{io.get_executor()};
    health_route route{server, hmac_sha256_verifier{secret}};
    BOOST_REQUIRE(!server.listen("127.0.0.1", 0));
    basic_health_client<curl_transport, asio_clock, hmac_sha256_signer, exponential_backoff> client{
        io.get_executor(), url{server.endpoints().front() + route.path()}, secret};
    bool healthy = false;
    client.on_event([&](const event& happened) {
        healthy = healthy || happened.kind == event_kind::check_succeeded;
        if (happened.kind == event_kind::check_succeeded) {
            client.stop();
            server.stop();
        }
    });
    client.start();
    io.run_for(30s);
    BOOST_TEST(healthy);
}

BOOST_AUTO_TEST_SUITE_END()
