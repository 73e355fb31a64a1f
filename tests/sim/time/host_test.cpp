// SPDX-License-Identifier: BSL-1.0

#include <forest/sim/time/event_queue.hpp>
#include <forest/sim/time/host.hpp>
#include <forest/sim/time/virtual_clock.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <system_error>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
namespace data = boost::unit_test::data;

namespace {

struct machine_on_queue {
    sim::event_queue queue;
    sim::host host{queue};
    sim::virtual_clock clock{host};

    // The time on the queue at which a wait that begins now ends.
    duration woken_after(duration delay) {
        const steady_time began = queue.now();
        steady_time ended{};
        clock.async_wait(delay, [&](std::error_code) { ended = queue.now(); });
        queue.run_for(24h);
        return ended - began;
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(host_test)

BOOST_AUTO_TEST_CASE(the_clocks_of_a_host_are_right_by_default) {
    machine_on_queue on;
    on.queue.run_for(90min);
    BOOST_TEST((on.host.steady_now() == on.queue.now()));
    BOOST_TEST((on.host.now() == sim::host::epoch + 90min));
    BOOST_TEST((on.woken_after(10s) == 10s));
}

BOOST_AUTO_TEST_CASE(B17_a_step_of_the_wall_clock_moves_no_other) {
    machine_on_queue on;
    on.host.step_wall(-1h);
    BOOST_TEST((on.host.now() == sim::host::epoch - 1h));
    BOOST_TEST((on.host.steady_now() == on.queue.now()));
    BOOST_TEST((on.woken_after(10s) == 10s));
}

BOOST_AUTO_TEST_CASE(a_jumping_wall_clock_goes_back_and_a_steady_one_does_not) {
    machine_on_queue on;
    on.host.jump_wall(1s);
    bool went_back = false;
    wall_time last = on.host.now();
    for (int index = 0; index < 100; ++index) {
        on.queue.run_for(1ms);
        went_back = went_back || on.host.now() < last;
        last = on.host.now();
        BOOST_TEST((on.host.steady_now() == on.queue.now()));
    }
    BOOST_TEST(went_back);
}

BOOST_DATA_TEST_CASE(a_clock_that_drifts_wakes_by_its_own_time,
                     data::make({-100'000, -300, 300, 100'000}), ppm) {
    machine_on_queue on;
    on.queue.run_for(1h);
    on.host.drift(ppm);
    BOOST_TEST((on.host.steady_now() == on.queue.now()), "it begins where it was");
    const steady_time before = on.host.steady_now();
    const duration took = on.woken_after(1000s);
    const double expected = 1000.0 / (1.0 + ppm / 1e6);
    BOOST_TEST(std::chrono::duration<double>(took).count() == expected,
               boost::test_tools::tolerance(1e-9));
    on.host.drift(0);
    const steady_time after = on.host.steady_now();
    on.queue.run_for(1s);
    BOOST_TEST((on.host.steady_now() - after == 1s));
    BOOST_TEST((after > before));
}

BOOST_AUTO_TEST_CASE(a_swinging_clock_never_goes_back_and_comes_home) {
    machine_on_queue on;
    on.host.swing(5s, 60s);
    steady_time last = on.host.steady_now();
    duration most{};
    for (int step = 0; step < 60'000; ++step) {
        on.queue.run_for(1ms);
        const steady_time now = on.host.steady_now();
        BOOST_TEST_REQUIRE((now >= last));
        last = now;
        most = std::max(most, now - on.queue.now());
    }
    BOOST_TEST((most == 5s));
    BOOST_TEST((on.host.steady_now() == on.queue.now()));
}

BOOST_AUTO_TEST_CASE(timers_of_a_swinging_clock_are_never_early_by_its_own_time) {
    machine_on_queue on;
    on.host.swing(5s, 60s);
    for (int index = 0; index < 200; ++index) {
        const steady_time due = on.host.timer_now() + 777ms;
        bool woke = false;
        on.clock.async_wait(777ms, [&](std::error_code) {
            woke = true;
            BOOST_TEST((on.host.timer_now() >= due));
        });
        on.queue.run_for(2s);
        BOOST_TEST(woke);
    }
}

BOOST_AUTO_TEST_CASE(B12_what_is_due_during_a_pause_comes_when_it_is_over) {
    machine_on_queue on;
    std::string order;
    for (const char name : {'a', 'b', 'c'})
        on.clock.async_wait(1s * (name - 'a' + 1), [&, name](std::error_code) { order += name; });
    on.queue.run_for(1500ms);
    on.host.pause(10s);
    BOOST_TEST(!on.host.running());
    on.queue.run_for(9s);
    BOOST_TEST(order == "a");
    on.queue.run_for(1s);
    BOOST_TEST(order == "abc");
    BOOST_TEST(on.host.running());
}

BOOST_AUTO_TEST_CASE(B12_timers_stand_still_while_a_machine_is_suspended) {
    machine_on_queue on;
    steady_time woke{};
    on.clock.async_wait(10s, [&](std::error_code) { woke = on.queue.now(); });
    on.queue.run_for(4s);
    on.host.suspend(1h);
    on.queue.run_for(2h);
    BOOST_TEST((woke == steady_time{1h + 10s}));
    BOOST_TEST((on.host.steady_now() == on.queue.now()), "the steady clock goes on");
}

BOOST_AUTO_TEST_CASE(pauses_and_suspensions_that_overlap_end_with_the_later_one) {
    machine_on_queue on;
    on.host.suspend(10s);
    on.queue.run_for(5s);
    on.host.suspend(10s);
    on.host.pause(2s);
    on.queue.run_for(9s);
    BOOST_TEST(!on.host.running());
    on.queue.run_for(1s);
    BOOST_TEST(on.host.running());
    BOOST_TEST((on.host.steady_now() - on.host.timer_now() == 15s));
}

BOOST_AUTO_TEST_CASE(what_is_stopped_again_while_it_goes_on_keeps_its_order) {
    machine_on_queue on;
    std::string order;
    on.host.pause(1s);
    for (const char name : {'a', 'b', 'c'})
        on.host.when_running([&, name] {
            order += name;
            if (name == 'a')
                on.host.pause(1s);
        });
    on.queue.run_for(1s);
    BOOST_TEST(order == "a");
    on.queue.run_for(1s);
    BOOST_TEST(order == "abc");
}

BOOST_AUTO_TEST_CASE(what_comes_while_it_goes_on_waits_behind) {
    machine_on_queue on;
    std::string order;
    on.host.pause(1s);
    on.host.when_running([&] {
        order += 'a';
        on.host.when_running([&] { order += 'c'; });
    });
    on.host.when_running([&] { order += 'b'; });
    on.queue.run_for(1s);
    BOOST_TEST(order == "abc");
}

BOOST_AUTO_TEST_CASE(timers_go_on_when_a_suspension_ends_within_a_pause) {
    machine_on_queue on;
    on.host.pause(100s);
    on.queue.run_for(5s);
    on.host.suspend(10s);
    on.queue.run_for(95s);
    BOOST_TEST((on.host.timer_now() == steady_time{90s}));
}

BOOST_AUTO_TEST_CASE(a_host_that_was_destroyed_runs_no_task) {
    sim::event_queue queue;
    bool ran = false;
    {
        sim::host host{queue};
        host.pause(1s);
        host.when_running([&] { ran = true; });
    }
    queue.run_for(2s);
    BOOST_TEST(!ran);
}

BOOST_AUTO_TEST_CASE(machines_with_seeds_of_their_own_jump_apart) {
    sim::event_queue queue;
    sim::host one{queue, 1};
    sim::host other{queue, 2};
    for (sim::host* each : {&one, &other})
        each->jump_wall(10min);
    int together = 0;
    for (int second = 0; second < 1000; ++second) {
        queue.run_for(1s);
        together += one.now() == other.now() ? 1 : 0;
    }
    BOOST_TEST(together < 10);
}

BOOST_AUTO_TEST_CASE(correcting_a_machine_sets_its_clocks_right) {
    machine_on_queue on;
    on.host.step_wall(1h);
    on.host.jump_wall(1s);
    on.host.swing(1s, 20s);
    on.host.drift(50'000);
    on.queue.run_for(1min);
    on.host.correct();
    const auto apart = on.host.now() - sim::host::epoch - on.queue.now().time_since_epoch();
    BOOST_TEST((apart <= 0ms && apart > -2ms));
    const steady_time before = on.host.steady_now();
    on.queue.run_for(1min);
    BOOST_TEST((on.host.steady_now() - before == 1min));
}

BOOST_AUTO_TEST_SUITE_END()
