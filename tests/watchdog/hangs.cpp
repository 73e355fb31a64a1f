// SPDX-License-Identifier: BSL-1.0

// Cases that hang, and cases that only seem to, for check.sh.

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>
#include <unistd.h>

using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(hangs)

BOOST_AUTO_TEST_CASE(waits_for_ever) {
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock{mutex};
    never.wait(lock, [] { return false; });
}

BOOST_AUTO_TEST_CASE(spins_for_ever) {
    for (std::atomic<bool> ended = false; !ended;) {
    }
}

void wait_in_another_thread() {
    std::this_thread::sleep_for(1h);
}

BOOST_AUTO_TEST_CASE(joins_a_thread_that_hangs) {
    std::thread{wait_in_another_thread}.join();
}

// check.sh lets it go on after a time that is longer than the limit.
BOOST_AUTO_TEST_CASE(was_stopped) {
    BOOST_TEST_REQUIRE(::raise(SIGSTOP) == 0);
    std::this_thread::sleep_for(100ms);
    BOOST_TEST(true);
}

BOOST_AUTO_TEST_CASE(is_quick) {
    BOOST_TEST(true);
}

BOOST_AUTO_TEST_SUITE_END()

// The name of a suite that may take longer.
BOOST_AUTO_TEST_SUITE(explore_test)

BOOST_AUTO_TEST_CASE(is_long) {
    std::this_thread::sleep_for(2s);
    BOOST_TEST(true);
}

BOOST_AUTO_TEST_SUITE_END()
