// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/asio/error.hpp>
#include <forest/core/error.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>

using namespace forest;

namespace {

constexpr errc from_most_to_least_telling[] = {errc::connection_refused, errc::timed_out,
                                               errc::connection_lost, errc::unreachable};

constexpr std::size_t ranks = std::size(from_most_to_least_telling);

} // namespace

BOOST_AUTO_TEST_SUITE(asio_error_test)

BOOST_DATA_TEST_CASE(B5_the_most_telling_failure_of_two_addresses_wins,
                     boost::unit_test::data::xrange(ranks* ranks)) {
    const std::size_t first = sample / ranks;
    const std::size_t second = sample % ranks;
    const errc expected = from_most_to_least_telling[std::min(first, second)];
    BOOST_TEST((more_telling(from_most_to_least_telling[first],
                             from_most_to_least_telling[second]) == expected));
}

BOOST_AUTO_TEST_SUITE_END()
