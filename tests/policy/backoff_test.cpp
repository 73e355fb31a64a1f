// SPDX-License-Identifier: BSL-1.0
#include <forest/policy/backoff.hpp>

#include <archetypes/backoff.hpp>
#include <archetypes/signer.hpp>
#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/options.hpp>
#include <forest/core/random.hpp>
#include <forest/core/verdict.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <concepts>
#include <type_traits>

namespace {

using namespace forest;
using namespace forest::detail;
using namespace std::chrono_literals;

static_assert(backoff<tests::backoff_archetype>);
static_assert(!std::default_initializable<tests::backoff_archetype>);
static_assert(!std::is_copy_assignable_v<tests::backoff_archetype>);
static_assert(backoff<exponential_backoff>);
static_assert(backoff<constant_backoff>);

constexpr auto lambda = [](int failures, duration) { return duration{failures}; };
static_assert(backoff<decltype(lambda)>, "a lambda will do");

static_assert(backoff<duration (*)(int, duration)>, "a function will do");

struct without_call {
    duration delay(int, duration) const;
};
static_assert(!backoff<without_call>, "a backoff is called, not asked by name");

struct answering_nothing {
    void operator()(int, duration) const;
};
static_assert(!backoff<answering_nothing>, "the delay is the answer");

struct answering_a_number {
    int operator()(int, duration) const;
};
static_assert(!backoff<answering_a_number>, "a number has no unit");

struct answering_seconds {
    std::chrono::seconds operator()(int, duration) const;
};
static_assert(backoff<answering_seconds>, "coarser units convert without loss");

struct answering_fractions {
    std::chrono::duration<double> operator()(int, duration) const;
};
static_assert(!backoff<answering_fractions>, "a backoff that rounds must say in which direction");

struct counting_by_itself {
    duration operator()(int, duration);
};
static_assert(!backoff<counting_by_itself>, "a backoff is pure, so it is const");

struct without_interval {
    duration operator()(int) const;
};
static_assert(!backoff<without_interval>, "no delay is longer than the interval by default");

struct uncopyable {
    uncopyable(uncopyable&&) noexcept = default;
    duration operator()(int, duration) const;
};
static_assert(!backoff<uncopyable>, "a machine is a value, its backoff with it");

static_assert(!backoff<tests::signer_archetype>);

BOOST_AUTO_TEST_SUITE(backoff_test)

BOOST_AUTO_TEST_CASE(a_machine_needs_no_more_than_the_archetype) {
    health_machine watched{options{}, tests::backoff_archetype{0}, random_generator{1}};
    const auto copy = watched;
    const health_action first = watched.step(health_input::started(), steady_time{});
    BOOST_TEST((first.kind == health_action_kind::report));
    BOOST_TEST((first.event == event_kind::started));
    BOOST_TEST((copy.status() == target_status::unknown));
}

BOOST_AUTO_TEST_CASE(a_lambda_is_a_backoff_of_a_machine) {
    health_machine watched{options{}, lambda, random_generator{1}};
    verdict failed;
    failed.error = errc::timed_out;
    const steady_time now{1h};
    (void)watched.step(health_input::started(), now);
    (void)watched.step(health_input::reported(), now); // `started`
    (void)watched.step(health_input::reported(), now); // `check_started`
    (void)watched.step(health_input::reply(failed), now);
    const health_action next = watched.step(health_input::reported(), now);
    BOOST_TEST((next.kind == health_action_kind::wait));
    BOOST_TEST((next.delay == 1ms)); // its 1 ns is below the least delay
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
