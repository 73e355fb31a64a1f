// SPDX-License-Identifier: BSL-1.0
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/detail/fleet/origins.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdint>
#include <set>
#include <string>

using namespace std::chrono_literals;
using namespace forest;
using namespace forest::detail;

namespace {

const wall_time begin{24h};

} // namespace

BOOST_AUTO_TEST_SUITE(origins_test)

BOOST_AUTO_TEST_CASE(targets_that_differ_in_their_paths_only_have_one_origin) {
    fleet_origins all;
    const origin_number first = all.enter(url{"http://a/health"}, begin);
    const origin_number second = all.enter(url{"http://a/other?x=1"}, begin);
    BOOST_TEST((first == second));
    BOOST_TEST(all[first].target_count == 2U);
    all.leave(second);
    BOOST_TEST(all[first].target_count == 1U);
}

BOOST_AUTO_TEST_CASE(a_scheme_a_host_a_port_and_a_socket_make_an_origin) {
    fleet_origins all;
    std::set<origin_number> numbers;
    std::uint32_t count = 0;
    for (const char* const location :
         {"http://a/", "https://a/", "http://b/", "http://a:81/", "http://a:443/"}) {
        const origin_number number = all.enter(url{location}, begin);
        numbers.insert(number);
        BOOST_TEST(all[number].ordinal == count++);
    }
    BOOST_TEST(numbers.size() == count);
}

BOOST_AUTO_TEST_CASE(
    an_origin_without_a_target_keeps_its_timestamps_while_a_server_may_remember_them) {
    fleet_origins all;
    const origin_number first = all.enter(url{"http://a/"}, begin);
    const wall_time signed_at = all[first].timestamps.next(begin);
    all.leave(first);
    (void)all.enter(url{"http://b/"}, begin);
    const origin_number again = all.enter(url{"http://a/"}, begin);
    BOOST_TEST((again == first));
    BOOST_TEST(all[again].target_count == 1U);
    BOOST_TEST((all[again].timestamps.next(begin) > signed_at));
}

BOOST_AUTO_TEST_CASE(the_place_of_an_origin_that_signed_nothing_is_reused) {
    fleet_origins all;
    const origin_number first = all.enter(url{"http://a/"}, begin);
    all.leave(first);
    const origin_number second = all.enter(url{"http://b/"}, begin);
    BOOST_TEST((second == first));
    BOOST_TEST(all[second].target_count == 1U);
    BOOST_TEST(all[second].ordinal == 1U); // It came after the one that is forgotten.
    BOOST_TEST((all.enter(url{"http://a/"}, begin) != second));
}

// Origins come and go for days. The number of places must not grow with them.
BOOST_AUTO_TEST_CASE(places_are_reused_when_the_clock_has_passed_the_timestamps) {
    fleet_origins all;
    const origin_number lasting = all.enter(url{"http://lasting/"}, begin);
    std::set<origin_number> numbers;
    for (int hour = 0; hour < 1000; ++hour) {
        const wall_time now = begin + std::chrono::hours{hour};
        const origin_number number = all.enter(url{"http://a" + std::to_string(hour) + "/"}, now);
        BOOST_TEST((number != lasting));
        BOOST_TEST((all[number].timestamps.next(now) == now));
        numbers.insert(number);
        all.leave(number);
    }
    BOOST_TEST(numbers.size() <= 10U);
    BOOST_TEST(all[lasting].target_count == 1U);
    BOOST_TEST(all[lasting].ordinal == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
