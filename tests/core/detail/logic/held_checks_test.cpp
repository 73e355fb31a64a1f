// SPDX-License-Identifier: BSL-1.0

// The rules of held checks (B42 to B49) on the machine of one target, in virtual time.

#include <forest/core/backoff.hpp>
#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/detection.hpp>
#include <forest/core/random.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
using namespace forest::detail;

namespace {

using machine_type = health_machine<exponential_backoff>;

const options held{.hold = 25s};
constexpr hold_seconds offered{30};

verdict failed(errc error) {
    verdict result;
    result.error = error;
    return result;
}

// A machine that is driven by hand. The clock stands still except in `after`.
struct driven {
    explicit driven(const options& settings = held)
        : machine{settings, exponential_backoff{}, random_generator{}} {
        step(health_input::started());
    }

    void step(health_input input) {
        action = machine.step(input, now);
        for (; action.kind == health_action_kind::report;
             action = machine.step(health_input::reported(), now)) {
            reports.push_back(action.event);
            if (action.event == event_kind::server_down)
                down_at = now;
        }
    }

    driven& after(duration passed) {
        now += passed;
        return *this;
    }

    // The present check ends as healthy, or with an error.
    void heal(hold_seconds offer = offered, bool late = false) {
        const verdict result{};
        step(health_input::reply(result, late, offer));
    }
    void fail(errc error, bool late = false) {
        const verdict result = failed(error);
        step(health_input::reply(result, late));
    }

    void wake() {
        BOOST_TEST_REQUIRE((action.kind == health_action_kind::wait));
        now += action.delay;
        step(health_input::woke());
    }

    [[nodiscard]] bool checks(hold_seconds hold = {}) const {
        return action.kind == health_action_kind::check && action.hold == hold;
    }
    [[nodiscard]] bool waits() const { return action.kind == health_action_kind::wait; }
    [[nodiscard]] auto count(event_kind kind) const {
        return std::count(reports.begin(), reports.end(), kind);
    }

    machine_type machine;
    steady_time now{};
    health_action action;
    std::vector<event_kind> reports;
    std::optional<steady_time> down_at;
};

// A target whose first held check is under way.
driven holding(const options& settings = held) {
    driven subject{settings};
    subject.heal();
    BOOST_TEST_REQUIRE((subject.action.hold > 0s));
    return subject;
}

} // namespace

BOOST_AUTO_TEST_SUITE(held_checks_test)

BOOST_AUTO_TEST_CASE(B43_without_the_option_no_check_is_held) {
    driven subject{options{}};
    subject.heal();
    BOOST_TEST((subject.waits() && subject.action.delay == 30s));
}

BOOST_AUTO_TEST_CASE(B43_the_first_check_is_plain_and_a_held_one_follows_at_once) {
    driven subject;
    BOOST_TEST(subject.checks());
    BOOST_TEST((subject.machine.timeout(subject.now) == 5s));
    subject.heal();
    BOOST_TEST(subject.checks(hold_seconds{25}));
    BOOST_TEST((subject.machine.timeout(subject.now) == 30s)); // B44: one deadline
    BOOST_TEST(!subject.action.fresh_connection);
    subject.after(25s).heal();
    BOOST_TEST(subject.checks(hold_seconds{25}));
}

BOOST_AUTO_TEST_CASE(B43_without_an_offer_the_next_check_comes_at_the_end_of_the_interval) {
    driven subject;
    subject.heal({});
    BOOST_TEST((subject.waits() && subject.action.delay == 30s));
    subject.wake();
    BOOST_TEST(subject.checks());
}

BOOST_AUTO_TEST_CASE(B44_silence_at_the_deadline_is_a_failed_check) {
    driven subject = holding();
    subject.after(30s).fail(errc::timed_out);
    BOOST_TEST(subject.count(event_kind::check_failed) == 1);
    BOOST_TEST((subject.machine.status() == target_status::suspect));
    BOOST_TEST((subject.waits() && subject.action.delay == exponential_backoff{}(1, 30s)));
    subject.wake();
    BOOST_TEST(subject.checks());
}

