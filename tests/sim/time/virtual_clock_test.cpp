// SPDX-License-Identifier: BSL-1.0

#include <forest/sim/time/event_queue.hpp>
#include <forest/sim/time/host.hpp>
#include <forest/sim/time/virtual_clock.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <system_error>

using namespace std::chrono_literals;
using namespace forest;

BOOST_AUTO_TEST_SUITE(virtual_clock_test)

BOOST_AUTO_TEST_CASE(waits_end_in_the_order_of_their_deadlines_and_equal_ones_in_the_order_asked) {
    sim::event_queue queue;
    sim::virtual_clock clock{queue};
    std::string order;
    clock.async_wait(2s, [&](std::error_code) { order += 'c'; });
    clock.async_wait(1s, [&](std::error_code) { order += 'a'; });
    clock.async_wait(1s, [&](std::error_code) { order += 'b'; });
    clock.async_wait(-1s, [&](std::error_code) { order += '0'; });
    BOOST_TEST(order.empty());
    queue.run_for(3s);
    BOOST_TEST(order == "0abc");
}

BOOST_AUTO_TEST_CASE(a_wait_ends_when_it_is_due_and_not_before) {
    sim::event_queue queue;
    sim::virtual_clock clock{queue};
    bool woke = false;
    clock.async_wait(1s, [&](std::error_code) { woke = true; });
    queue.run_for(1s - 1ns);
    BOOST_TEST(!woke);
    queue.run_for(1ns);
    BOOST_TEST(woke);
    BOOST_TEST((clock.steady_now() == steady_time{1s}));
}

BOOST_AUTO_TEST_CASE(cancelled_waits_end_with_operation_canceled_and_never_inside_cancel) {
    sim::event_queue queue;
    sim::virtual_clock clock{queue};
    sim::virtual_clock other{queue};
    int canceled = 0;
    int others = 0;
    for (int n = 0; n < 3; ++n)
        clock.async_wait(1s,
                         [&](std::error_code ec) { canceled += ec == errc::operation_canceled; });
    other.async_wait(1s, [&](std::error_code ec) { others += !ec; });
    clock.cancel();
    BOOST_TEST(canceled == 0);
    BOOST_TEST(clock.pending() == 0U);
    queue.run_for(0s);
    BOOST_TEST(canceled == 3);
    queue.run_for(1s);
    BOOST_TEST(canceled == 3);
    BOOST_TEST(others == 1);
}

BOOST_AUTO_TEST_CASE(B17_stepping_the_wall_clock_leaves_the_steady_one_alone) {
    sim::event_queue queue;
    sim::virtual_clock clock{queue};
    queue.run_for(1500ms);
    BOOST_TEST((clock.now() == sim::virtual_clock::epoch + 1500ms));
    clock.step_wall(-1h);
    BOOST_TEST((clock.now() == sim::virtual_clock::epoch + 1500ms - 1h));
    BOOST_TEST((clock.steady_now() == steady_time{1500ms}));
}

BOOST_AUTO_TEST_CASE(skipped_time_makes_what_was_due_late) {
    sim::event_queue queue;
    sim::virtual_clock clock{queue};
    steady_time woke{};
    clock.async_wait(1s, [&](std::error_code) { woke = clock.steady_now(); });
    queue.skip(1h);
    queue.run_for(0s);
    BOOST_TEST((woke == steady_time{1h}));
}

BOOST_AUTO_TEST_CASE(running_until_a_predicate_holds_is_bounded) {
    sim::event_queue queue;
    sim::virtual_clock clock{queue};
    bool woke = false;
    clock.async_wait(10s, [&](std::error_code) { woke = true; });
    const auto holds = [&] { return woke; };
    BOOST_TEST(!queue.run_until(holds, 5s));
    BOOST_TEST((queue.now() == steady_time{5s}));
    BOOST_TEST(queue.run_until(holds, 1h));
    BOOST_TEST((queue.now() == steady_time{10s}));
    BOOST_TEST(!queue.run_one());
}

// Each wait is converted to the time of the queue separately, and rounded.
BOOST_AUTO_TEST_CASE(equal_deadlines_end_in_the_order_asked_on_a_clock_that_drifts) {
    for (const int ppm : {-99'991, 7, 99'991}) {
        for (int number = 1; number < 1000; ++number) {
            sim::event_queue queue;
            sim::host host{queue};
            host.drift(ppm);
            sim::virtual_clock clock{host};
            const duration delay{1'000'000'007LL * number % 5'000'000'000LL + 10'000};
            std::string order;
            const steady_time due = host.timer_now() + delay;
            clock.async_wait(delay, [&](std::error_code) { order += 'a'; });
            queue.run_for(duration{333 + number * 7});
            clock.async_wait(due - host.timer_now(), [&](std::error_code) { order += 'b'; });
            clock.async_wait(due - host.timer_now(), [&](std::error_code) { order += 'c'; });
            queue.run_for(20s);
            BOOST_TEST_REQUIRE(order == "abc");
        }
    }
}

BOOST_AUTO_TEST_CASE(handlers_of_cancelled_waits_do_not_run_on_a_machine_that_stands_still) {
    sim::event_queue queue;
    sim::host host{queue};
    sim::virtual_clock clock{host};
    bool told = false;
    clock.async_wait(1h, [&](std::error_code) { told = true; });
    host.pause(1min);
    clock.cancel();
    queue.run_for(59s);
    BOOST_TEST(!told);
    queue.run_for(1s);
    BOOST_TEST(told);
}

BOOST_AUTO_TEST_CASE(a_bound_beyond_the_end_of_time_is_the_end_of_time) {
    sim::event_queue queue;
    queue.run_for(1s);
    bool happened = false;
    bool never = false;
    queue.after(1h, [&] { happened = true; });
    queue.after(duration::max(), [&] { never = true; });
    BOOST_TEST(queue.run_until([&] { return happened; }, duration::max()));
    BOOST_TEST((queue.now() == steady_time{1h + 1s}));
    queue.run_for(duration::max());
    BOOST_TEST((queue.now() == steady_time::max()));
    BOOST_TEST(!never);
}

BOOST_AUTO_TEST_SUITE_END()
