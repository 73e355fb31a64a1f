// SPDX-License-Identifier: BSL-1.0

#include <forest/core/detail/logic/name_book.hpp>
#include <forest/core/error.hpp>
#include <forest/core/ip_address.hpp>
#include <forest/core/random.hpp>
#include <forest/core/time.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using forest::duration;
using forest::errc;
using forest::ip_address;
using forest::resolver_limits;
using forest::steady_time;
using forest::detail::name_book;
using forest::detail::name_state;

namespace {

ip_address address(std::uint8_t last) {
    ip_address result;
    result.bytes = {127, 0, 0, last};
    return result;
}

struct waiter final : forest::detail::name_waiter {
    void answered() noexcept override { ++times_answered; }
    int times_answered = 0;
};

// A book, and the clock and the name service of a test.
struct watched_book {
    explicit watched_book(const resolver_limits& limits = {}) : book{limits} {}

    name_state ask(std::string_view name, waiter& by, bool after_failed_connect = false) {
        return book.ask(name, after_failed_connect, by, now,
                        [](std::string_view asked) { return asked.starts_with(local_prefix); });
    }

    // Begins the next look-up; the name must be that one.
    name_book::entry& begin(std::string_view name) {
        name_book::entry* const next = book.next();
        BOOST_TEST_REQUIRE(next != nullptr);
        BOOST_TEST(next->name == name);
        return *next;
    }

    void answer(name_book::entry& of, std::vector<ip_address> found,
                std::optional<duration> lifetime = {}) {
        book.answered(of, {}, found, lifetime, now);
    }

    void fail(name_book::entry& of, errc why) { book.answered(of, why, {}, {}, now); }

    static constexpr std::string_view local_prefix = "local";

    name_book book;
    steady_time now{};
};

std::error_code code(errc value) {
    return make_error_code(value);
}

} // namespace

BOOST_AUTO_TEST_SUITE(name_book_test)

BOOST_AUTO_TEST_CASE(B19_all_that_wait_for_a_name_share_one_look_up) {
    watched_book one;
    std::deque<waiter> all(5);
    for (waiter& each : all)
        BOOST_TEST((one.ask("a", each) == name_state::waiting));
    auto& lookup = one.begin("a");
    BOOST_TEST(one.book.next() == nullptr);
    BOOST_TEST((one.ask("a", all.emplace_back()) == name_state::waiting));
    BOOST_TEST(one.book.next() == nullptr);
    one.answer(lookup, {address(1), address(2)});
    for (const waiter& each : all) {
        BOOST_TEST(each.times_answered == 1);
        BOOST_TEST((each.addresses == std::vector{address(1), address(2)}));
        BOOST_TEST(!each.error);
    }
    BOOST_TEST(one.book.statistics().lookups == 1U);
}

BOOST_AUTO_TEST_CASE(B19_there_is_never_a_second_look_up_of_a_name_while_the_first_hangs) {
    watched_book one;
    waiter by;
    BOOST_TEST((one.ask("a", by) == name_state::waiting));
    (void)one.begin("a");
    for (int day = 0; day < 100; ++day) {
        one.book.leave(by);
        one.now += 24h;
        BOOST_TEST((one.ask("a", by) == name_state::waiting));
        BOOST_TEST(one.book.next() == nullptr);
    }
}

BOOST_AUTO_TEST_CASE(B19_an_answer_is_used_for_as_long_as_the_name_service_allows_and_no_longer) {
    watched_book one;
    waiter by;
    (void)one.ask("a", by);
    one.answer(one.begin("a"), {address(1)}, 5s);
    one.now += 5s - 1ns;
    BOOST_TEST((one.ask("a", by) == name_state::known));
    BOOST_TEST((by.addresses == std::vector{address(1)}));
    BOOST_TEST(one.book.next() == nullptr);
    one.now += 1ns;
    BOOST_TEST((one.ask("a", by) == name_state::refreshing));
    one.answer(one.begin("a"), {address(2)}, 0s);
    BOOST_TEST((by.addresses == std::vector{address(2)}));
    BOOST_TEST((one.ask("a", by) == name_state::refreshing)); // not even a moment longer
}

