// SPDX-License-Identifier: BSL-1.0

#include <forest/core/detail/container/waiting_line.hpp>
#include <forest/core/random.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>

BOOST_AUTO_TEST_SUITE(waiting_line_test)

BOOST_AUTO_TEST_CASE(first_come_is_first_served) {
    forest::detail::waiting_line<int> line;
    BOOST_TEST(line.empty());
    for (int n = 1; n <= 3; ++n)
        line.push(n);
    BOOST_TEST(line.size() == 3U);
    BOOST_TEST(line.pop() == 1);
    line.push(4);
    for (int n = 2; n <= 4; ++n)
        BOOST_TEST(line.pop() == n);
    BOOST_TEST(line.empty());
}

BOOST_AUTO_TEST_CASE(it_answers_as_a_deque_does_whatever_is_asked) {
    forest::random_generator random{20261125};
    forest::detail::waiting_line<std::uint64_t> line;
    std::deque<std::uint64_t> reference;
    for (int step = 0; step < 100'000; ++step) {
        const std::uint64_t drawn = random();
        if (drawn % 64 == 7) {
            line.push_front(drawn);
            reference.push_front(drawn);
        } else if (reference.empty() || (drawn % 8 < 5) == (step / 500 % 2 == 0)) {
            line.push(drawn);
            reference.push_back(drawn);
        } else {
            BOOST_TEST_REQUIRE(line.front() == reference.front());
            BOOST_TEST_REQUIRE(line.pop() == reference.front());
            reference.pop_front();
        }
        BOOST_TEST_REQUIRE(line.size() == reference.size());
        BOOST_TEST_REQUIRE(line.empty() == reference.empty());
    }
}

// A line that is never empty takes time in proportion to what is pushed, and not to its square.
BOOST_AUTO_TEST_CASE(a_long_line_that_never_empties_is_quick) {
    forest::detail::waiting_line<int> line;
    for (int n = 0; n < 100'000; ++n)
        line.push(n);
    for (int n = 0; n < 3'000'000; ++n) {
        line.push(100'000 + n);
        BOOST_REQUIRE(line.pop() == n);
    }
    BOOST_TEST(line.size() == 100'000U);
}

BOOST_AUTO_TEST_SUITE_END()
