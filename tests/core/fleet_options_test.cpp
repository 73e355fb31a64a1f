// SPDX-License-Identifier: BSL-1.0

#include <forest/core/fleet_options.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <climits>
#include <ostream>
#include <system_error>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
namespace data = boost::unit_test::data;

namespace {

struct sample_options {
    fleet_options settings;
    errc fault; // none when valid
    friend std::ostream& operator<<(std::ostream& out, const sample_options& of) {
        return out << name(of.fault);
    }
};

const std::vector<sample_options> samples{
    {{}, {}},
    {{.tick = 1ms}, {}},
    {{.tick = 1s}, {}},
    {{.tick = 1ms - 1ns}, errc::invalid_tick},
    {{.tick = 1s + 1ns}, errc::invalid_tick},
    {{.tick = 0s}, errc::invalid_tick},
    {{.tick = -5ms}, errc::invalid_tick},
    {{.tick = duration::max()}, errc::invalid_tick},
    {{.tick = duration::min()}, errc::invalid_tick},
    {{.checks_in_flight_max = 1}, {}},
    {{.checks_in_flight_max = INT_MAX}, {}},
    {{.checks_in_flight_max = 0}, errc::invalid_checks_in_flight_max},
    {{.checks_in_flight_max = INT_MIN}, errc::invalid_checks_in_flight_max},
    {{.connections_per_second_max = 0}, {}},
    {{.connections_per_second_max = INT_MAX}, {}},
    {{.connections_per_second_max = -1}, errc::invalid_connections_per_second_max},
    {{.connections_per_second_max = INT_MIN}, errc::invalid_connections_per_second_max},
};

} // namespace

BOOST_AUTO_TEST_SUITE(fleet_options_test)

BOOST_DATA_TEST_CASE(validate_names_the_member_at_fault, data::make(samples), sample) {
    const std::error_code ec = sample.settings.validate();
    if (sample.fault == errc{})
        BOOST_TEST(!ec);
    else
        BOOST_TEST((ec == sample.fault && ec == condition::invalid_argument));
}

BOOST_AUTO_TEST_CASE(the_defaults_are_those_of_the_documentation) {
    constexpr fleet_options defaults;
    BOOST_TEST((defaults.tick == 5ms));
    BOOST_TEST(defaults.checks_in_flight_max == 1000);
    BOOST_TEST(defaults.connections_per_second_max == 0);
    BOOST_TEST(defaults.spread_start);
}

BOOST_AUTO_TEST_SUITE_END()
