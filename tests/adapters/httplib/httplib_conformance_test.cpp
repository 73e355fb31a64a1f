// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/httplib/httplib_transport.hpp>
#include <forest/adapters/posix/socket_harness.hpp>
#include <forest/sim/conformance/conformance.hpp>

#include <adapters/support/on_asio.hpp>

#include <asio/thread_pool.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

// httplib_transport, held to its promises over real sockets.

namespace {

namespace data = boost::unit_test::data;
namespace conformance = forest::sim::conformance;

struct httplib_transports : forest::test::on_asio<conformance::transport_over_sockets> {
    asio::thread_pool pool{4};
    forest::asio_clock clock{context};

    forest::httplib_transport make() { return forest::httplib_transport{clock, pool}; }
};

} // namespace

BOOST_AUTO_TEST_SUITE(httplib_conformance_test)

// What the table of docs/reference/transport.md names: cpp-httplib reads no chunked body with
// trailers, and does not say whether a peer has closed the connection or has sent something else
// than HTTP.
BOOST_DATA_TEST_CASE(httplib_transport_conforms_but_for_what_its_table_names, data::make({0, 2}),
                     threads) {
    httplib_transports transports;
    transports.further_threads = static_cast<std::size_t>(threads);
    const std::pair<std::string_view, std::string_view> known[] = {
        {"transport.answer_lost", "in chunks"},
        {"transport.limit_too_strict", "in chunks"},
        {"transport.wrong_error", "garbage"},
        // On a busy machine the shortest timeout is over before a thread begins.
        {"transport.wrong_error", "local_resources_exhausted"},
    };
    for (const auto& found : conformance::check_transport(transports)) {
        const bool is_known =
            std::any_of(std::begin(known), std::end(known), [&](const auto& each) {
                return found.name == each.first &&
                       found.explanation.find(each.second) != std::string::npos;
            });
        if (!is_known)
            BOOST_ERROR(to_string(found));
    }
}

BOOST_AUTO_TEST_SUITE_END()
