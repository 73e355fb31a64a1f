// SPDX-License-Identifier: BSL-1.0

#include <forest/core/detail/logic/schema_hold.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>

using namespace std::chrono_literals;
using forest::steady_time;
using forest::detail::hold_seconds;
using forest::detail::schema_hold;
using forest::detail::schema_hold_action;
using forest::detail::schema_hold_kind;

namespace {

constexpr hold_seconds offered{60};

constexpr steady_time at(forest::duration moment) {
    return steady_time{moment};
}

// After a fetch at 0 s whose answer has this offer.
schema_hold fetched(hold_seconds offer = offered) {
    schema_hold subject{30s, 30s};
    BOOST_TEST((subject.begin({}) == 0s));
    subject.served(offer, {});
    return subject;
}

} // namespace

BOOST_AUTO_TEST_SUITE(schema_hold_test)

BOOST_AUTO_TEST_CASE(B51_nothing_is_held_without_the_option_or_an_offer) {
    schema_hold off{30s, 0s};
    (void)off.begin({});
    off.served(offered, {});
    BOOST_TEST(!off.wanted());
    BOOST_TEST((off.next({}).kind == schema_hold_kind::none));
    BOOST_TEST((fetched(hold_seconds{}).next({}).kind == schema_hold_kind::none));
    BOOST_TEST((fetched(hold_seconds{}).next(at(1h)).kind == schema_hold_kind::none));
}

BOOST_AUTO_TEST_CASE(B51_a_request_is_held_for_as_long_as_both_sides_want) {
    schema_hold subject = fetched();
    for (int n = 0; n < 100; ++n) {
        BOOST_TEST_REQUIRE((subject.next(at(n * 30s)).kind == schema_hold_kind::hold));
        BOOST_TEST((subject.begin(at(n * 30s)) == 30s));
        subject.served(offered, at((n + 1) * 30s));
    }
    schema_hold brief = fetched(hold_seconds{7});
    BOOST_TEST((brief.next({}).kind == schema_hold_kind::hold));
    BOOST_TEST((brief.begin({}) == 7s));
}

BOOST_AUTO_TEST_CASE(B51_early_answers_wait_for_the_end_of_the_interval) {
    schema_hold subject = fetched();
    for (int n = 0; n < 2; ++n) {
        BOOST_TEST_REQUIRE((subject.next(at(1s)).kind == schema_hold_kind::hold));
        (void)subject.begin(at(1s));
        subject.served(offered, at(1s));
    }
    const schema_hold_action next = subject.next(at(3s));
    BOOST_TEST((next.kind == schema_hold_kind::wait && next.delay == 28s));
    BOOST_TEST((subject.next(at(31s)).kind == schema_hold_kind::hold));
}

BOOST_AUTO_TEST_CASE(B51_another_schema_after_a_second_is_not_early) {
    for (const forest::duration apart : {1s + 0ms, 999ms}) {
        schema_hold subject = fetched();
        int held = 0;
        steady_time now{};
        for (; held < 20 && subject.next(now).kind == schema_hold_kind::hold; ++held) {
            (void)subject.begin(now);
            now += apart;
            subject.served(offered, now);
            subject.brought_news(now);
        }
        BOOST_TEST(held == (apart < 1s ? 2 : 20));
    }
}

BOOST_AUTO_TEST_CASE(B51_a_server_that_has_stopped_to_offer_is_asked_once_in_an_interval) {
    schema_hold subject = fetched();
    (void)subject.next({});
    (void)subject.begin({});
    subject.served({}, at(5s));
    const schema_hold_action next = subject.next(at(5s));
    BOOST_TEST((next.kind == schema_hold_kind::wait && next.delay == 25s));
    BOOST_TEST((subject.next(at(30s)).kind == schema_hold_kind::fetch));
    (void)subject.begin(at(30s));
    subject.served(offered, at(30s));
    BOOST_TEST((subject.next(at(30s)).kind == schema_hold_kind::hold));
}

BOOST_AUTO_TEST_CASE(B46_two_sudden_ends_in_a_row_halve_the_hold) {
    schema_hold subject = fetched();
    for (const auto expected : {30s, 30s, 15s, 15s, 7s}) {
        BOOST_TEST_REQUIRE((subject.next(at(1h)).kind == schema_hold_kind::hold));
        BOOST_TEST((subject.begin({}) == expected));
        subject.ended(at(1s));
        BOOST_TEST((subject.begin({}) == 0s));
        subject.served(offered, at(1s));
    }
}

BOOST_AUTO_TEST_CASE(B51_a_cancelled_request_is_no_sudden_end) {
    schema_hold subject = fetched();
    for (int n = 0; n < 10; ++n) {
        BOOST_TEST_REQUIRE((subject.next(at(1h)).kind == schema_hold_kind::hold));
        BOOST_TEST((subject.begin({}) == 30s));
        subject.cancelled();
        (void)subject.begin({});
        subject.served(offered, at(1s));
    }
}

BOOST_AUTO_TEST_SUITE_END()