BOOST_AUTO_TEST_CASE(B19_without_a_word_of_the_name_service_a_named_bound_holds) {
    watched_book one;
    waiter by;
    (void)one.ask("a", by);
    one.answer(one.begin("a"), {address(1)});
    one.now += resolver_limits{}.answer_lifetime - 1ns;
    BOOST_TEST((one.ask("a", by) == name_state::known));
    one.now += 1ns;
    BOOST_TEST((one.ask("a", by) == name_state::refreshing));
    one.answer(one.begin("a"), {address(1)}, 10000h); // longer than anybody should
    one.now += resolver_limits{}.answer_lifetime_max - 1ns;
    BOOST_TEST((one.ask("a", by) == name_state::known));
    one.now += 1ns;
    BOOST_TEST((one.ask("a", by) == name_state::refreshing));
    one.answer(one.begin("a"), {address(1)}, -1s); // nonsense
    BOOST_TEST((one.ask("a", by) == name_state::refreshing));
}

BOOST_AUTO_TEST_CASE(B19_no_such_name_is_reported_and_forgets_the_last_good_answer) {
    watched_book one;
    waiter by;
    (void)one.ask("a", by);
    one.answer(one.begin("a"), {address(1)}, 1s);
    one.now += 1s;
    (void)one.ask("a", by);
    one.fail(one.begin("a"), errc::resolve_failed);
    BOOST_TEST(by.error == code(errc::resolve_failed));
    BOOST_TEST(by.addresses.empty());
    // For a moment without a new look-up, then with one.
    one.now += resolver_limits{}.failure_lifetime - 1ns;
    BOOST_TEST((one.ask("a", by) == name_state::failed));
    BOOST_TEST(by.error == code(errc::resolve_failed));
    BOOST_TEST(one.book.next() == nullptr);
    one.now += 1ns;
    BOOST_TEST((one.ask("a", by) == name_state::waiting));
    BOOST_TEST(by.addresses.empty());
    BOOST_TEST(one.book.statistics().not_found == 1U);
}

BOOST_AUTO_TEST_CASE(B19_an_answer_without_an_address_is_no_such_name) {
    watched_book one;
    waiter by;
    (void)one.ask("a", by);
    one.answer(one.begin("a"), {});
    BOOST_TEST(by.error == code(errc::resolve_failed));
}

