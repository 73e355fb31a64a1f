// SPDX-License-Identifier: BSL-1.0
#include <forest/core/verdict.hpp>

#include <forest/core/error.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <system_error>
#include <type_traits>

using namespace std::chrono_literals;
using namespace forest;

static_assert(std::is_trivially_copyable_v<verdict>, "it can be kept after the check");

BOOST_AUTO_TEST_SUITE(verdict_test)

BOOST_AUTO_TEST_CASE(a_check_is_healthy_if_it_has_no_error) {
    verdict result;
    BOOST_TEST(result.healthy());
    BOOST_TEST(result.version() == "");
    result.error = errc::not_ok;
    BOOST_TEST(!result.healthy());
}

BOOST_AUTO_TEST_CASE(B12_a_name_service_that_does_not_reply_counts_as_a_name_without_address) {
    BOOST_TEST((counted_error(errc::resolver_unavailable) == errc::resolve_failed));
    BOOST_TEST((counted_error(errc::timed_out) == errc::timed_out));
    BOOST_TEST(!counted_error({}));
}

BOOST_AUTO_TEST_CASE(a_server_without_a_route_has_a_status_of_its_own) {
    BOOST_TEST(is_route_missing(404));
    BOOST_TEST(is_route_missing(405));
    BOOST_TEST(!is_route_missing(403));
    BOOST_TEST(!is_route_missing(500));
}

BOOST_AUTO_TEST_CASE(B50_held_time_is_taken_from_the_first_byte_and_from_the_total) {
    phase_timings answered{.resolve = 1s, .connect = 2s, .first_byte = 20s, .total = 24s};
    detail::mark_held(answered);
    BOOST_TEST((answered.held == duration{20s} && answered.total == duration{4s}));
    BOOST_TEST((answered.connect == duration{2s} && !answered.first_byte));
    phase_timings silent{.resolve = 1s, .connect = 2s, .tls = 3s, .total = 30s};
    detail::mark_held(silent);
    BOOST_TEST((silent.held == duration{24s} && silent.total == duration{6s}));
    phase_timings unknown{};
    detail::mark_held(unknown);
    BOOST_TEST((!unknown.held && !unknown.total));
}

BOOST_AUTO_TEST_SUITE_END()
