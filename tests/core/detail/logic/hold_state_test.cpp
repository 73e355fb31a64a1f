// SPDX-License-Identifier: BSL-1.0

#include <forest/core/detail/logic/hold_state.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <type_traits>

using namespace std::chrono_literals;
using namespace forest;
using forest::detail::hold_seconds;
using forest::detail::hold_state;

namespace {

// A fleet keeps one for each target.
static_assert(sizeof(hold_state) <= 8);
static_assert(std::is_trivially_copyable_v<hold_state>);

const options held{.hold = 25s};
constexpr hold_seconds offered{30};

// A state after a first plain check with an offer.
hold_state begun(const options& settings = held, hold_seconds offer = offered) {
    hold_state subject;
    BOOST_TEST((subject.begin(settings) == 0s));
    subject.healthy(settings, offer, 1ms);
    return subject;
}

// Returns for how long the next check may be held, if it begins at once.
hold_seconds next(hold_state subject, const options& settings = held, bool early = false) {
    return subject.goes_on(early) ? subject.begin(settings) : hold_seconds{};
}

void begin_held(hold_state& subject, bool early = false) {
    BOOST_TEST_REQUIRE(subject.goes_on(early));
    subject.begin(held);
    BOOST_TEST_REQUIRE(subject.held());
}

// A held check that ends as healthy after `took`.
void hold_once(hold_state& subject, duration took = 25s) {
    begin_held(subject, took < held.interval);
    subject.healthy(held, offered, took);
}

// A held check that is closed, and the plain check that follows.
void close_once(hold_state& subject, duration took = 25s) {
    begin_held(subject);
    subject.closed(held, took, true);
    BOOST_TEST((subject.begin(held) == 0s));
    subject.healthy(held, offered, 1ms);
}

} // namespace

BOOST_AUTO_TEST_SUITE(hold_state_test)

BOOST_AUTO_TEST_CASE(B43_the_first_check_is_plain_and_the_offer_of_its_answer_counts_for_the_next) {
    hold_state subject = begun();
    BOOST_TEST((next(subject) == 25s));
}

BOOST_AUTO_TEST_CASE(B43_the_smaller_one_of_offer_and_option_is_asked_for_in_whole_seconds) {
    BOOST_TEST((next(begun(held, hold_seconds{7})) == 7s));
    const options odd{.hold = 25s + 999ms};
    BOOST_TEST((next(begun(odd), odd) == 25s));
    const options longest{.interval = 1h, .hold = 240s};
    BOOST_TEST((next(begun(longest, hold_seconds{240}), longest) == 240s));
}

BOOST_AUTO_TEST_CASE(B43_an_answer_without_an_offer_ends_the_holding_until_there_is_one_again) {
    hold_state subject = begun();
    begin_held(subject);
    subject.healthy(held, {}, 25s);
    BOOST_TEST((next(subject) == 0s));
    subject.healthy(held, offered, 1ms);
    BOOST_TEST((next(subject) == 25s));
}

BOOST_AUTO_TEST_CASE(B43_a_failure_of_any_check_ends_the_holding) {
    hold_state subject = begun();
    begin_held(subject);
    subject.failed();
    BOOST_TEST((next(subject) == 0s));
    subject.healthy(held, offered, 1ms);
    begin_held(subject);
    subject.closed(held, 10s, true);
    BOOST_TEST((subject.begin(held) == 0s));
}

BOOST_AUTO_TEST_CASE(B42_a_check_that_does_not_begin_at_once_is_plain) {
    hold_state subject = begun();
    BOOST_TEST((subject.begin(held) == 0s));
}

BOOST_AUTO_TEST_CASE(B42_a_hold_is_shorter_than_the_interval_by_the_time_the_answer_was_under_way) {
    const options whole{.interval = 30s, .timeout = 5s, .hold = 30s};
    hold_state subject = begun(whole);
    BOOST_TEST((next(subject, whole) == 29s)); // The answer before took 1 ms.
    subject.healthy(whole, offered, 29s);
    BOOST_TEST((next(subject, whole) == 25s));
    const options quick{.interval = 2s, .timeout = 5s, .hold = 2s};
    hold_state other = begun(quick);
    BOOST_TEST((next(other, quick) == 2s));
    other.healthy(quick, offered, 2s);
    BOOST_TEST((next(other, quick) == 2s));
    other.healthy(quick, offered, 4500ms);
    BOOST_TEST((next(other, quick) == 0s));
}

BOOST_AUTO_TEST_CASE(B45_early_answers_get_two_checks_more_in_an_interval_than_plain_polling) {
    hold_state subject;
    for (int interval = 0; interval < 10; ++interval) {
        BOOST_TEST((subject.begin(held) == 0s));
        subject.healthy(held, offered, 0s);
        int early = 0;
        while (subject.goes_on(true)) {
            ++early;
            subject.begin(held);
            subject.healthy(held, offered, 0s);
        }
        BOOST_TEST(early == 2);
    }
}