BOOST_AUTO_TEST_CASE(B45_a_server_that_answers_at_once_gets_three_checks_in_an_interval) {
    driven subject;
    int checks = 0;
    while (subject.now < steady_time{} + 300s) {
        if (subject.waits()) {
            subject.wake();
            continue;
        }
        ++checks;
        subject.heal();
    }
    BOOST_TEST(checks == 30);
}

BOOST_AUTO_TEST_CASE(B46_the_end_of_a_held_check_is_a_hint_and_a_plain_check_follows_at_once) {
    for (const errc hint : {errc::connection_lost, errc::unexpected_status, errc::unauthorized,
                            errc::malformed_response, errc::timed_out /* before the deadline */}) {
        driven subject = holding();
        subject.after(7s).fail(hint);
        BOOST_TEST(subject.count(event_kind::check_failed) == 0);
        BOOST_TEST(subject.count(event_kind::check_inconclusive) == 1);
        BOOST_TEST((subject.checks() && subject.action.fresh_connection));
        BOOST_TEST((subject.machine.timeout(subject.now) == 5s));
        subject.heal();
        BOOST_TEST((subject.machine.status() == target_status::up));
        BOOST_TEST(subject.machine.failures() == 0);
    }
}

BOOST_AUTO_TEST_CASE(B46_a_closed_connection_of_a_held_check_is_no_reason_to_send_it_again) {
    driven subject = holding();
    BOOST_TEST(!subject.machine.may_send_again());
    subject.fail(errc::connection_lost);
    BOOST_TEST(subject.machine.may_send_again());
}

BOOST_AUTO_TEST_CASE(B46_what_follows_a_hint_has_the_rest_of_the_time_of_the_held_check) {
    driven subject = holding();
    subject.after(27s).fail(errc::connection_lost);
    BOOST_TEST((subject.checks() && subject.machine.timeout(subject.now) == 3s));
    subject.after(3s).fail(errc::timed_out);
    BOOST_TEST(subject.count(event_kind::check_failed) == 1);
}

BOOST_AUTO_TEST_CASE(B46_a_hint_in_the_last_moments_is_the_failure) {
    driven subject = holding();
    subject.after(29s).fail(errc::connection_lost);
    BOOST_TEST(subject.count(event_kind::check_failed) == 1);
    BOOST_TEST((subject.checks() && subject.machine.timeout(subject.now) == 5s));
}

BOOST_AUTO_TEST_CASE(B46_failures_after_a_hint_are_confirmed_quickly) {
    driven subject = holding();
    subject.after(10s).fail(errc::connection_lost);
    const steady_time died = subject.now;
    subject.fail(errc::connection_refused);
    BOOST_TEST(subject.checks()); // 0 s
    subject.fail(errc::connection_refused);
    BOOST_TEST((subject.waits() && subject.action.delay <= 100ms && subject.action.delay >= 50ms));
    subject.wake();
    subject.fail(errc::connection_refused);
    BOOST_TEST_REQUIRE(subject.down_at.has_value());
    BOOST_TEST((*subject.down_at - died <= 100ms));
    BOOST_TEST((subject.waits() && subject.action.delay <= 400ms && subject.action.delay >= 200ms));
    subject.wake();
    subject.fail(errc::connection_refused);
    const duration backoff = exponential_backoff{}(4, 30s);
    BOOST_TEST((subject.action.delay <= backoff && subject.action.delay >= backoff / 2));
    BOOST_TEST((*subject.down_at - died <= held_detection(held).refused));
}

BOOST_AUTO_TEST_CASE(B46_the_backoff_is_kept_if_that_was_chosen) {
    driven subject = holding({.hold = 25s, .confirm_after = confirm_delays::none});
    subject.fail(errc::connection_lost);
    for (int failures = 1; failures < 6; ++failures) {
        subject.fail(errc::connection_refused);
        const duration backoff = exponential_backoff{}(failures, 30s);
        BOOST_TEST((subject.waits() && subject.action.delay <= backoff));
        BOOST_TEST((subject.action.delay >= backoff / 2));
        subject.wake();
    }
}

