// SPDX-License-Identifier: BSL-1.0

#include <forest/core/backoff.hpp>
#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/random.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <type_traits>

using namespace std::chrono_literals;
using namespace forest;
using namespace forest::detail;

namespace {

using machine_type = health_machine<exponential_backoff>;

// A fleet keeps a hundred thousand of these.
static_assert(std::is_trivially_copyable_v<machine_type>);
static_assert(sizeof(machine_type) <= 256);
static_assert(std::is_trivially_copyable_v<verdict>);

machine_type fresh(options settings = {}) {
    return {settings, exponential_backoff{}, random_generator{}};
}

// Steps through reports until something else is asked for.
health_action settle(machine_type& subject, health_input input, steady_time now) {
    health_action next = subject.step(input, now);
    while (next.kind == health_action_kind::report)
        next = subject.step(health_input::reported(), now);
    return next;
}

verdict failed(errc error) {
    verdict result;
    result.error = error;
    return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(health_machine_test)

BOOST_AUTO_TEST_CASE(a_started_machine_reports_then_checks) {
    machine_type subject = fresh();
    health_action next = subject.step(health_input::started(), {});
    BOOST_TEST((next.kind == health_action_kind::report && next.event == event_kind::started));
    next = subject.step(health_input::reported(), {});
    BOOST_TEST(
        (next.kind == health_action_kind::report && next.event == event_kind::check_started));
    next = subject.step(health_input::reported(), {});
    BOOST_TEST((next.kind == health_action_kind::check && !next.fresh_connection));
}

BOOST_AUTO_TEST_CASE(a_machine_that_was_not_started_does_nothing) {
    machine_type subject = fresh();
    BOOST_TEST((subject.step(health_input::woke(), {}).kind == health_action_kind::none));
    BOOST_TEST((subject.step(health_input::started(), {}).kind == health_action_kind::report));
}

BOOST_AUTO_TEST_CASE(B13_a_second_start_changes_nothing) {
    machine_type subject = fresh();
    settle(subject, health_input::started(), {});
    BOOST_TEST((subject.step(health_input::started(), {}).kind == health_action_kind::none));
    const verdict ok{};
    BOOST_TEST((settle(subject, health_input::reply(ok), {}).kind == health_action_kind::wait));
    BOOST_TEST((subject.step(health_input::started(), {}).kind == health_action_kind::none));
}

BOOST_AUTO_TEST_CASE(B1_the_first_check_can_be_put_off_by_who_starts_many_targets) {
    machine_type subject = fresh();
    const steady_time begun{100s};
    health_action next = settle(subject, health_input::started(7s), begun);
    BOOST_TEST((next.kind == health_action_kind::wait && next.delay == 7s));
    BOOST_TEST((subject.due() == begun + 7s));
    BOOST_TEST(
        (settle(subject, health_input::woke(), begun + 7s).kind == health_action_kind::check));
    const verdict ok{};
    next = settle(subject, health_input::reply(ok), begun + 8s);
    BOOST_TEST((next.kind == health_action_kind::wait && next.delay == 29s));
}

BOOST_AUTO_TEST_CASE(B1_what_it_is_put_off_by_comes_on_top_of_the_initial_delay) {
    machine_type alone = fresh({.initial_delay_max = 20s});
    machine_type among_many = alone;
    const duration own = settle(alone, health_input::started(), {}).delay;
    BOOST_TEST((own > 0s && own < 20s));
    BOOST_TEST((settle(among_many, health_input::started(7s), {}).delay == own + 7s));
}

BOOST_AUTO_TEST_CASE(B1_an_observer_of_the_start_that_takes_long_does_not_put_off_the_first_check) {
    machine_type subject = fresh();
    BOOST_TEST((subject.step(health_input::started(7s), {}).kind == health_action_kind::report));
    const health_action next = subject.step(health_input::reported(), steady_time{3s});
    BOOST_TEST((next.kind == health_action_kind::wait && next.delay == 4s));
}

BOOST_AUTO_TEST_CASE(B12_a_check_that_is_launched_late_is_inconclusive_when_it_fails) {
    const verdict refused = failed(errc::connection_refused);
    for (const duration waited : {2s, 3s}) { // The tolerance is 2 s.
        machine_type subject = fresh();
        settle(subject, health_input::started(), {});
        const steady_time launched = steady_time{} + waited;
        BOOST_TEST(
            (subject.step(health_input::launched(), launched).kind == health_action_kind::none));
        const health_action told = subject.step(health_input::reply(refused), launched + 5s);
        BOOST_TEST((told.event ==
                    (waited > 2s ? event_kind::check_inconclusive : event_kind::check_failed)));
    }
}

BOOST_AUTO_TEST_CASE(B12_what_this_machine_lacks_is_no_failure_of_the_server) {
    machine_type subject = fresh({.failure_threshold = 1});
    settle(subject, health_input::started(), {});
    const verdict starved = failed(errc::local_resources_exhausted);
    steady_time now{5s};
    for (int n = 1; n <= 4; ++n) {
        const health_action told = subject.step(health_input::reply(starved), now);
        BOOST_TEST((told.event == event_kind::check_inconclusive));
        BOOST_TEST(subject.failures() == 0);
        BOOST_TEST((subject.status() == target_status::unknown));
        health_action next = settle(subject, health_input::reported(), now);
        if (n > 1) { // What two lacked, a third at once would lack, too.
            BOOST_TEST((next.kind == health_action_kind::wait && next.delay == 50ms));
            now += next.delay;
            next = settle(subject, health_input::woke(), now);
        }
        BOOST_TEST((next.kind == health_action_kind::check && next.fresh_connection));
    }
    const verdict refused = failed(errc::connection_refused);
    settle(subject, health_input::reply(refused), now);
    BOOST_TEST((subject.status() == target_status::down));
}

BOOST_AUTO_TEST_CASE(B33_a_check_of_a_missing_route_leaves_nothing_behind) {
    machine_type subject = fresh();
    steady_time now{};
    verdict missing = failed(errc::unexpected_status);
    missing.status = 404;
    const verdict ok{};
    // Before the first verdict, after a success, and in a run of failures.
    for (const int failures : {0, 0, 2}) {
        const target_status before = subject.status();
        if (subject.status() == target_status::unknown)
            settle(subject, health_input::started(), now);
        for (int n = 0; n < failures; ++n) {
            settle(subject, health_input::reply(failed(errc::timed_out)), now);
            now = subject.due();
            settle(subject, health_input::woke(), now);
        }
        const int attempt = subject.attempt();
        health_action next = subject.step(health_input::rerouted(missing), now);
        BOOST_TEST((next.kind == health_action_kind::report &&
                    next.event == event_kind::health_route_missing));
        BOOST_TEST(subject.failures() == failures);
        BOOST_TEST((subject.status() == (failures == 0 ? before : target_status::suspect)));
        // The next check begins at once, and is the attempt that this one would have been.
        next = settle(subject, health_input::reported(), now);
        BOOST_TEST((next.kind == health_action_kind::check && !next.fresh_connection));
        BOOST_TEST(subject.attempt() == attempt);
        next = settle(subject, health_input::reply(ok), now);
        BOOST_TEST((next.kind == health_action_kind::wait && next.delay == 30s));
        now = subject.due();
        settle(subject, health_input::woke(), now);
    }
    BOOST_TEST(subject.outage().id == 0U);
}

BOOST_AUTO_TEST_CASE(B33_a_wait_is_shortened_to_the_interval_that_holds_now) {
    const health_rules<exponential_backoff> slow{{.interval = 600s}, {}};
    const health_rules<exponential_backoff> quick{{.interval = 10s}, {}};
    const health_rules<exponential_backoff>* settings = &slow;
    struct by_pointer {
        const health_rules<exponential_backoff>* const* settings;
        operator const health_rules<exponential_backoff>&() const { return **settings; }
    };
    health_machine<exponential_backoff, by_pointer> subject{by_pointer{&settings},
                                                            random_generator{}};
    const auto play = [&](health_input input, steady_time now) {
        health_action next = subject.step(input, now);
        while (next.kind == health_action_kind::report)
            next = subject.step(health_input::reported(), now);
        return next;
    };
    const verdict ok{};
    BOOST_TEST((play(health_input::hurried(600s), {}).kind == health_action_kind::none));
    play(health_input::started(), {});
    BOOST_TEST((play(health_input::hurried(600s), {}).kind == health_action_kind::none));
    BOOST_TEST((play(health_input::reply(ok), {}).delay == 600s));
    const steady_time now{100s};
    BOOST_TEST((play(health_input::hurried(600s), now).kind == health_action_kind::none));
    settings = &quick;
    const health_action next = play(health_input::hurried(10s), now);
    BOOST_TEST((next.kind == health_action_kind::wait && next.delay == 10s));
    BOOST_TEST((subject.due() == now + 10s));
    BOOST_TEST((play(health_input::hurried(10s), now + 5s).kind == health_action_kind::none));
    BOOST_TEST((play(health_input::woke(), now + 10s).kind == health_action_kind::check));
    BOOST_TEST((play(health_input::reply(ok), now + 10s).delay == 10s));
    BOOST_TEST((play(health_input::hurried({}), now + 12s).kind == health_action_kind::wait));
    BOOST_TEST((play(health_input::woke(), now + 12s).kind == health_action_kind::check));
}

BOOST_AUTO_TEST_CASE(B12_a_name_service_that_does_not_answer_is_doubted_ten_times_and_then_counts) {
    machine_type subject = fresh({.failure_threshold = 1});
    const verdict unresolved = failed(errc::resolver_unavailable);
    steady_time now{};
    health_action next = settle(subject, health_input::started(), now);
    for (int n = 0; n < 10; ++n) {
        BOOST_TEST((next.kind == health_action_kind::check));
        const health_action told = subject.step(health_input::reply(unresolved), now);
        BOOST_TEST((told.event == event_kind::check_inconclusive));
        BOOST_TEST(subject.failures() == 0);
        BOOST_TEST(subject.doubts() == n + 1);
        BOOST_TEST((subject.status() == target_status::unknown));
        // Never at once: that would burn a core for as long as the name service refuses.
        next = settle(subject, health_input::reported(), now);
        BOOST_TEST(
            (next.kind == health_action_kind::wait && next.delay >= 2s && next.delay <= 30s));
        now += next.delay;
        next = settle(subject, health_input::woke(), now);
    }
    const health_action told = subject.step(health_input::reply(unresolved), now);
    BOOST_TEST((told.event == event_kind::check_failed));
    BOOST_TEST((subject.status() == target_status::down));
    BOOST_TEST(subject.outage().last_error == make_error_code(errc::resolve_failed));
    // And so does each that follows, until something else is heard.
    next = settle(subject, health_input::reported(), now);
    settle(subject, health_input::woke(), now + next.delay);
    BOOST_TEST((subject.step(health_input::reply(unresolved), now + next.delay).event ==
                event_kind::check_failed));
}

BOOST_AUTO_TEST_CASE(B12_whatever_counts_ends_a_row_of_doubts) {
    for (const errc heard : {errc{}, errc::connection_refused, errc::resolve_failed}) {
        machine_type subject = fresh({.failure_threshold = 100});
        const verdict unresolved = failed(errc::resolver_unavailable);
        const verdict other = heard == errc{} ? verdict{} : failed(heard);
        steady_time now{};
        health_action next = settle(subject, health_input::started(), now);
        for (int n = 1; n <= 100; ++n) {
            const health_action told =
                subject.step(health_input::reply(n % 10 == 0 ? other : unresolved), now);
            BOOST_TEST(((told.event == event_kind::check_inconclusive) == (n % 10 != 0)));
            next = settle(subject, health_input::reported(), now);
            now += next.delay;
            next = settle(subject, health_input::woke(), now);
        }
    }
}

BOOST_AUTO_TEST_CASE(B12_a_row_of_doubts_ends_with_any_answer_also_with_one_that_does_not_count) {
    verdict missing = failed(errc::unexpected_status);
    missing.status = 404;
    machine_type subject = fresh({.failure_threshold = 1});
    const verdict unresolved = failed(errc::resolver_unavailable);
    steady_time now{};
    settle(subject, health_input::started(), now);
    const auto doubt = [&](int times) {
        for (int n = 0; n < times; ++n) {
            const health_action next = settle(subject, health_input::reply(unresolved), now);
            now += next.delay;
            settle(subject, health_input::woke(), now);
        }
    };
    doubt(9);
    BOOST_TEST(
        (settle(subject, health_input::rerouted(missing), now).kind == health_action_kind::check));
    BOOST_TEST(subject.doubts() == 0);
    doubt(10);
    BOOST_TEST(subject.failures() == 0);
    doubt(1);
    BOOST_TEST(subject.failures() == 1);
}

BOOST_AUTO_TEST_CASE(B12_a_process_that_is_always_late_is_doubted_ten_times_and_then_counts) {
    machine_type subject = fresh({.failure_threshold = 2});
    const verdict silent = failed(errc::timed_out);
    health_action next = settle(subject, health_input::started(), {});
    for (int n = 0; n < 10; ++n) {
        BOOST_TEST((next.kind == health_action_kind::check && next.fresh_connection == (n > 0)));
        BOOST_TEST(!subject.patient());
        BOOST_TEST((subject.timeout({}) == 5s));
        const health_action told = subject.step(health_input::reply(silent, true), {});
        BOOST_TEST((told.event == event_kind::check_inconclusive));
        BOOST_TEST(subject.doubts() == n + 1);
        BOOST_TEST(subject.failures() == 0);
        next = settle(subject, health_input::reported(), {});
    }
    // It has time enough now, and the late result counts, as do those that follow.
    for (int n = 1; n <= 2; ++n) {
        BOOST_TEST((next.kind == health_action_kind::check));
        BOOST_TEST(subject.patient());
        BOOST_TEST((subject.timeout({}) == 50s));
        const steady_time now = subject.due();
        BOOST_TEST((subject.time_left(now + 10s) == 40s));
        const health_action told = subject.step(health_input::reply(silent, true), now);
        BOOST_TEST((told.event == event_kind::check_failed));
        BOOST_TEST(subject.failures() == n);
        settle(subject, health_input::reported(), now);
        next = settle(subject, health_input::woke(), subject.due());
    }
    BOOST_TEST((subject.status() == target_status::down));
    BOOST_TEST(subject.outage().last_error == make_error_code(errc::timed_out));
    BOOST_TEST(subject.doubts() == 10);
}

BOOST_AUTO_TEST_CASE(B12_a_failure_on_time_ends_a_row_of_late_ones) {
    const verdict silent = failed(errc::timed_out);
    for (const bool answers : {false, true}) {
        machine_type subject = fresh({.failure_threshold = 100, .doubt_max = 2});
        settle(subject, health_input::started(), {});
        settle(subject, health_input::reply(silent, true), {});
        settle(subject, health_input::reply(silent, true), {});
        BOOST_TEST(subject.patient());
        settle(subject, health_input::reply(answers ? verdict{} : silent), {});
        BOOST_TEST(subject.doubts() == 0);
        BOOST_TEST(!subject.patient());
        settle(subject, health_input::woke(), subject.due());
        BOOST_TEST((subject.step(health_input::reply(silent, true), subject.due()).event ==
                    event_kind::check_inconclusive));
    }
}

BOOST_AUTO_TEST_CASE(B12_late_checks_and_unanswered_look_ups_are_doubted_together) {
    machine_type subject = fresh({.failure_threshold = 1, .doubt_max = 2});
    settle(subject, health_input::started(), {});
    settle(subject, health_input::reply(failed(errc::timed_out), true), {});
    const verdict unresolved = failed(errc::resolver_unavailable);
    health_action next = settle(subject, health_input::reply(unresolved, true), {});
    // Only time for this process would not help.
    BOOST_TEST(!subject.patient());
    settle(subject, health_input::woke(), steady_time{} + next.delay);
    BOOST_TEST(
        (subject.step(health_input::reply(unresolved, true), steady_time{} + next.delay).event ==
         event_kind::check_failed));
}

BOOST_AUTO_TEST_CASE(B12_without_any_doubt_a_late_failure_counts_at_once) {
    machine_type subject = fresh({.failure_threshold = 1, .doubt_max = 0});
    settle(subject, health_input::started(), {});
    BOOST_TEST(!subject.patient());
    BOOST_TEST((subject.step(health_input::reply(failed(errc::timed_out), true), {}).event ==
                event_kind::check_failed));
}

BOOST_AUTO_TEST_CASE(B12_lateness_before_a_request_that_is_sent_again_is_remembered) {
    for (const bool late : {false, true}) {
        machine_type subject = fresh();
        settle(subject, health_input::started(), {});
        BOOST_TEST(subject.may_send_again());
        const health_action next = subject.step(health_input::unsent(late), steady_time{3s});
        BOOST_TEST((next.kind == health_action_kind::check && next.fresh_connection));
        BOOST_TEST(!subject.may_send_again());
        BOOST_TEST((subject.timeout(steady_time{3s}) == 2s));
        BOOST_TEST((subject.timeout(steady_time{6s}) == 1ms));
        const health_action told =
            subject.step(health_input::reply(failed(errc::timed_out)), steady_time{5s});
        BOOST_TEST(
            (told.event == (late ? event_kind::check_inconclusive : event_kind::check_failed)));
    }
}

BOOST_AUTO_TEST_CASE(B12_a_wake_up_is_late_when_it_exceeds_the_tolerance) {
    for (const duration late : {duration{2s}, 2s + duration{1}}) {
        machine_type subject = fresh();
        settle(subject, health_input::started(), {});
        settle(subject, health_input::reply(verdict{}), {});
        const steady_time woken = steady_time{30s} + late;
        settle(subject, health_input::woke(), woken);
        const health_action told =
            subject.step(health_input::reply(failed(errc::connection_refused)), woken);
        BOOST_TEST((told.event ==
                    (late > 2s ? event_kind::check_inconclusive : event_kind::check_failed)));
    }
}

BOOST_AUTO_TEST_CASE(B1_a_wake_up_that_misses_a_whole_interval_begins_a_new_schedule) {
    for (const duration late : {10s - duration{1}, duration{10s}}) {
        machine_type subject = fresh({.interval = 10s, .stall_tolerance = 1h});
        settle(subject, health_input::started(), {});
        settle(subject, health_input::reply(verdict{}), {});
        const steady_time woken = steady_time{10s} + late;
        settle(subject, health_input::woke(), woken);
        const health_action next = settle(subject, health_input::reply(verdict{}), woken);
        BOOST_TEST((next.delay == (late < 10s ? duration{1} : 10s)));
    }
}

BOOST_AUTO_TEST_CASE(B7_B8_thresholds_are_reached_exactly) {
    machine_type subject = fresh({.failure_threshold = 3, .success_threshold = 2});
    const verdict refused = failed(errc::connection_refused);
    settle(subject, health_input::started(), {});
    const auto check = [&](const verdict& result) {
        settle(subject, health_input::reply(result), subject.due());
        settle(subject, health_input::woke(), subject.due());
        return subject.status();
    };
    BOOST_TEST((check(refused) == target_status::suspect));
    BOOST_TEST((check(refused) == target_status::suspect));
    BOOST_TEST((check(refused) == target_status::down));
    BOOST_TEST((check({}) == target_status::down));
    BOOST_TEST((check(refused) == target_status::down));
    BOOST_TEST((check({}) == target_status::down));
    BOOST_TEST((check({}) == target_status::up));
    BOOST_TEST(subject.outage().failures == 3);
    BOOST_TEST(subject.outage().id == 1U);
}

BOOST_AUTO_TEST_CASE(B11_a_run_of_failures_keeps_the_last_skew_of_the_clocks) {
    machine_type subject = fresh({.failure_threshold = 3});
    settle(subject, health_input::started(), {});
    for (const auto skew : {std::optional{60s}, std::optional<std::chrono::seconds>{}}) {
        verdict result = failed(errc::unauthorized);
        result.clock_skew = skew;
        settle(subject, health_input::reply(result), subject.due());
        settle(subject, health_input::woke(), subject.due());
    }
    BOOST_TEST((subject.outage().clock_skew == std::optional{60s}));
    BOOST_TEST(subject.outage().unauthorized);
    // The next run begins without it.
    settle(subject, health_input::reply(verdict{}), subject.due());
    settle(subject, health_input::woke(), subject.due());
    settle(subject, health_input::reply(failed(errc::timed_out)), subject.due());
    BOOST_TEST(!subject.outage().clock_skew.has_value());
    BOOST_TEST(!subject.outage().unauthorized);
}

BOOST_AUTO_TEST_CASE(B14_a_stopped_machine_is_finished_for_ever) {
    for (const bool started : {false, true}) {
        machine_type subject = fresh();
        if (started)
            settle(subject, health_input::started(), {});
        BOOST_TEST(
            (subject.step(health_input::stopped(), {}).kind == health_action_kind::finished));
        BOOST_TEST(
            (subject.step(health_input::started(), {}).kind == health_action_kind::finished));
        BOOST_TEST((subject.step(health_input::woke(), {}).kind == health_action_kind::finished));
        BOOST_TEST(
            (subject.step(health_input::stopped(), {}).kind == health_action_kind::finished));
    }
}

BOOST_AUTO_TEST_CASE(an_observer_that_takes_long_does_not_shift_the_schedule) {
    machine_type subject = fresh();
    steady_time now{};
    settle(subject, health_input::started(), now);
    const verdict ok{};
    BOOST_TEST((subject.step(health_input::reply(ok), now).kind == health_action_kind::report));
    now += 10s; // spent in the observer
    const health_action next = subject.step(health_input::reported(), now);
    BOOST_TEST((next.kind == health_action_kind::wait && next.delay == 20s));
}

BOOST_AUTO_TEST_CASE(a_copy_decides_as_its_original_does) {
    machine_type subject = fresh({.interval_jitter = 0.5});
    settle(subject, health_input::started(), {});
    machine_type copy = subject;
    const verdict refused = failed(errc::connection_refused);
    BOOST_TEST((settle(subject, health_input::reply(refused), {}).delay ==
                settle(copy, health_input::reply(refused), {}).delay));
}

BOOST_AUTO_TEST_CASE(a_target_that_is_down_for_years_stays_down) {
    machine_type subject = fresh({.interval = 1s});
    steady_time now{};
    health_action next = settle(subject, health_input::started(), now);
    const verdict refused = failed(errc::connection_refused);
    for (int n = 0; n < 1'000'000; ++n) {
        next = settle(subject, health_input::reply(refused), now);
        now += next.delay;
        next = settle(subject, health_input::woke(), now);
    }
    BOOST_TEST((subject.status() == target_status::down));
    BOOST_TEST(subject.failures() == 1'000'000);
    BOOST_TEST(subject.outage().id == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
