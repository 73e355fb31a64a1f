// SPDX-License-Identifier: BSL-1.0

#include <forest/sim/script/latency.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ostream>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
namespace data = boost::unit_test::data;

namespace {

struct named {
    const char* what;
    sim::latency delay;
    double below_mean; // the share of draws that are shorter than the mean, by the theory
};

std::ostream& operator<<(std::ostream& out, const named& row) {
    return out << row.what;
}

const std::vector<named> distributions{
    {"uniform", sim::uniform(100ms), 0.5},
    {"exponential", sim::exponential(100ms), 1.0 - std::exp(-1.0)},
    {"heavy tail", sim::heavy_tail(100ms), 0.75},
};

std::vector<double> milliseconds_of(const sim::latency& delay, int count) {
    random_generator random{7};
    std::vector<double> drawn;
    for (int index = 0; index < count; ++index)
        drawn.push_back(std::chrono::duration<double, std::milli>(delay.draw(random)).count());
    return drawn;
}

} // namespace

BOOST_AUTO_TEST_SUITE(latency_test)

BOOST_AUTO_TEST_CASE(a_constant_one_is_always_the_same) {
    random_generator random{1};
    for (int index = 0; index < 10; ++index)
        BOOST_TEST((sim::constant(3ms).draw(random) == 3ms));
    BOOST_TEST((sim::latency{}.draw(random) == 1ms));
}

BOOST_DATA_TEST_CASE(the_draws_are_distributed_as_the_name_says, data::make(distributions), row) {
    constexpr int count = 200'000;
    const auto drawn = milliseconds_of(row.delay, count);
    const auto below =
        std::count_if(drawn.begin(), drawn.end(), [](double each) { return each < 100; });
    BOOST_TEST(static_cast<double>(below) / count == row.below_mean,
               boost::test_tools::tolerance(0.02));
    BOOST_TEST(*std::min_element(drawn.begin(), drawn.end()) >= 0.0);
}

BOOST_AUTO_TEST_CASE(the_mean_of_exponential_draws_is_the_one_given) {
    double sum = 0.0;
    const auto drawn = milliseconds_of(sim::exponential(100ms), 200'000);
    for (const double each : drawn)
        sum += each;
    BOOST_TEST(sum / 200'000 == 100.0, boost::test_tools::tolerance(0.02));
}

BOOST_AUTO_TEST_CASE(a_heavy_tail_is_now_and_then_very_late_but_never_beyond_the_maximum) {
    const auto drawn = milliseconds_of(sim::heavy_tail(100ms), 200'000);
    BOOST_TEST(*std::max_element(drawn.begin(), drawn.end()) > 10'000.0);
    random_generator random{3};
    for (int index = 0; index < 10'000; ++index)
        BOOST_TEST((sim::heavy_tail(50min).draw(random) <= sim::latency::maximum));
}

BOOST_AUTO_TEST_CASE(what_is_least_is_added_to_each) {
    random_generator random{5};
    const sim::latency delay = sim::uniform(1ms, 10ms);
    for (int index = 0; index < 100; ++index) {
        const duration drawn = delay.draw(random);
        BOOST_TEST((drawn >= 10ms && drawn <= 12ms));
    }
}

// The numbers themselves: they must be the same with every compiler, and in every version.
BOOST_AUTO_TEST_CASE(the_first_draws_of_a_seed_are_fixed) {
    random_generator random{42};
    BOOST_TEST(sim::uniform(1s).draw(random).count() == 1'483'129'757);
    BOOST_TEST(sim::exponential(1s).draw(random).count() == 159'910'392);
    BOOST_TEST(sim::heavy_tail(1s).draw(random).count() == 617'420'754);
}

BOOST_AUTO_TEST_SUITE_END()