BOOST_AUTO_TEST_CASE(B46_a_proxy_that_closes_idle_connections_makes_no_outage) {
    driven subject;
    for (int n = 0; n < 1000; ++n) {
        if (subject.waits())
            subject.wake();
        else if (subject.action.hold > 5s)
            subject.after(5s).fail(errc::connection_lost);
        else
            subject.after(subject.action.hold).heal();
    }
    BOOST_TEST(subject.count(event_kind::check_failed) == 0);
    BOOST_TEST(subject.count(event_kind::check_inconclusive) < 40);
}

BOOST_AUTO_TEST_CASE(B47_an_announced_stop_counts_at_once_and_what_follows_is_spread) {
    std::vector<duration> delays;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        driven subject;
        subject.machine = {held, exponential_backoff{}, random_generator{seed}};
        subject.step(health_input::started());
        subject.heal();
        subject.after(10s).fail(errc::stopping, true); // B49: also if it was read late
        BOOST_TEST_REQUIRE((subject.machine.status() == target_status::down));
        BOOST_TEST_REQUIRE(subject.waits());
        delays.push_back(subject.action.delay);
    }
    const auto [first, last] = std::minmax_element(delays.begin(), delays.end());
    const duration backoff = exponential_backoff{}(1, 30s);
    BOOST_TEST((*first >= backoff / 2 && *last <= backoff && *last - *first > backoff / 4));
}

BOOST_AUTO_TEST_CASE(B49_a_healthy_answer_that_was_read_late_is_repeated_as_a_plain_check) {
    driven subject = holding();
    subject.after(20s).heal(offered, true);
    BOOST_TEST(subject.count(event_kind::check_succeeded) == 1); // the first one
    BOOST_TEST(subject.count(event_kind::check_inconclusive) == 1);
    BOOST_TEST((subject.checks() && subject.action.fresh_connection));
    BOOST_TEST((subject.machine.timeout(subject.now) == 5s));
    subject.heal();
    BOOST_TEST(subject.count(event_kind::check_succeeded) == 2);
    BOOST_TEST(subject.checks(hold_seconds{25}));
}

BOOST_AUTO_TEST_CASE(B49_a_plain_healthy_answer_counts_also_if_it_was_read_late) {
    driven subject;
    subject.heal(offered, true);
    BOOST_TEST(subject.count(event_kind::check_succeeded) == 1);
}

BOOST_AUTO_TEST_CASE(B12_silence_while_this_process_was_late_is_inconclusive_for_a_held_check_too) {
    driven subject = holding();
    subject.after(60s).fail(errc::timed_out, true);
    BOOST_TEST(subject.count(event_kind::check_failed) == 0);
    BOOST_TEST((subject.checks() && subject.machine.timeout(subject.now) == 5s));
}

BOOST_AUTO_TEST_CASE(B12_what_this_machine_lacks_is_no_hint) {
    driven subject = holding();
    subject.fail(errc::local_resources_exhausted);
    subject.fail(errc::connection_refused);
    BOOST_TEST((subject.waits() && subject.action.delay == exponential_backoff{}(1, 30s)));
}

namespace {

// A server with a proxy in front, and the ways in which both make a holding client wait.
struct world {
    enum class end : std::uint8_t { refused, silent };

    world(const options& given, std::uint64_t seed)
        : subject{given}, settings{given}, random{seed} {
        subject.machine = {settings, exponential_backoff{}, random_generator{seed}};
        subject.step(health_input::started());
        death = draw(4 * settings.interval);
        how = random() % 2 == 0 ? end::refused : end::silent;
        delay_max = random() % 3 == 0 ? settings.timeout : settings.timeout / 100;
        quick = random() % 4 == 0;
    }

    duration draw(duration most) {
        return duration{
            static_cast<duration::rep>(static_cast<double>(most.count()) * random.uniform())};
    }

