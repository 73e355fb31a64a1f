// SPDX-License-Identifier: BSL-1.0
#include <forest/policy/observer.hpp>

#include <archetypes/observer.hpp>
#include <archetypes/server.hpp>

#include <boost/test/unit_test.hpp>

#include <concepts>
#include <functional>
#include <memory>
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

template <typename T>
concept made_a_callback = requires(T&& watching) {
    { callback_of(std::forward<T>(watching)) } -> std::same_as<std::function<void(const event&)>>;
};
static_assert(made_a_callback<null_observer>);
static_assert(made_a_callback<tests::observer_archetype>, "a callback is copied, its observer not");
static_assert(!made_a_callback<null_observer&>, "an observer that stays says so by std::ref");
static_assert(!made_a_callback<const null_observer&>);
static_assert(made_a_callback<std::reference_wrapper<null_observer>>);
static_assert(made_a_callback<std::reference_wrapper<null_observer>&>);
static_assert(made_a_callback<std::reference_wrapper<tests::observer_archetype>>);
static_assert(!made_a_callback<throwing>);
static_assert(!made_a_callback<std::reference_wrapper<throwing>>);
static_assert(!made_a_callback<without_on_event>);

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

BOOST_AUTO_TEST_CASE(tee_calls_its_observers_in_the_order_of_the_arguments) {
    std::string reported;
    tee both{writing{&reported, '1'}, null_observer{}, writing{&reported, '2'}};
    event happened;
    happened.kind = event_kind::started;
    both.on_event(happened);
    happened.kind = event_kind::stopped;
    both.on_event(happened);
    BOOST_TEST(reported == "1started 2started 1stopped 2stopped ");
}

BOOST_AUTO_TEST_CASE(tee_takes_observers_that_can_only_be_moved) {
    std::string reported;
    tee outer{tee{tests::observer_archetype{0}, writing{&reported, '1'}}, writing{&reported, '2'}};
    tee moved{std::move(outer)};
    moved.on_event(event{});
    BOOST_TEST(reported == "1started 2started ");
}

struct counting {
    int reported = 0;
    std::shared_ptr<int> last{};
    void on_event(const event&) noexcept { *last = ++reported; }
};

BOOST_AUTO_TEST_CASE(a_callback_owns_the_observer_that_is_moved_into_it) {
    const auto last = std::make_shared<int>(0);
    auto callback = callback_of(counting{0, last});
    callback(event{});
    const auto copy = callback;
    copy(event{});
    callback(event{});
    BOOST_TEST(*last == 3); // All copies report to the same observer.
    callback = {};
    copy(event{});
    BOOST_TEST(*last == 4);
    BOOST_TEST(last.use_count() == 2);
}

BOOST_AUTO_TEST_CASE(what_it_owns_goes_with_its_last_copy) {
    const auto last = std::make_shared<int>(0);
    {
        const auto callback = callback_of(counting{0, last});
        const auto copy = callback;
        BOOST_TEST(last.use_count() == 2);
    }
    BOOST_TEST(last.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(a_callback_leaves_an_observer_where_it_is_when_it_is_given_a_reference) {
    counting mine{0, std::make_shared<int>(0)};
    const auto callback = callback_of(std::ref(mine));
    callback(event{});
    const auto copy = callback;
    copy(event{});
    BOOST_TEST(mine.reported == 2);
}

BOOST_AUTO_TEST_CASE(several_observers_and_one_that_can_only_be_moved_are_a_callback) {
    std::string reported;
    const auto callback = callback_of(tee{tests::observer_archetype{0}, writing{&reported, '1'}});
    event happened;
    happened.kind = event_kind::schema_reloaded;
    callback(happened);
    BOOST_TEST(reported == "1schema_reloaded ");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