BOOST_AUTO_TEST_CASE(B19_of_many_addresses_the_first_ones_are_used) {
    watched_book one;
    waiter by, later;
    std::vector<ip_address> all(10'000);
    for (std::size_t n = 0; n < all.size(); ++n)
        all[n].bytes = {10, 0, static_cast<std::uint8_t>(n / 256), static_cast<std::uint8_t>(n)};
    (void)one.ask("a", by);
    one.answer(one.begin("a"), all);
    all.resize(resolver_limits{}.addresses_max);
    BOOST_TEST((by.addresses == all));
    BOOST_TEST((one.ask("a", later) == name_state::known));
    BOOST_TEST((later.addresses == all));
}

// The hour begins when the answer can no longer be used, however long that was allowed.
BOOST_DATA_TEST_CASE(B19_a_name_service_that_fails_leaves_the_last_good_answer_for_an_hour,
                     boost::unit_test::data::make({1, 2 * 3600, 24 * 3600}), lifetime) {
    watched_book one;
    waiter by;
    (void)one.ask("a", by);
    one.answer(one.begin("a"), {address(1)}, std::chrono::seconds{lifetime});
    one.now += std::chrono::seconds{lifetime};
    const steady_time expired_at = one.now;
    const duration hour = resolver_limits{}.last_good_max;
    BOOST_TEST((hour == 1h));
    std::uint64_t failed = 0;
    for (; one.now - expired_at < hour; one.now += 7s) {
        BOOST_TEST((one.ask("a", by) == name_state::refreshing));
        BOOST_TEST((by.addresses == std::vector{address(1)}));
        one.fail(one.begin("a"), errc::resolver_unavailable);
        ++failed;
        BOOST_TEST(by.error == code(errc::resolver_unavailable));
        BOOST_TEST((by.addresses == std::vector{address(1)}));
        // Again within a moment: the same without a look-up.
        BOOST_TEST((one.ask("a", by) == name_state::last_good));
        BOOST_TEST((by.addresses == std::vector{address(1)}));
        BOOST_TEST(one.book.next() == nullptr);
    }
    one.now = expired_at + hour;
    BOOST_TEST((one.ask("a", by) == name_state::waiting));
    BOOST_TEST(by.addresses.empty());
    one.fail(one.begin("a"), errc::resolver_unavailable);
    BOOST_TEST(by.addresses.empty());
    BOOST_TEST(one.book.statistics().unavailable == failed + 1);
    BOOST_TEST(one.book.statistics().last_good == 2 * failed);
}

BOOST_AUTO_TEST_CASE(B19_the_address_that_has_answered_goes_first_also_in_the_next_answer) {
    watched_book one;
    waiter by;
    (void)one.ask("a", by);
    one.answer(one.begin("a"), {address(1), address(2), address(3)}, 5s);
    one.book.used("a", address(3), true);
    one.now += 6s;
    (void)one.ask("a", by);
    one.answer(one.begin("a"), {address(1), address(2), address(3)}, 5s);
    BOOST_TEST((by.addresses == std::vector{address(3), address(1), address(2)}));
}

// Otherwise the first address would be tried again after each look-up, and fail again.
BOOST_AUTO_TEST_CASE(B19_an_address_that_has_failed_does_not_go_first_in_the_next_answer) {
    watched_book one;
    waiter by;
    (void)one.ask("a", by);
    one.answer(one.begin("a"), {address(1), address(2)}, 5s);
    one.book.used("a", address(1), false);
    BOOST_TEST((one.ask("a", by) == name_state::known));
    BOOST_TEST((by.addresses == std::vector{address(2), address(1)}));
    one.now += 6s;
    (void)one.ask("a", by);
    one.answer(one.begin("a"), {address(1), address(2)}, 5s);
    BOOST_TEST((by.addresses == std::vector{address(2), address(1)}));
    one.book.used("a", address(2), false);
    BOOST_TEST((one.ask("a", by) == name_state::known));
    BOOST_TEST((by.addresses == std::vector{address(1), address(2)}));
}

BOOST_AUTO_TEST_CASE(B19_a_look_up_that_hangs_is_not_waited_for_when_there_is_a_last_good_answer) {
    watched_book one;
    waiter by;
    (void)one.ask("a", by);
    one.answer(one.begin("a"), {address(1)}, 1s);
    one.now += 1s;
    BOOST_TEST((one.ask("a", by) == name_state::refreshing));
    auto& hangs = one.begin("a");
    one.book.leave(by); // It has waited for long enough.
    one.now += resolver_limits{}.patience - 1ns;
    BOOST_TEST((one.ask("a", by) == name_state::refreshing));
    BOOST_TEST(one.book.statistics().last_good == 0U); // Who leaves may have ended.
    one.book.lose_patience(by);
    BOOST_TEST(one.book.statistics().last_good == 1U);
    one.book.lose_patience(by);
    BOOST_TEST(one.book.statistics().last_good == 1U);
    one.now += 1ns;
    BOOST_TEST((one.ask("a", by) == name_state::last_good));
    BOOST_TEST((by.addresses == std::vector{address(1)}));
    BOOST_TEST(one.book.statistics().last_good == 2U);
    one.now += 2h;
    BOOST_TEST((one.ask("a", by) == name_state::waiting)); // There is none any more.
    one.answer(hangs, {address(3)});
    BOOST_TEST(by.times_answered == 2);
    BOOST_TEST((by.addresses == std::vector{address(3)}));
}

BOOST_AUTO_TEST_CASE(B19_addresses_that_cannot_be_connected_to_are_looked_up_again) {
    watched_book one;
    waiter by, other;
    (void)one.ask("a", by);
    one.answer(one.begin("a"), {address(1)}, 1h);
    BOOST_TEST((one.ask("a", by) == name_state::known));
    BOOST_TEST((one.ask("a", by, true) == name_state::waiting));
    BOOST_TEST(by.addresses.empty()); // Those it has tried.
    BOOST_TEST((one.ask("a", other, true) == name_state::waiting));
    auto& lookup = one.begin("a");
    BOOST_TEST(one.book.next() == nullptr);
    one.answer(lookup, {address(2)}, 1h);
    BOOST_TEST((by.addresses == std::vector{address(2)}));
    BOOST_TEST((other.addresses == std::vector{address(2)}));
    BOOST_TEST((one.ask("a", by) == name_state::known));
    BOOST_TEST((by.addresses == std::vector{address(2)}));
}

BOOST_AUTO_TEST_CASE(B19_nobody_waits_again_for_a_name_service_that_is_known_to_hang) {
    watched_book one;
    waiter by;
    (void)one.ask("a", by);
    one.answer(one.begin("a"), {address(1)}, 1s);
    one.now += 1s;
    (void)one.ask("a", by);
    (void)one.begin("a");
    one.book.leave(by);
    one.now += resolver_limits{}.patience;
    BOOST_TEST((one.ask("a", by, true) == name_state::failed));
    BOOST_TEST(by.error == code(errc::resolver_unavailable));
}

BOOST_AUTO_TEST_CASE(B19_so_many_names_may_hang_and_so_many_look_ups_still_run) {
    const resolver_limits limits{};
    watched_book one;
    std::deque<waiter> all;
    const auto name = [](std::size_t number) { return "name" + std::to_string(number); };
    for (std::size_t n = 0; n < limits.hanging_max; ++n) {
        (void)one.ask(name(n), all.emplace_back());
        (void)one.begin(name(n)); // and hangs for ever
    }
    one.now += 1min;
    std::vector<name_book::entry*> running;
    for (std::size_t n = 0; n < limits.lookups_max; ++n) {
        (void)one.ask(name(1000 + n), all.emplace_back());
        running.push_back(&one.begin(name(1000 + n)));
    }
    (void)one.ask("last", all.emplace_back());
    BOOST_TEST(!one.book.has_next());
    BOOST_TEST(one.book.next() == nullptr);
    one.answer(*running.front(), {address(1)});
    BOOST_TEST(one.book.has_next());
    (void)one.begin("last");
}

BOOST_AUTO_TEST_CASE(B19_names_of_the_hosts_file_do_not_wait_behind_those_of_a_dead_name_server) {
    const resolver_limits limits{};
    watched_book one;
    std::deque<waiter> all;
    for (int n = 0; n < 1000; ++n) {
        (void)one.ask("name" + std::to_string(n), all.emplace_back());
        (void)one.book.next();
    }
    BOOST_TEST(!one.book.has_next());
    for (int round = 0; round < 3; ++round) {
        waiter by;
        const std::string name = "local host " + std::to_string(round);
        BOOST_TEST((one.ask(name, by) == name_state::waiting));
        one.answer(one.begin(name), {address(1)});
        BOOST_TEST(by.times_answered == 1);
    }
    for (std::size_t n = 0; n < limits.local_max; ++n) {
        (void)one.ask("local" + std::to_string(n), all.emplace_back());
        (void)one.begin("local" + std::to_string(n));
    }
    (void)one.ask("local-too-many", all.emplace_back());
    BOOST_TEST(one.book.next() == nullptr);
}

BOOST_AUTO_TEST_CASE(B19_look_ups_begin_in_the_order_in_which_they_were_asked_for) {
    watched_book one{{.lookups_max = 1, .hanging_max = 1}};
    std::deque<waiter> all(10);
    for (int n = 0; n < 10; ++n)
        (void)one.ask(std::to_string(n), all[static_cast<std::size_t>(n)]);
    // Also when who asked waits no more: a short deadline must not lose its place.
    one.book.leave(all[3]);
    for (int n = 0; n < 10; ++n)
        one.answer(one.begin(std::to_string(n)), {address(1)});
    BOOST_TEST(all[3].times_answered == 0);
    BOOST_TEST(all[4].times_answered == 1);
}

BOOST_AUTO_TEST_CASE(B19_a_resource_that_this_machine_lacks_is_reported_and_not_remembered) {
    watched_book one;
    waiter by;
    (void)one.ask("a", by);
    one.fail(one.begin("a"), errc::local_resources_exhausted);
    BOOST_TEST(by.error == code(errc::local_resources_exhausted));
    BOOST_TEST((one.ask("a", by) == name_state::waiting));
}

BOOST_AUTO_TEST_CASE(B19_an_error_that_no_resolver_may_have_is_a_name_service_that_cannot_answer) {
    watched_book one;
    waiter by;
    (void)one.ask("a", by);
    one.fail(one.begin("a"), errc::not_ok);
    BOOST_TEST(by.error == code(errc::resolver_unavailable));
}

BOOST_AUTO_TEST_CASE(names_that_nobody_asks_for_are_forgotten_after_an_hour) {
    watched_book one;
    waiter by;
    for (int n = 0; n < 1000; ++n) {
        (void)one.ask("old" + std::to_string(n), by);
        one.answer(*one.book.next(), {address(1)});
    }
    BOOST_TEST(one.book.size() == 1000U);
    one.now += 1h;
    for (int n = 0; n < 1000; ++n) {
        (void)one.ask("new" + std::to_string(n), by);
        one.answer(*one.book.next(), {address(1)});
    }
    BOOST_TEST(one.book.size() == 1000U);
}

BOOST_AUTO_TEST_CASE(names_are_bounded_and_one_that_hangs_is_kept_without_holding_up_others) {
    watched_book one{{.names_max = 10}};
    waiter forever;
    (void)one.ask("hangs", forever);
    auto& hangs = one.begin("hangs");
    waiter by;
    for (int n = 0; n < 1000; ++n) {
        (void)one.ask(std::to_string(n), by);
        one.answer(*one.book.next(), {address(1)});
        BOOST_TEST(one.book.size() <= 11U);
    }
    one.answer(hangs, {address(1)});
    BOOST_TEST(forever.times_answered == 1);
}

// Against bookkeeping that is too plain to be wrong: each waiter is answered once, never more
// look-ups than allowed, never two of a name, and no answer that is too old.
BOOST_AUTO_TEST_CASE(B19_each_waiter_is_called_once_for_any_questions_and_answers) {
    constexpr std::uint64_t seed = 20'261'129;
    forest::random_generator random{seed};
    const resolver_limits limits{.lookups_max = 2, .hanging_max = 1, .local_max = 1};
    watched_book one{limits};
    struct client {
        waiter by;
        int owed = 0;
        bool waits = false;
    };
    std::deque<client> clients(20);
    std::map<std::string, steady_time> good_at;
    std::map<std::string, name_book::entry*> running;
    for (int step = 0; step < 20'000; ++step) {
        one.now += duration{static_cast<duration::rep>(random() % 2'000'000'000)};
        client& each = clients[random() % clients.size()];
        const std::string name =
            (random() % 4 == 0 ? "local" : "name") + std::to_string(random() % 6);
        switch (random() % 4) {
        case 0:
            if (each.waits)
                one.book.leave(each.by);
            each.waits = false;
            each.owed = each.by.times_answered;
            break;
        case 1: {
            if (each.waits)
                break;
            const bool after_failed_connect = random() % 4 == 0;
            const name_state state = one.ask(name, each.by, after_failed_connect);
            each.waits = state == name_state::waiting || state == name_state::refreshing;
            each.owed = each.by.times_answered + (each.waits ? 1 : 0);
            if (state == name_state::known || state == name_state::last_good) {
                BOOST_TEST_REQUIRE(!after_failed_connect, "seed " << seed);
                BOOST_TEST_REQUIRE(!each.by.addresses.empty(), "seed " << seed);
                const duration age = one.now - good_at.at(name);
                BOOST_TEST_REQUIRE(
                    (age < 10s + (state == name_state::known ? 0s : limits.last_good_max)),
                    "seed " << seed);
            }
            break;
        }
        case 2:
            while (name_book::entry* const next = one.book.next())
                BOOST_TEST_REQUIRE(running.emplace(next->name, next).second, "seed " << seed);
            BOOST_TEST_REQUIRE(running.size() <= 4U, "seed " << seed);
            break;
        default:
            if (running.empty())
                break;
            const auto ended = running.begin();
            if (const auto how = random() % 4; how == 0) {
                one.fail(*ended->second, errc::resolver_unavailable);
            } else if (how == 1) {
                one.fail(*ended->second, errc::resolve_failed);
            } else {
                good_at[ended->first] = one.now;
                one.answer(*ended->second, {address(1)}, 10s);
            }
            running.erase(ended);
        }
        for (client& other : clients)
            if (other.waits && other.by.times_answered == other.owed)
                other.waits = false;
            else
                BOOST_TEST_REQUIRE(other.by.times_answered + (other.waits ? 1 : 0) == other.owed,
                                   "seed " << seed);
    }
    // Nobody is left waiting whose name was looked up.
    for (int round = 0; round < 20; ++round) {
        while (name_book::entry* const next = one.book.next())
            running.emplace(next->name, next);
        for (const auto& [name, of] : std::exchange(running, {}))
            one.answer(*of, {address(1)});
    }
    for (const client& each : clients)
        BOOST_TEST(each.by.times_answered == each.owed);
}

BOOST_AUTO_TEST_SUITE_END()
