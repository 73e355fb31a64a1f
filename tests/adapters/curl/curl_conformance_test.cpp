// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/curl/curl_connections.hpp>
#include <forest/adapters/curl/curl_transport.hpp>
#include <forest/adapters/posix/socket_harness.hpp>
#include <forest/sim/conformance/conformance.hpp>

#include <adapters/support/on_asio.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <optional>

// curl_transport, held to its promises over real sockets.

namespace {

namespace data = boost::unit_test::data;
namespace conformance = forest::sim::conformance;

struct curl_transports : forest::test::on_asio<conformance::transport_over_sockets> {
    forest::asio_clock clock{context};
    forest::curl_options options;
    std::optional<forest::curl_connections> connections;

    forest::curl_transport make() {
        if (!connections)
            connections.emplace(clock, options);
        return forest::curl_transport{*connections};
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(curl_conformance_test)

BOOST_DATA_TEST_CASE(curl_transport_conforms_with_and_without_kept_connections,
                     data::make({false, true}) * data::make({0, 2}), reuse, threads) {
    curl_transports transports;
    transports.options.reuse_connections = reuse;
    transports.further_threads = static_cast<std::size_t>(threads);
    forest::test::expect_none(conformance::check_transport(transports));
}

BOOST_AUTO_TEST_SUITE_END()
