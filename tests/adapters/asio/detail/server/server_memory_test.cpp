// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/asio/detail/server/server_memory.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <limits>
#include <string>

using namespace forest::detail;

BOOST_AUTO_TEST_SUITE(server_memory_test)

BOOST_AUTO_TEST_CASE(a_count_replaces_the_earlier_count_of_the_connection) {
    server_memory memory{1000};
    std::size_t first = 0;
    std::size_t second = 0;
    memory.count(first, 300);
    memory.count(second, 200);
    BOOST_TEST(memory.used() == 500U);
    memory.count(first, 100);
    BOOST_TEST(first == 100U);
    BOOST_TEST(memory.used() == 300U);
    memory.count(second, 0);
    BOOST_TEST(memory.used() == 100U);
}

BOOST_AUTO_TEST_CASE(nothing_fits_above_the_bound_and_no_sum_overflows) {
    server_memory memory{1000};
    std::size_t counted = 0;
    BOOST_TEST(memory.fits(1000));
    BOOST_TEST(!memory.fits(1001));
    memory.count(counted, 1);
    BOOST_TEST(memory.fits(999));
    BOOST_TEST(!memory.fits(1000));
    BOOST_TEST(!memory.fits(std::numeric_limits<std::size_t>::max()));
    memory.count(counted, 2000); // A count is not refused.
    BOOST_TEST(!memory.fits(0));
}

BOOST_AUTO_TEST_CASE(the_count_of_shared_bodies_leaves_out_the_largest) {
    server_memory memory{1000};
    const std::string large(5000, 'a');
    const std::string small(300, 'b');
    const std::string medium(800, 'c');
    BOOST_TEST(memory.cost_of_sharing(large) == 0U);
    memory.share(large);
    memory.share(large);
    BOOST_TEST(memory.used() == 0U);
    BOOST_TEST(memory.cost_of_sharing(small) == 300U);
    memory.share(small);
    BOOST_TEST(memory.used() == 300U);
    BOOST_TEST(memory.cost_of_sharing(small) == 0U);
    BOOST_TEST(!memory.fits(memory.cost_of_sharing(medium)));
    memory.release(large);
    BOOST_TEST(memory.used() == 300U);
    memory.release(large);
    BOOST_TEST(memory.used() == 0U);
    BOOST_TEST(memory.cost_of_sharing(large) == 300U); // The small one counts then.
    std::size_t counted = 0;
    memory.count(counted, 900);
    BOOST_TEST(counted == 900U);
    BOOST_TEST(memory.fits(100));
    BOOST_TEST(!memory.fits(101));
    memory.count(counted, 0);
    memory.release(small);
    BOOST_TEST(memory.used() == 0U);
}

// Only the address identifies a body, because a comparison of the bytes would take too long.
BOOST_AUTO_TEST_CASE(equal_bodies_at_two_addresses_are_two_bodies) {
    server_memory memory{1000};
    const std::string one(300, 'a');
    const std::string other(300, 'a');
    memory.share(one);
    BOOST_TEST(memory.cost_of_sharing(other) == 300U);
    memory.share(other);
    BOOST_TEST(memory.used() == 300U);
    memory.release(one);
    BOOST_TEST(memory.used() == 0U);
    BOOST_TEST(memory.cost_of_sharing(other) == 0U);
}

BOOST_AUTO_TEST_CASE(the_release_of_an_unknown_body_changes_nothing) {
    server_memory memory{1000};
    const std::string known(300, 'a');
    const std::string larger(400, 'b');
    const std::string unknown(300, 'a');
    memory.share(known);
    memory.share(larger);
    memory.release(unknown);
    BOOST_TEST(memory.used() == 300U);
}

BOOST_AUTO_TEST_SUITE_END()