BOOST_AUTO_TEST_CASE(B45_who_holds_for_a_third_of_the_interval_is_never_left_unheld) {
    for (const duration took : {10s, 12s, 25s, 35s}) {
        hold_state subject = begun();
        for (int n = 0; n < 100; ++n)
            hold_once(subject, took);
    }
    hold_state subject = begun();
    for (int n = 0; n < 2; ++n)
        hold_once(subject, 10s - 1ns);
    BOOST_TEST(!subject.goes_on(true));
}

BOOST_AUTO_TEST_CASE(B45_a_proxy_that_closes_at_once_gets_two_checks_more_than_plain_polling) {
    hold_state subject = begun();
    for (int n = 0; n < 20; ++n) {
        begin_held(subject, true);
        subject.closed(held, 1ms, true);
        BOOST_TEST((subject.begin(held) == 0s));
        subject.healthy(held, offered, 1ms);
        BOOST_TEST(!subject.goes_on(true));
        BOOST_TEST((subject.begin(held) == 0s)); // at the end of the interval
        subject.healthy(held, offered, 1ms);
    }
}

BOOST_AUTO_TEST_CASE(B46_two_closes_in_a_row_halve_the_hold_and_no_hold_is_shorter_than_a_second) {
    hold_state subject = begun();
    for (const auto expected : {25s, 12s, 6s, 3s, 1s, 1s, 1s}) {
        for (int closes = 0; closes < 2; ++closes) {
            BOOST_TEST((next(subject) == expected));
            close_once(subject);
        }
    }
}

BOOST_AUTO_TEST_CASE(B46_a_close_between_held_answers_changes_nothing) {
    hold_state subject = begun();
    for (int n = 0; n < 20; ++n) {
        close_once(subject);
        hold_once(subject);
    }
    BOOST_TEST((next(subject) == 25s));
}

BOOST_AUTO_TEST_CASE(B46_a_hundred_held_checks_without_a_close_double_the_hold_again) {
    hold_state subject = begun();
    for (int n = 0; n < 4; ++n)
        close_once(subject);
    for (const auto expected : {6s, 12s, 25s, 25s}) {
        for (int n = 0; n < 100; ++n) {
            BOOST_TEST_REQUIRE((next(subject) == expected));
            hold_once(subject, 30s);
        }
    }
}

BOOST_AUTO_TEST_CASE(B46_a_close_begins_the_hundred_checks_again) {
    hold_state subject = begun();
    close_once(subject);
    close_once(subject);
    for (int n = 0; n < 99; ++n)
        hold_once(subject, 30s);
    close_once(subject);
    for (int n = 0; n < 99; ++n)
        hold_once(subject, 30s);
    BOOST_TEST((next(subject) == 12s));
    hold_once(subject, 30s);
    BOOST_TEST((next(subject) == 25s));
}

BOOST_AUTO_TEST_CASE(B46_failures_after_a_hint_are_confirmed_until_a_success) {
    hold_state subject = begun();
    begin_held(subject);
    subject.closed(held, 10s, true);
    BOOST_TEST((subject.follows_hint() && subject.confirms() && subject.spreads()));
    BOOST_TEST((!subject.held() && subject.asked() == 25s));
    subject.begin(held);
    BOOST_TEST((subject.follows_hint() && subject.asked() == 0s));
    subject.failed();
    BOOST_TEST((!subject.follows_hint() && subject.confirms() && subject.spreads()));
    subject.begin(held);
    subject.failed();
    BOOST_TEST(subject.confirms());
    subject.begin(held);
    subject.healthy(held, offered, 1ms);
    BOOST_TEST((!subject.confirms() && !subject.spreads()));
}

BOOST_AUTO_TEST_CASE(B47_what_follows_an_announced_stop_is_spread_and_not_confirmed) {
    hold_state subject = begun();
    begin_held(subject);
    subject.farewell();
    BOOST_TEST((!subject.follows_hint() && !subject.confirms() && subject.spreads()));
    BOOST_TEST((next(subject) == 0s));
}

BOOST_AUTO_TEST_CASE(B49_a_late_answer_is_followed_by_a_plain_check) {
    hold_state subject = begun();
    begin_held(subject);
    subject.read_late();
    BOOST_TEST(!subject.held());
    BOOST_TEST((subject.begin(held) == 0s));
    subject.healthy(held, offered, 1ms);
    BOOST_TEST((next(subject) == 25s));
}

BOOST_AUTO_TEST_SUITE_END()
