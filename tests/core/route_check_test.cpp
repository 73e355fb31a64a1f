// SPDX-License-Identifier: BSL-1.0

#include <forest/core/route_check.hpp>

#include <forest/core/check_report.hpp>
#include <forest/core/error.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <concepts>
#include <string>
#include <type_traits>

using namespace forest;
using namespace std::chrono_literals;

namespace {

// A text, a number or a pointer says nothing about health.
static_assert(std::convertible_to<bool, check_result>);
static_assert(!std::convertible_to<const char*, check_result>);
static_assert(!std::convertible_to<std::string, check_result>);
static_assert(!std::convertible_to<int, check_result>);
static_assert(std::is_nothrow_move_constructible_v<check_result>);

// Only a route makes one; it is copied into whatever callback knows the result.
static_assert(!std::default_initializable<check_report>);
static_assert(std::copyable<check_report>);
static_assert(std::is_nothrow_invocable_v<const check_report&, bool>);

} // namespace

BOOST_AUTO_TEST_SUITE(route_check_test)

BOOST_AUTO_TEST_CASE(B28_a_bool_is_a_result) {
    BOOST_TEST((check_result{true}.status == check_status::pass));
    BOOST_TEST((check_result{false}.status == check_status::fail));
    BOOST_TEST((check_result{}.status == check_status::pass));
    BOOST_TEST(check_result{false}.output.empty());
}

BOOST_AUTO_TEST_CASE(B28_a_result_may_have_a_text) {
    BOOST_TEST((check_result::pass().status == check_status::pass));
    const check_result warned = check_result::warn("slow");
    BOOST_TEST((warned.status == check_status::warn));
    BOOST_TEST(warned.output == "slow");
    const check_result failed = check_result::fail("gone");
    BOOST_TEST((failed.status == check_status::fail));
    BOOST_TEST(failed.output == "gone");
}

BOOST_AUTO_TEST_CASE(B28_the_names_are_those_of_the_document) {
    BOOST_TEST(name(check_status::pass) == "pass");
    BOOST_TEST(name(check_status::warn) == "warn");
    BOOST_TEST(name(check_status::fail) == "fail");
    BOOST_TEST(name(check_status{9}).empty());
}

BOOST_AUTO_TEST_CASE(B28_the_defaults_are_valid_and_known) {
    const check_options defaults;
    BOOST_TEST(!defaults.validate());
    BOOST_TEST((defaults.deadline == 2s));
    BOOST_TEST((defaults.cache_for == 10s));
    BOOST_TEST((check_options{.deadline = 0s}.validate() == errc::invalid_check_deadline));
    BOOST_TEST((check_options{.cache_for = -1s}.validate() == errc::invalid_check_cache_for));
}

BOOST_AUTO_TEST_SUITE_END()
