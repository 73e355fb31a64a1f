// SPDX-License-Identifier: BSL-1.0

#include <forest/core/backoff.hpp>
#include <forest/core/options.hpp>
#include <forest/detail/fleet/rules.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <memory>
#include <ostream>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
using namespace forest::detail;
namespace data = boost::unit_test::data;

namespace {

// Each differs from the default, and from all others, in one member.
struct variation {
    const char* member;
    options settings;

    friend std::ostream& operator<<(std::ostream& out, const variation& shown) {
        return out << shown.member;
    }
};

const std::vector<variation> variations{
    {"interval", {.interval = 31s}},
    {"timeout", {.timeout = 31s}},
    {"failure_threshold", {.failure_threshold = 31}},
    {"success_threshold", {.success_threshold = 31}},
    {"initial_delay_max", {.initial_delay_max = 31s}},
    {"interval_jitter", {.interval_jitter = 0.31}},
    {"stall_tolerance", {.stall_tolerance = 31s}},
    {"doubt_max", {.doubt_max = 31}},
    {"hold", {.hold = 25s}},
    {"confirm_after.first", {.confirm_after = {.first = 31s}}},
    {"confirm_after.second", {.confirm_after = {.second = 31s}}},
    {"confirm_after.third", {.confirm_after = {.third = 31s}}},
};

struct owning_backoff {
    std::shared_ptr<int> owned = std::make_shared<int>(0);

    duration operator()(int, duration interval) const noexcept { return interval; }
};

} // namespace

BOOST_AUTO_TEST_SUITE(rules_test)

BOOST_AUTO_TEST_CASE(equal_options_are_kept_once) {
    fleet_rules<exponential_backoff> subject{{.initial = 3s}};
    const auto& first = subject.enter({.interval = 10s});
    BOOST_TEST(&subject.enter({.interval = 10s}) == &first);
    BOOST_TEST(subject.size() == 1U);
    BOOST_TEST((first.options.interval == 10s));
    BOOST_TEST((first.backoff.initial == 3s));
}

BOOST_DATA_TEST_CASE(options_that_differ_in_one_member_are_kept_apart, data::make(variations),
                     each) {
    fleet_rules<exponential_backoff> subject{{}};
    const auto& usual = subject.enter({});
    BOOST_TEST(&subject.enter(each.settings) != &usual);
    BOOST_TEST(subject.size() == 2U);
    for (const variation& other : variations)
        (void)subject.enter(other.settings);
    BOOST_TEST(subject.size() == variations.size() + 1);
}

BOOST_AUTO_TEST_CASE(they_stay_where_they_are_until_the_last_leaves) {
    fleet_rules<exponential_backoff> subject{{}};
    const auto& kept = subject.enter({});
    for (int n = 1; n <= 1000; ++n)
        (void)subject.enter({.failure_threshold = n + 3});
    BOOST_TEST(&subject.enter({}) == &kept);
    for (int n = 1; n <= 1000; ++n)
        subject.leave({.failure_threshold = n + 3});
    subject.leave({});
    BOOST_TEST(subject.size() == 1U);
    BOOST_TEST((kept.options.interval == 30s));
    subject.leave(kept.options);
    BOOST_TEST(subject.size() == 0U);
}

// A backoff may own something.
BOOST_AUTO_TEST_CASE(a_backoff_goes_with_its_rules) {
    const owning_backoff backoff;
    fleet_rules<owning_backoff> subject{backoff};
    const long before = backoff.owned.use_count();
    (void)subject.enter({});
    (void)subject.enter({});
    BOOST_TEST(backoff.owned.use_count() == before + 1);
    subject.leave({});
    subject.leave({});
    BOOST_TEST(backoff.owned.use_count() == before);
}

BOOST_AUTO_TEST_SUITE_END()
