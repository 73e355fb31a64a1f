// SPDX-License-Identifier: BSL-1.0

#include <forest/core/detail/logic/start_spread.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace data = boost::unit_test::data;

namespace {

using forest::detail::start_share;

static_assert(start_share(0, 0) == 0.0);

// The widest gap between neighbours on the circle, in units of what it would be if all were even.
double widest_gap(std::vector<double> shares) {
    std::sort(shares.begin(), shares.end());
    double widest = 1.0 - shares.back() + shares.front();
    for (std::size_t n = 1; n < shares.size(); ++n)
        widest = std::max(widest, shares[n] - shares[n - 1]);
    return widest * static_cast<double>(shares.size());
}

double narrowest_gap(std::vector<double> shares) {
    std::sort(shares.begin(), shares.end());
    double narrowest = 1.0 - shares.back() + shares.front();
    for (std::size_t n = 1; n < shares.size(); ++n)
        narrowest = std::min(narrowest, shares[n] - shares[n - 1]);
    return narrowest * static_cast<double>(shares.size());
}

} // namespace

BOOST_AUTO_TEST_SUITE(start_spread_test)

BOOST_AUTO_TEST_CASE(a_share_is_from_0_to_below_1_however_far_the_sequences_go) {
    for (const std::uint64_t server : {std::uint64_t{0}, std::uint64_t{1}, UINT64_MAX})
        for (const std::uint64_t target : {std::uint64_t{0}, std::uint64_t{1}, UINT64_MAX}) {
            BOOST_TEST(start_share(server, target) >= 0.0);
            BOOST_TEST(start_share(server, target) < 1.0);
        }
}

// Known values: the results are the same on every machine, to the last bit.
BOOST_AUTO_TEST_CASE(the_shares_are_multiples_of_the_two_ratios) {
    BOOST_TEST(start_share(0, 1) == 0x1.3c6ef372fe94fp-1); // 0.618...
    BOOST_TEST(start_share(1, 0) == 0x1.a827999fcef32p-2); // 0.414...
    BOOST_TEST(start_share(1, 1) == 0x1.082c042e60e8p-5);  // their sum, less 1
}

BOOST_AUTO_TEST_CASE(the_targets_of_one_server_are_far_apart_however_many_there_are) {
    std::vector<double> shares;
    for (std::uint64_t target = 0; target < 2000; ++target) {
        shares.push_back(start_share(7, target));
        if (target > 0) {
            BOOST_TEST_REQUIRE(widest_gap(shares) < 2.1);
            BOOST_TEST_REQUIRE(narrowest_gap(shares) > 0.35);
        }
    }
}

// As many as are due within each two hundredth, when the mean is 25.
BOOST_DATA_TEST_CASE(five_thousand_targets_are_even_on_however_many_servers_they_are,
                     data::make({1, 2, 5, 10, 20, 50, 100, 250, 500, 1000, 2500, 5000}), servers) {
    constexpr int all = 5000;
    std::vector<int> due(200);
    for (int server = 0; server < servers; ++server)
        for (int target = 0; target < all / servers; ++target) {
            const double share =
                start_share(static_cast<std::uint64_t>(server), static_cast<std::uint64_t>(target));
            ++due[static_cast<std::size_t>(share * 200)];
        }
    BOOST_TEST(*std::max_element(due.begin(), due.end()) <= 30);
    BOOST_TEST(*std::min_element(due.begin(), due.end()) >= 20);
}

BOOST_AUTO_TEST_SUITE_END()
