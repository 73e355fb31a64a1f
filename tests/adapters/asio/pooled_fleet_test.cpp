// SPDX-License-Identifier: BSL-1.0

#include <forest/forest.hpp>

#include <boost/test/unit_test.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <system_error>

// A fleet over real sockets whose parts are put together by hand, as docs/how-to shows it.

BOOST_AUTO_TEST_SUITE(pooled_fleet_test)

using namespace std::chrono_literals;

BOOST_AUTO_TEST_CASE(a_fleet_of_a_pool_that_keeps_connections_opens_one_for_each_target) {
    constexpr std::string_view secret = "my-secret";
    asio::io_context io;
    forest::asio_server server{io.get_executor()};
    forest::health_route route{server, forest::hmac_sha256_verifier{secret}};
    BOOST_REQUIRE(!server.listen("127.0.0.1", 0));

    const forest::asio_clock clock{io.get_executor()};
    forest::asio_connection_pool pool{clock, {.reuse_connections = true}};
    forest::basic_health_fleet fleet{[&pool] { return forest::pooled_transport{pool}; }, clock,
                                     forest::hmac_sha256_signer{secret},
                                     forest::exponential_backoff{}};

    int checks = 0;
    int opened = 0;
    fleet.on_event([&](const forest::event& happened) {
        if (happened.kind == forest::event_kind::check_started)
            return;
        BOOST_TEST((happened.kind != forest::event_kind::check_failed));
        if (happened.kind != forest::event_kind::check_succeeded)
            return;
        opened += happened.check->timings.connect ? 1 : 0;
        if (++checks == 6) {
            fleet.stop();
            server.stop();
        }
    });
    fleet.add(forest::url{server.endpoints().front() + route.path()}, {.interval = 20ms});
    fleet.start();
    io.run_for(30s);
    BOOST_TEST(checks == 6);
    BOOST_TEST(opened == 1);
}

BOOST_AUTO_TEST_SUITE_END()
