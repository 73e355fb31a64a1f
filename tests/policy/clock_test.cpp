// SPDX-License-Identifier: BSL-1.0
#include <forest/policy/clock.hpp>

#include <archetypes/clock.hpp>
#include <archetypes/transport.hpp>
#include <forest/sim/time/virtual_clock.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <concepts>

namespace {

using namespace forest;

static_assert(forest::clock<tests::clock_archetype>);
static_assert(!std::default_initializable<tests::clock_archetype>);
static_assert(!std::copy_constructible<tests::clock_archetype>);
static_assert(forest::clock<sim::virtual_clock>);

// Each model below lacks one of these members.
struct wall {
    wall_time now() const;
};
struct steady {
    steady_time steady_now() const;
};
struct wait {
    template <typename Handler>
    void async_wait(duration, Handler);
};
struct cancelling {
    void cancel();
};

template <typename... Parts>
struct made_of : Parts... {};

static_assert(forest::clock<made_of<wall, steady, wait, cancelling>>);
static_assert(!forest::clock<made_of<steady, wait, cancelling>>,
              "a signature needs the wall clock");
static_assert(!forest::clock<made_of<wall, wait, cancelling>>,
              "intervals need the steady clock (B17)");
static_assert(!forest::clock<made_of<wall, steady, cancelling>>, "nothing would wake the client");
static_assert(!forest::clock<made_of<wall, steady, wait>>,
              "a stopped client would wait for its timer");

struct changing_when_asked {
    wall_time now();
};
static_assert(!forest::clock<made_of<changing_when_asked, steady, wait, cancelling>>,
              "telling the time changes no clock");

struct steady_only_by_name {
    std::chrono::system_clock::time_point steady_now() const;
};
static_assert(!forest::clock<made_of<wall, steady_only_by_name, wait, cancelling>>,
              "the wall clock may be set back, and with it the schedule (B17)");

struct finer_wall {
    std::chrono::sys_time<std::chrono::nanoseconds> now() const;
};
static_assert(!forest::clock<made_of<finer_wall, steady, wait, cancelling>>,
              "a clock that rounds to milliseconds must say in which direction");

struct coarser_wall {
    std::chrono::sys_seconds now() const;
};
static_assert(forest::clock<made_of<coarser_wall, steady, wait, cancelling>>);

struct waiting_until {
    template <typename Handler>
    void async_wait(steady_time, Handler);
};
static_assert(!forest::clock<made_of<wall, steady, waiting_until, cancelling>>,
              "a wait is a duration");

struct immovable {
    immovable() = default;
    immovable(immovable&&) = delete;
};
static_assert(!forest::clock<made_of<wall, steady, wait, cancelling, immovable>>,
              "a client takes its clock by value");

static_assert(!forest::clock<std::chrono::steady_clock>, "a clock also waits");
static_assert(!forest::clock<tests::transport_archetype>);

BOOST_AUTO_TEST_SUITE(clock_test)

BOOST_AUTO_TEST_CASE(the_times_of_a_clock_may_be_convertible_only) {
    const tests::clock_archetype clock{0};
    const wall_time wall = clock.now();
    const steady_time steady = clock.steady_now();
    BOOST_TEST((wall == wall_time{}));
    BOOST_TEST((steady == steady_time{}));
}

BOOST_AUTO_TEST_CASE(the_two_times_do_not_mix) {
    BOOST_TEST((!std::convertible_to<wall_time, steady_time>));
    BOOST_TEST((!std::convertible_to<steady_time, wall_time>));
    BOOST_TEST((!std::equality_comparable_with<wall_time, steady_time>));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
