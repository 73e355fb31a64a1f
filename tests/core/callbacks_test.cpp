// SPDX-License-Identifier: BSL-1.0

#include <forest/core/callbacks.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <latch>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace forest;

namespace {

event of(event_kind kind) {
    event happened;
    happened.kind = kind;
    return happened;
}

} // namespace

BOOST_AUTO_TEST_SUITE(callbacks_test)

BOOST_AUTO_TEST_CASE(B14_close_waits_for_the_callback_that_is_running_on_another_thread) {
    callbacks listeners;
    std::latch inside{1};
    std::atomic<bool> finished = false;
    listeners.on_event([&](const event&) {
        inside.count_down();
        for (int n = 0; n < 1000; ++n)
            std::this_thread::yield();
        finished = true;
    });
    std::thread caller{[&] { listeners.tell(of(event_kind::started)); }};
    inside.wait();
    listeners.close([] {});
    BOOST_TEST(finished);
    caller.join();
}

BOOST_AUTO_TEST_CASE(B14_close_from_inside_returns_at_once_and_nothing_is_told_after_it) {
    callbacks listeners;
    int told = 0;
    int farewells = 0;
    listeners.on_event([&](const event&) {
        ++told;
        listeners.close([&] { ++farewells; });
    });
    listeners.tell(of(event_kind::started));
    listeners.tell(of(event_kind::started));
    BOOST_TEST(told == 1);
    BOOST_TEST(farewells == 0);
    BOOST_TEST(listeners.closed());
}

BOOST_AUTO_TEST_CASE(B13_ten_threads_close_and_one_says_farewell) {
    callbacks listeners;
    std::atomic<int> farewells = 0;
    std::vector<std::thread> threads;
    for (int n = 0; n < 10; ++n)
        threads.emplace_back([&] {
            listeners.tell(of(event_kind::check_started));
            listeners.close([&] { ++farewells; });
        });
    for (auto& each : threads)
        each.join();
    BOOST_TEST(farewells == 1);
}

BOOST_AUTO_TEST_CASE(closing_again_inside_the_farewell_returns) {
    callbacks listeners;
    std::vector<event_kind> told;
    listeners.on_event([&](const event& happened) {
        told.push_back(happened.kind);
        listeners.close([] { BOOST_ERROR("a second farewell"); });
    });
    listeners.close([&] { listeners.tell_last(of(event_kind::stopped)); });
    BOOST_TEST(told.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_farewell_callback_that_throws_harms_nobody) {
    callbacks listeners;
    listeners.on_event([](const event&) { throw std::runtime_error("x"); });
    listeners.close([&] { listeners.tell_last(of(event_kind::stopped)); });
    BOOST_TEST(listeners.closed());
}

BOOST_AUTO_TEST_CASE(B14_no_closer_returns_while_the_last_words_are_said) {
    for (int round = 0; round < 200; ++round) {
        callbacks listeners;
        std::latch inside{1};
        std::atomic<bool> running = false;
        std::atomic<int> returned_too_early = 0;
        listeners.on_event([&](const event&) {
            running = true;
            inside.count_down();
            std::this_thread::yield();
            running = false;
        });
        std::vector<std::thread> threads;
        threads.emplace_back([&] { listeners.tell(of(event_kind::started)); });
        inside.wait();
        for (int n = 0; n < 3; ++n)
            threads.emplace_back([&] {
                listeners.close([&]() noexcept {
                    running = true;
                    for (int turn = 0; turn < 20; ++turn)
                        std::this_thread::yield();
                    running = false;
                });
                returned_too_early += running;
            });
        for (auto& each : threads)
            each.join();
        BOOST_TEST(returned_too_early == 0);
    }
}

BOOST_AUTO_TEST_CASE(B14_a_callback_that_closes_is_the_last_even_if_another_thread_closes_too) {
    callbacks listeners;
    std::latch inside{1};
    std::latch closing{1};
    std::atomic<int> farewells = 0;
    listeners.on_event([&](const event&) {
        inside.count_down();
        closing.wait();
        while (!listeners.closed())
            std::this_thread::yield();
        listeners.close([&]() noexcept { ++farewells; });
    });
    std::thread caller{[&] { listeners.tell(of(event_kind::started)); }};
    inside.wait();
    std::thread closer{[&] {
        closing.count_down();
        listeners.close([&]() noexcept { ++farewells; });
    }};
    caller.join();
    closer.join();
    BOOST_TEST(farewells == 0);
}

BOOST_AUTO_TEST_CASE(what_callbacks_hold_is_gone_when_close_returns) {
    const auto witness = std::make_shared<int>(0);
    callbacks listeners;
    std::latch inside{1};
    listeners.on_event([&, witness](const event&) {
        listeners.on_event({}); // The call alone holds the capture from here.
        inside.count_down();
        for (int n = 0; n < 100; ++n)
            std::this_thread::yield();
    });
    listeners.on_server_up([witness](const outage&) {});
    std::thread caller{[&] { listeners.tell(of(event_kind::started)); }};
    inside.wait();
    listeners.close([]() noexcept {});
    BOOST_TEST(witness.use_count() == 1);
    caller.join();
    listeners.on_server_down([witness](const outage&) {});
    BOOST_TEST(witness.use_count() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
