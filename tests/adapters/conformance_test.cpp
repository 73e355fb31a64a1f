// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_server.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/asio/pooled_transport.hpp>
#include <forest/adapters/openssl/header_style.hpp>
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/adapters/posix/socket_harness.hpp>
#include <forest/sim/conformance/conformance.hpp>

#include <adapters/support/on_asio.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

// The models on Asio and OpenSSL, held to their promises in real time and over real sockets.

namespace {

namespace data = boost::unit_test::data;
namespace conformance = forest::sim::conformance;
using forest::test::expect_none;
using forest::test::on_asio;

struct asio_clocks : on_asio<conformance::real_time> {
    forest::asio_clock first{context};

    // Copies, because handlers of clocks made apart need not take turns.
    forest::asio_clock make() { return first; }
};

struct asio_transports : on_asio<conformance::transport_over_sockets> {
    forest::asio_clock clock{context};
    forest::transport_options options;

    forest::asio_transport make() { return forest::asio_transport{clock, options}; }
};

// All made from one pool, as those of a fleet.
struct pooled_transports : asio_transports {
    std::optional<forest::asio_connection_pool> pool;

    forest::pooled_transport make() {
        if (!pool)
            pool.emplace(clock, options);
        return forest::pooled_transport{*pool};
    }

    // One thread calls it, and no other.
    void elsewhere(const std::function<void()>& what) { what(); }
};

struct asio_servers : on_asio<conformance::server_over_sockets> {
    forest::asio_server tested{context};

    asio_servers() {
        if (const std::error_code ec = tested.listen("127.0.0.1", 0))
            throw std::system_error{ec};
        port = tested.port();
    }

    forest::asio_server& server() { return tested; }
};

} // namespace

BOOST_AUTO_TEST_SUITE(conformance_test)

BOOST_DATA_TEST_CASE(asio_clock_conforms_on_one_thread_and_on_more, data::make({0, 3}), threads) {
    asio_clocks clocks;
    clocks.further_threads = static_cast<std::size_t>(threads);
    expect_none(conformance::check_clock(clocks));
}

BOOST_DATA_TEST_CASE(asio_transport_conforms_with_and_without_kept_connections,
                     data::make({false, true}), reuse) {
    asio_transports transports;
    transports.options.reuse_connections = reuse;
    expect_none(conformance::check_transport(transports));
}

BOOST_DATA_TEST_CASE(pooled_transport_conforms_with_and_without_kept_connections,
                     data::make({false, true}), reuse) {
    pooled_transports transports;
    transports.options.reuse_connections = reuse;
    expect_none(conformance::check_transport(transports));
}

BOOST_AUTO_TEST_CASE(asio_server_conforms) {
    expect_none(conformance::check_server(asio_servers{}));
}

BOOST_AUTO_TEST_CASE(hmac_sha256_signer_conforms_with_both_styles_of_names) {
    for (const auto style : {forest::header_style::underscore, forest::header_style::dash})
        expect_none(conformance::check_signer([style](std::string_view secret) {
            return forest::hmac_sha256_signer{secret, style};
        }));
}

BOOST_AUTO_TEST_SUITE_END()
