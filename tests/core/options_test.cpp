// SPDX-License-Identifier: BSL-1.0

#include <forest/core/options.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <climits>
#include <limits>
#include <ostream>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
namespace data = boost::unit_test::data;

namespace {

struct sample_options {
    options settings;
    errc fault; // none when valid
    friend std::ostream& operator<<(std::ostream& out, const sample_options& of) {
        return out << name(of.fault);
    }
};

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr duration tick{1};

const std::vector<sample_options> samples{
    {{}, {}},
    {{.interval = tick}, {}},
    {{.interval = options::duration_max}, {}},
    {{.interval = 0s}, errc::invalid_interval},
    {{.interval = -1s}, errc::invalid_interval},
    {{.interval = options::duration_max + tick}, errc::invalid_interval},
    {{.interval = duration::max()}, errc::invalid_interval},
    {{.timeout = tick}, {}},
    {{.timeout = 1h}, {}},
    {{.timeout = 0s}, errc::invalid_timeout},
    {{.timeout = duration::min()}, errc::invalid_timeout},
    {{.timeout = duration::max()}, errc::invalid_timeout},
    {{.failure_threshold = 1}, {}},
    {{.failure_threshold = INT_MAX}, {}},
    {{.failure_threshold = 0}, errc::invalid_failure_threshold},
    {{.failure_threshold = -3}, errc::invalid_failure_threshold},
    {{.success_threshold = INT_MAX}, {}},
    {{.success_threshold = 0}, errc::invalid_success_threshold},
    {{.initial_delay_max = 0s}, {}},
    {{.initial_delay_max = -tick}, errc::invalid_initial_delay_max},
    {{.initial_delay_max = duration::max()}, errc::invalid_initial_delay_max},
    {{.interval_jitter = 0.5}, {}},
    {{.interval_jitter = 0.500001}, errc::invalid_interval_jitter},
    {{.interval_jitter = -0.1}, errc::invalid_interval_jitter},
    {{.interval_jitter = nan}, errc::invalid_interval_jitter},
    {{.stall_tolerance = 0s}, {}},
    {{.stall_tolerance = -tick}, errc::invalid_stall_tolerance},
    {{.stall_tolerance = duration::max()}, errc::invalid_stall_tolerance},
    {{.doubt_max = 0}, {}},
    {{.doubt_max = 100}, {}},
    {{.doubt_max = -1}, errc::invalid_doubt_max},
    {{.doubt_max = 101}, errc::invalid_doubt_max},
    {{.hold = 1s}, {}},
    {{.hold = 30s}, {}},
    {{.hold = 30s + tick}, errc::invalid_hold},
    {{.hold = 999ms}, errc::invalid_hold},
    {{.hold = -1s}, errc::invalid_hold},
    {{.interval = 1h, .hold = 240s}, {}},
    {{.interval = 1h, .hold = 240s + tick}, errc::invalid_hold},
    {{.interval = 500ms, .hold = 500ms}, errc::invalid_hold},
    {{.hold = duration::max()}, errc::invalid_hold},
    {{.confirm_after = confirm_delays::none}, {}},
    {{.confirm_after = {.first = 0s, .second = 0s, .third = 0s}}, {}},
    {{.confirm_after = {.first = -tick}}, errc::invalid_confirm_after},
    {{.confirm_after = {.second = options::duration_max + tick}}, errc::invalid_confirm_after},
    {{.confirm_after = {.third = -tick}}, errc::invalid_confirm_after},
};

} // namespace

BOOST_AUTO_TEST_SUITE(options_test)

BOOST_DATA_TEST_CASE(validate_names_the_member_at_fault, data::make(samples), sample) {
    const std::error_code ec = sample.settings.validate();
    BOOST_TEST(sample.settings.valid() == (sample.fault == errc{}));
    if (sample.fault == errc{})
        BOOST_TEST(!ec);
    else
        BOOST_TEST((ec == sample.fault && ec == condition::invalid_argument));
}

BOOST_AUTO_TEST_CASE(the_defaults_are_those_of_the_table) {
    constexpr options defaults;
    static_assert(defaults.valid());
    BOOST_TEST((defaults.interval == 30s));
    BOOST_TEST((defaults.timeout == 5s));
    BOOST_TEST(defaults.failure_threshold == 3);
    BOOST_TEST(defaults.success_threshold == 1);
    BOOST_TEST((defaults.initial_delay_max == 0s));
    BOOST_TEST(defaults.interval_jitter == 0.0);
    BOOST_TEST((defaults.stall_tolerance == 2s));
    BOOST_TEST(defaults.doubt_max == 10);
    BOOST_TEST((defaults.hold == 0s));
    BOOST_TEST((defaults.confirm_after == confirm_delays{0s, 100ms, 400ms}));
}

BOOST_AUTO_TEST_SUITE_END()
