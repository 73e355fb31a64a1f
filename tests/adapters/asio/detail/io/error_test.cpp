// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/asio/detail/io/error.hpp>
#include <forest/core/error.hpp>

#include <asio/error.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <system_error>

using namespace forest;
using namespace forest::detail;

BOOST_AUTO_TEST_SUITE(error_test)

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
