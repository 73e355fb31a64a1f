// SPDX-License-Identifier: BSL-1.0
#include <forest/detail/routes/held_answers.hpp>

#include <forest/core/error.hpp>
#include <forest/core/ip_address.hpp>
#include <forest/core/time.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

using namespace std::chrono_literals;
using namespace forest;
using namespace forest::detail;

namespace {

constexpr steady_time begin{1000h};

ip_address address(std::uint8_t last) {
    return {.bytes = {192, 0, 2, last}};
}

held_request request(const std::optional<ip_address>& peer = {}, std::uint64_t version = 0) {
    held_request made;
    made.version = version;
    made.wait = 16s;
    made.peer = peer;
    return made;
}

held_key add(held_answers& held, const std::optional<ip_address>& peer = {},
             std::uint64_t version = 0, steady_time now = begin) {
    const auto place = held.add(request(peer, version), now);
    BOOST_TEST_REQUIRE(place.has_value());
    return *place;
}

} // namespace

BOOST_AUTO_TEST_SUITE(held_answers_test)

BOOST_AUTO_TEST_CASE(B48_each_limit_out_of_its_range_has_its_own_error) {
    BOOST_TEST(!hold_limits{}.validate());
    BOOST_TEST(!(hold_limits{1s, 1, 1}.validate()));
    BOOST_TEST(!(hold_limits{240s, SIZE_MAX, SIZE_MAX}.validate()));
    for (const duration bad : {duration{-1ns}, duration{1ns}, duration{1s - 1ns},
                               duration{240s + 1ns}, duration::max(), duration::min()})
        BOOST_TEST((hold_limits{bad, 1, 1}.validate() == errc::invalid_hold_max));
    BOOST_TEST((hold_limits{0s, 0, 1}.validate() == errc::invalid_held_max));
    BOOST_TEST((hold_limits{0s, 1, 0}.validate() == errc::invalid_held_per_address_max));
}

BOOST_AUTO_TEST_CASE(B48_the_shorter_of_both_wishes_is_granted_in_whole_seconds) {
    const held_answers held{{30s + 900ms, 1, 1}};
    BOOST_TEST((held.granted(5s) == 5s));
    BOOST_TEST((held.granted(30s) == 30s));
    BOOST_TEST((held.granted(31s) == 30s));
    BOOST_TEST((held.granted(std::chrono::seconds::max()) == 30s));
}

BOOST_AUTO_TEST_CASE(B48_there_are_so_many_places_in_all_and_for_an_address) {
    held_answers held{{30s, 5, 2}};
    const held_key first = add(held, address(1));
    add(held, address(1));
    BOOST_TEST(!held.has_room(address(1)));
    BOOST_TEST(!held.add(request(address(1)), begin).has_value());
    BOOST_TEST(held.has_room(address(2)));
    add(held, address(2));
    add(held); // An unknown address counts only in all.
    add(held);
    BOOST_TEST(held.size() == 5U);
    BOOST_TEST(!held.has_room(address(3)));
    BOOST_TEST(!held.has_room(std::nullopt));
    BOOST_TEST(held.take(first).size() == 1U);
    BOOST_TEST(held.take(first).empty()); // taken out before
    BOOST_TEST(held.has_room(address(1)));
    BOOST_TEST(held.has_room(std::nullopt));
}

// Each way out gives the place back, for the address, too.
BOOST_AUTO_TEST_CASE(B48_no_place_leaks) {
    held_answers held{{30s, 4, 2}};
    for (int round = 0; round < 1000; ++round) {
        const held_key gone = add(held, address(1));
        add(held, address(1), 1);
        add(held, address(2));
        BOOST_TEST(held.take(gone).size() == 1U);
        switch (round % 3) {
        case 0: BOOST_TEST(held.take_due(begin + 16s).size() == 2U); break;
        case 1: BOOST_TEST(held.take_changed({2, 2}).size() == 2U); break;
        default: BOOST_TEST(held.take_all().size() == 2U); break;
        }
        BOOST_TEST_REQUIRE(held.empty());
        BOOST_TEST(!held.next_due().has_value());
    }
}

BOOST_AUTO_TEST_CASE(B48_a_hold_is_shorter_by_up_to_a_sixteenth) {
    held_answers held{{30s, 1000, 1000}};
    steady_time first = steady_time::max();
    steady_time last = steady_time::min();
    for (int count = 0; count < 1000; ++count) {
        const steady_time until = add(held).until;
        BOOST_TEST((begin + 15s <= until && until <= begin + 16s));
        first = std::min(first, until);
        last = std::max(last, until);
    }
    BOOST_TEST((first < begin + 15s + 50ms));
    BOOST_TEST((last > begin + 16s - 50ms));
    BOOST_TEST((held.next_due() == first));
    const std::size_t early = held.take_due(begin + 15s + 500ms).size();
    BOOST_TEST((400U < early && early < 600U)); // spread over the whole part
    BOOST_TEST(held.take_due(begin + 16s).size() == 1000U - early);
}

BOOST_AUTO_TEST_CASE(B48_an_answer_is_held_while_its_version_stays) {
    held_answers held{{30s, 100, 100}};
    held_request document = request();
    document.as_document = true;
    const held_key second = *held.add(std::move(document), begin);
    const held_key first = add(held);
    BOOST_TEST(held.take_changed({0, 0}).empty());
    const held_answers::map told = held.take_changed({0, 1});
    BOOST_TEST_REQUIRE(told.size() == 1U);
    BOOST_TEST((told.begin()->first == second));
    BOOST_TEST(held.take_changed({0, 1}).empty());
    BOOST_TEST(held.take_changed({1, 1}).size() == 1U);
    BOOST_TEST(held.take(first).empty());
}

// A change and its end between two looks: the answers that were held meanwhile are not forgotten.
BOOST_AUTO_TEST_CASE(B48_an_answer_that_was_held_between_two_changes_is_found) {
    held_answers held{{30s, 100, 100}};
    add(held, {}, 0);
    BOOST_TEST(held.take_changed({0, 0}).empty());
    const held_key meanwhile = add(held, {}, 1);
    const held_answers::map told = held.take_changed({0, 0});
    BOOST_TEST_REQUIRE(told.size() == 1U);
    BOOST_TEST((told.begin()->first == meanwhile));
    BOOST_TEST(held.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
