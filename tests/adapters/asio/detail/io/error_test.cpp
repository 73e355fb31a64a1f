// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/asio/detail/io/error.hpp>
#include <forest/core/error.hpp>

#include <asio/error.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <iterator>
#include <system_error>

using namespace forest;
using namespace forest::detail;

namespace {

constexpr errc from_most_to_least_specific[] = {errc::local_resources_exhausted,
                                                errc::connection_refused, errc::timed_out,
                                                errc::connection_lost, errc::unreachable};

constexpr std::size_t ranks = std::size(from_most_to_least_specific);

} // namespace

BOOST_AUTO_TEST_SUITE(error_test)

BOOST_DATA_TEST_CASE(B5_the_most_specific_failure_of_two_addresses_wins,
                     boost::unit_test::data::xrange(ranks* ranks)) {
    const std::size_t first = sample / ranks;
    const std::size_t second = sample % ranks;
    const errc expected = from_most_to_least_specific[std::min(first, second)];
    BOOST_TEST((more_specific(from_most_to_least_specific[first],
                              from_most_to_least_specific[second]) == expected));
}

BOOST_DATA_TEST_CASE(a_resource_that_this_machine_lacks_is_no_fault_of_the_server,
                     boost::unit_test::data::make({EMFILE, ENFILE, ENOBUFS, ENOMEM,
                                                   EADDRNOTAVAIL})) {
    const std::error_code ec{sample, asio::error::get_system_category()};
    BOOST_TEST((connect_error(ec) == errc::local_resources_exhausted));
    // A kept connection that is closed frees no port to another server.
    BOOST_TEST(lacks_room(ec) == (sample != EADDRNOTAVAIL));
}

BOOST_DATA_TEST_CASE(B5_a_network_that_does_not_lead_there_is_unreachable,
                     boost::unit_test::data::make({ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL})) {
    const std::error_code ec{sample, asio::error::get_system_category()};
    BOOST_TEST((connect_error(ec) == errc::unreachable));
    BOOST_TEST(!lacks_room(ec));
}

BOOST_AUTO_TEST_SUITE_END()