    // Runs until the outage is reported. Returns the time since the last moment at which the server
    // can have been seen alive.
    duration detection() {
        while (!subject.down_at) {
            BOOST_TEST_REQUIRE((subject.now < steady_time{} + 24h));
            if (subject.waits())
                subject.wake();
            else
                check();
        }
        return *subject.down_at - (steady_time{} + death);
    }

    void check() {
        const steady_time begun = subject.now;
        const steady_time deadline = begun + subject.machine.timeout(begun);
        const duration hold = subject.action.hold;
        holds += hold > duration::zero() ? 1 : 0;
        const steady_time dead = steady_time{} + death;
        // When the server sends an answer if it lives, and when the answer arrives. A part of the
        // holding servers does not hold.
        const steady_time sent = begun + (quick ? draw(hold / 8) : hold - draw(hold / 16));
        const steady_time arrives = sent + draw(delay_max);
        // A proxy may end a held check, in one way or the other. Behind it, the server lives.
        const steady_time cut = begun + draw(8 * (hold + settings.timeout));
        if (hold > duration::zero() && cut < arrives && cut < deadline && cut < dead) {
            ++hints;
            subject.now = cut;
            return subject.fail(random() % 2 == 0 ? errc::connection_lost
                                                  : errc::unexpected_status);
        }
        if (sent < dead && arrives < deadline) {
            subject.now = arrives;
            return subject.heal(random() % 20 == 0 ? hold_seconds{} : offered);
        }
        if (how == end::refused && sent >= dead) {
            // Sometimes nothing tells of the end of a kept connection, or a proxy does so later.
            subject.now = std::max(begun, dead);
            return subject.fail(hold > duration::zero() ? errc::connection_lost
                                                        : errc::connection_refused);
        }
        if (how == end::silent && hold > duration::zero() && random() % 3 == 0) {
            const steady_time from = std::max(begun, dead);
            const steady_time closed = from + draw(deadline - from);
            subject.now = closed;
            return subject.fail(errc::connection_lost);
        }
        subject.now = deadline;
        subject.fail(errc::timed_out);
    }

    driven subject;
    options settings;
    random_generator random;
    duration death;
    end how;
    duration delay_max;
    bool quick;
    int holds = 0;
    int hints = 0;
};

} // namespace

BOOST_AUTO_TEST_CASE(B42_detection_is_never_later_than_with_plain_checks) {
    random_generator random{42};
    int held_worlds = 0;
    int hints = 0;
    for (std::uint64_t seed = 0; seed < 30'000; ++seed) {
        options settings{
            .interval = std::chrono::milliseconds{1000 + random() % 60'000},
            .timeout = std::chrono::milliseconds{100 + random() % 20'000},
            .failure_threshold = static_cast<int>(1 + random() % 5),
            .interval_jitter = random() % 2 == 0 ? 0.0 : random.uniform() / 2,
            .stall_tolerance = 1h,
        };
        settings.hold = std::chrono::milliseconds{
            1000 + random() % (static_cast<std::uint64_t>(settings.interval / 1ms) - 999)};
        if (random() % 3 == 0)
            settings.hold = settings.interval;
        settings.hold = std::min(settings.hold, options::hold_max);
        if (random() % 4 == 0)
            settings.confirm_after = confirm_delays::none;
        BOOST_TEST_REQUIRE(settings.valid());
        const detection_bound bound = worst_case_detection(settings);
        world one{settings, seed};
        const duration took = one.detection();
        const duration most = one.how == world::end::refused ? bound.refused : bound.black_holed;
        BOOST_TEST_REQUIRE((took <= most),
                           "seed " << seed << ": " << took / 1ms << " ms, bound " << most / 1ms
                                   << " ms, interval " << settings.interval / 1ms << ", timeout "
                                   << settings.timeout / 1ms << ", hold " << settings.hold / 1ms);
        held_worlds += one.holds > 0 ? 1 : 0;
        hints += one.hints;
    }
    BOOST_TEST(held_worlds > 20'000);
    BOOST_TEST(hints > 1000);
}

BOOST_AUTO_TEST_SUITE_END()
