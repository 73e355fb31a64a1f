// SPDX-License-Identifier: BSL-1.0
#include <forest/policy/observer.hpp>

#include <archetypes/observer.hpp>
#include <archetypes/server.hpp>

#include <boost/test/unit_test.hpp>

#include <concepts>
#include <string>
#include <type_traits>
#include <utility>

namespace {

using namespace forest;

static_assert(observer<tests::observer_archetype>);
static_assert(!std::default_initializable<tests::observer_archetype>);
static_assert(!std::copy_constructible<tests::observer_archetype>);
static_assert(observer<null_observer>);
static_assert(std::is_empty_v<null_observer>, "not observing costs nothing");
static_assert(observer<tee<null_observer, tests::observer_archetype>>, "several are one");
static_assert(observer<tee<>>, "none are one, too");

struct without_on_event {};
static_assert(!observer<without_on_event>, "nothing would be observed");

struct misspelt {
    void on_events(const event&) noexcept;
};
static_assert(!observer<misspelt>, "a misspelt hook must not be ignored in silence");

struct throwing {
    void on_event(const event&);
};
static_assert(!observer<throwing>, "an observer must not stop the polling");

struct changing_the_event {
    void on_event(event&) noexcept;
};
static_assert(!observer<changing_the_event>, "the event is for the other observers, too");

struct constant_only {
    void on_event(const event&) const noexcept;
};
static_assert(observer<constant_only>, "an observer may keep its state elsewhere");

struct immovable {
    immovable(immovable&&) = delete;
    void on_event(const event&) noexcept;
};
static_assert(!observer<immovable>, "a client takes its observer by value");

static_assert(!observer<tests::server_archetype>);

struct writing {
    std::string* out;
    char mark;
    void on_event(const event& happened) noexcept {
        *out += mark;
        *out += name(happened.kind);
        *out += ' ';
    }
};

BOOST_AUTO_TEST_SUITE(observer_test)

BOOST_AUTO_TEST_CASE(tee_tells_all_in_the_order_given) {
    std::string told;
    tee both{writing{&told, '1'}, null_observer{}, writing{&told, '2'}};
    event happened;
    happened.kind = event_kind::started;
    both.on_event(happened);
    happened.kind = event_kind::stopped;
    both.on_event(happened);
    BOOST_TEST(told == "1started 2started 1stopped 2stopped ");
}

BOOST_AUTO_TEST_CASE(tee_takes_observers_that_can_only_be_moved) {
    std::string told;
    tee outer{tee{tests::observer_archetype{0}, writing{&told, '1'}}, writing{&told, '2'}};
    tee moved{std::move(outer)};
    moved.on_event(event{});
    BOOST_TEST(told == "1started 2started ");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
