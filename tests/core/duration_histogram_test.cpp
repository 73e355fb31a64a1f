// SPDX-License-Identifier: BSL-1.0

#include <forest/core/duration_histogram.hpp>

#include <forest/core/random.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <limits>
#include <type_traits>
#include <vector>

using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

namespace {

using forest::duration;
using forest::duration_histogram;

static_assert(std::is_trivially_copyable_v<duration_histogram>);

duration_histogram of(const std::vector<duration>& values) {
    duration_histogram result;
    for (const duration each : values)
        result.add(each);
    return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(duration_histogram_test)

BOOST_AUTO_TEST_CASE(nothing_counted_is_zero) {
    const duration_histogram none;
    BOOST_TEST(none.count() == 0U);
    for (const double share : {0.0, 0.5, 1.0})
        BOOST_TEST((none.quantile(share) == 0s));
}

// Each doubling and the values beside it, where one bucket ends and the next begins.
BOOST_AUTO_TEST_CASE(
    a_single_value_is_answered_and_no_more_than_a_32nd_or_a_microsecond_too_large) {
    for (duration power = 1ns; power < 24h * 170; power *= 2)
        for (const duration offset : {-1001ns, -1000ns, -1ns, 0ns, 1ns, 999ns, 1000ns}) {
            const duration value = std::max<duration>(power + offset, 0ns);
            const auto counted = of({value});
            for (const double share : {0.0, 0.5, 0.99, 1.0}) {
                const duration answered = counted.quantile(share);
                BOOST_TEST_REQUIRE((answered >= value));
                BOOST_TEST_REQUIRE((answered <= value + std::max<duration>(value / 32, 1us)));
            }
        }
}

BOOST_AUTO_TEST_CASE(a_negative_duration_counts_as_zero) {
    const auto counted = of({-1ns, -1h, duration::min()});
    BOOST_TEST(counted.count() == 3U);
    BOOST_TEST((counted.quantile(1.0) == 0s));
}

BOOST_AUTO_TEST_CASE(what_is_longer_than_half_a_year_counts_as_that) {
    const auto counted = of({24h * 366, duration::max()});
    BOOST_TEST(counted.count() == 2U);
    BOOST_TEST((counted.quantile(1.0) > 24h * 180));
    BOOST_TEST((counted.quantile(1.0) == counted.quantile(0.0)));
}

BOOST_AUTO_TEST_CASE(a_share_is_not_exceeded_by_that_share_of_all) {
    std::vector<duration> values;
    for (int n = 1; n <= 100; ++n)
        values.push_back(n * 1us);
    const auto counted = of(values);
    BOOST_TEST((counted.quantile(0.0) == 1us));
    BOOST_TEST((counted.quantile(0.01) == 1us));
    BOOST_TEST((counted.quantile(0.5) == 50us));
    BOOST_TEST((counted.quantile(0.505) == 51us));
    BOOST_TEST((counted.quantile(1.0) >= 100us && counted.quantile(1.0) <= 103us));
}

BOOST_AUTO_TEST_CASE(shares_out_of_range_are_taken_as_the_nearest) {
    const auto counted = of({1us, 2us, 3us});
    BOOST_TEST((counted.quantile(-1.0) == 1us));
    BOOST_TEST((counted.quantile(7.0) == 3us));
    (void)counted.quantile(std::numeric_limits<double>::quiet_NaN());
}

BOOST_DATA_TEST_CASE(it_agrees_with_sorting, data::make({1, 2, 3, 10, 1000}), size) {
    forest::random_generator random{20261125};
    std::vector<duration> values;
    duration_histogram counted;
    for (int n = 0; n < size; ++n) {
        // As many of each magnitude.
        const double exponent = random.uniform() * 15;
        values.emplace_back(static_cast<duration::rep>(std::pow(10.0, exponent)));
        counted.add(values.back());
    }
    std::sort(values.begin(), values.end());
    for (const double share : {0.0, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
        const auto rank = static_cast<std::size_t>(std::ceil(share * size));
        const duration exact = values[std::max<std::size_t>(rank, 1) - 1];
        const duration answered = counted.quantile(share);
        BOOST_TEST((answered >= exact));
        BOOST_TEST((answered <= exact + std::max<duration>(exact / 32, 1us)));
    }
}

BOOST_AUTO_TEST_CASE(merging_is_counting_all_in_one) {
    duration_histogram left = of({1us, 5ms, 3s});
    const auto right = of({2us, 5ms, 3h});
    left.merge(right);
    const auto both = of({1us, 2us, 5ms, 5ms, 3s, 3h});
    BOOST_TEST(left.count() == 6U);
    for (double share = 0.0; share <= 1.0; share += 0.05)
        BOOST_TEST((left.quantile(share) == both.quantile(share)));
    left.merge(duration_histogram{});
    BOOST_TEST(left.count() == 6U);
}

BOOST_AUTO_TEST_SUITE_END()
