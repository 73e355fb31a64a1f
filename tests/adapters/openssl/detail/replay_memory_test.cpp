// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/openssl/detail/replay_memory.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstddef>

namespace {

using namespace forest;
using namespace forest::detail;
using namespace std::chrono_literals;

replay_memory::digest digest(std::size_t number) {
    replay_memory::digest made{};
    made[31] = static_cast<unsigned char>(number);
    made[30] = static_cast<unsigned char>(number >> 8U);
    return made;
}

constexpr wall_time noon{12h};

BOOST_AUTO_TEST_SUITE(replay_memory_test)

BOOST_AUTO_TEST_CASE(without_a_window_nothing_is_remembered) {
    replay_memory memory{0s, 4096};
    BOOST_TEST(memory.insert(digest(1), noon));
    BOOST_TEST(memory.insert(digest(1), noon));
    BOOST_TEST(memory.size() == 0U);
}

BOOST_AUTO_TEST_CASE(what_was_seen_is_refused_up_to_the_end_of_the_window) {
    replay_memory memory{5s, 4};
    BOOST_TEST(memory.insert(digest(1), noon));
    BOOST_TEST(!memory.insert(digest(1), noon));
    BOOST_TEST(!memory.insert(digest(1), noon + 5s));
    BOOST_TEST(memory.insert(digest(1), noon + 5001ms));
}

BOOST_AUTO_TEST_CASE(a_refusal_does_not_prolong_the_window) {
    replay_memory memory{5s, 4};
    BOOST_TEST(memory.insert(digest(1), noon));
    BOOST_TEST(!memory.insert(digest(1), noon + 4s));
    BOOST_TEST(memory.insert(digest(1), noon + 6s));
}

BOOST_AUTO_TEST_CASE(a_window_below_a_millisecond_is_still_one) {
    replay_memory memory{1ns, 4};
    BOOST_TEST(memory.insert(digest(1), noon));
    BOOST_TEST(!memory.insert(digest(1), noon));
}

BOOST_AUTO_TEST_CASE(when_full_the_oldest_is_forgotten) {
    constexpr std::size_t entries = 7;
    replay_memory memory{1h, entries};
    for (std::size_t number = 0; number < entries; ++number)
        BOOST_TEST(memory.insert(digest(number), noon));
    BOOST_TEST(memory.size() == entries);
    BOOST_TEST(!memory.insert(digest(0), noon));
    BOOST_TEST(memory.insert(digest(entries), noon));
    BOOST_TEST(memory.size() == entries);
    for (std::size_t number = 1; number <= entries; ++number)
        BOOST_TEST(!memory.insert(digest(number), noon));
    BOOST_TEST(memory.insert(digest(0), noon));
}

BOOST_AUTO_TEST_CASE(the_bound_holds_round_after_round) {
    constexpr std::size_t entries = 5;
    replay_memory memory{1h, entries};
    for (std::size_t number = 0; number < 1000; ++number) {
        BOOST_TEST(memory.insert(digest(number), noon + std::chrono::milliseconds{number}));
        BOOST_TEST(!memory.insert(digest(number), noon + std::chrono::milliseconds{number}));
        BOOST_TEST(memory.size() <= entries);
    }
}

BOOST_AUTO_TEST_CASE(what_is_too_old_makes_room) {
    replay_memory memory{5s, 4};
    for (std::size_t number = 0; number < 4; ++number)
        BOOST_TEST(memory.insert(digest(number), noon + number * 1s));
    BOOST_TEST(memory.insert(digest(9), noon + 7s));
    BOOST_TEST(memory.size() == 3U); // Those of seconds 2, 3 and 7.
    BOOST_TEST(!memory.insert(digest(2), noon + 7s));
}

BOOST_AUTO_TEST_CASE(it_counts_what_it_forgot_before_its_time_and_nothing_else) {
    replay_memory memory{5s, 2};
    BOOST_TEST(memory.insert(digest(1), noon));
    BOOST_TEST(memory.insert(digest(2), noon));
    BOOST_TEST(!memory.insert(digest(1), noon));
    BOOST_TEST(memory.forgotten() == 0U);
    BOOST_TEST(memory.insert(digest(3), noon));
    BOOST_TEST(memory.forgotten() == 1U);
    BOOST_TEST(memory.insert(digest(4), noon + 6s));
    BOOST_TEST(memory.forgotten() == 1U);
}

// Digests that differ in the last byte only, as no two signatures do, fall together in the index.
BOOST_AUTO_TEST_CASE(digests_that_share_a_beginning_are_distinguished) {
    constexpr std::size_t entries = 300;
    replay_memory memory{1h, entries};
    for (std::size_t number = 0; number < entries; ++number)
        BOOST_TEST_REQUIRE(memory.insert(digest(number), noon));
    for (std::size_t number = 0; number < entries; ++number)
        BOOST_TEST_REQUIRE(!memory.insert(digest(number), noon));
    BOOST_TEST(memory.forgotten() == 0U);
}

BOOST_AUTO_TEST_CASE(a_wall_clock_that_is_set_back_lets_nothing_in_again) {
    replay_memory memory{5s, 4};
    BOOST_TEST(memory.insert(digest(1), noon));
    BOOST_TEST(!memory.insert(digest(1), noon - 1h));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
