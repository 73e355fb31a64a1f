// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detail/logic/hold_fields.hpp>

#include <forest/core/fields.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

using namespace forest;
using namespace forest::detail;
using std::chrono::seconds;

namespace {

// The lines of a header section, and the seconds that they name; 0: none.
struct example {
    std::string lines;
    int found;
};

std::ostream& operator<<(std::ostream& to, const example& shown) {
    return to << shown.lines << " -> " << shown.found;
}

example offer(const std::string& value, int found) {
    return {"Cache-Control: no-store\r\nForest-Hold: " + value + "\r\nVary: Prefer\r\n", found};
}

example wait(const std::string& value, int found) {
    return {"Host: a\r\nPrefer: " + value + "\r\nAccept: */*\r\n", found};
}

const example offers[] = {
    offer("1", 1),
    offer("30", 30),
    offer("240", 240),
    offer("241", 240),
    offer("999999999", 240),
    offer("007", 7),
    offer(" \t25 ", 25),
    {"forest-HOLD:5\r\n", 5},
    offer("0", 0),
    offer("000", 0),
    offer("", 0),
    offer(" ", 0),
    offer("1000000000", 0),
    offer("0000000001", 0),
    offer("-1", 0),
    offer("+1", 0),
    offer("1.5", 0),
    offer("1,5", 0),
    offer("30, 30", 0),
    offer("30,", 0),
    offer("30;max=1", 0),
    offer("30 s", 0),
    offer("30s", 0),
    offer("3 0", 0),
    offer("\"30\"", 0),
    offer("0x1e", 0),
    offer("1e2", 0),
    offer("wait=30", 0),
    offer("never", 0),
    offer("\xd9\xa3", 0),
    {"Forest-Hold: 30\r\nForest-Hold: 30\r\n", 0},
    {"Forest-Hold: x\r\nForest-Hold: 30\r\n", 0},
    {"Forest-Holds: 30\r\n", 0},
    {"X-Forest-Hold: 30\r\n", 0},
    {"Forest-Hold : 30\r\n", 0},
    {"", 0},
};

const example preferences[] = {
    wait("wait=1", 1),
    wait("wait=25", 25),
    wait("wait=999999999", 999999999),
    wait("WAIT=7", 7),
    wait("wait = 7", 7),
    wait("wait\t=\t7 ", 7),
    wait("wait=\"7\"", 7),
    wait("wait=7;x", 7),
    wait("wait=7 ; x = y ; z=\"a,wait=9\"", 7),
    wait("wait=7;", 7),
    wait("wait=7;;x", 7),
    wait("respond-async, wait=10", 10),
    wait("respond-async,wait=10", 10),
    wait("return=minimal; foo=\"some parameter\", wait=10", 10),
    wait("handling=\"lenient, wait=3\", wait=10", 10),
    wait("a=\"\\\", wait=3\", wait=10", 10),
    wait("a=\"\", wait=10", 10),
    wait(", ,wait=10,", 10),
    wait("wait=10, wait=20", 10),
    wait("waits=5, wait=10", 10),
    wait("a;wait=3, wait=10", 10), // a parameter of another preference
    {"prefer: respond-async\r\nPREFER: wait=4\r\n", 4},
    {"Prefer: wait=4\r\nPrefer: wait=5\r\n", 4},
    {"Prefer: =\r\nPrefer: wait=5\r\n", 5},
    wait("wait=0", 0),
    wait("wait=000", 0),
    wait("wait", 0),
    wait("wait=", 0),
    wait("wait=,", 0),
    wait("wait=\"\"", 0),
    wait("wait=-1", 0),
    wait("wait=+1", 0),
    wait("wait=1.5", 0),
    wait("wait=1000000000", 0),
    wait("wait=99999999999999999999999999", 0),
    wait("wait=5s", 0),
    wait("wait=5 s", 0),
    wait("wait=5 wait=6", 0),
    wait("wait==5", 0),
    wait("=5, wait=5", 0),
    wait("wait:5", 0),
    wait("wait=\"5", 0),
    wait("wait=5\"", 0),
    wait("wait=\"\\5\"", 0),
    wait("wait=\" 5\"", 0),
    wait("wait='5'", 0),
    wait("a=\"unclosed, wait=5", 0),
    wait("a=\"unclosed\\", 0),
    wait("a;\", wait=5", 0),
    wait("a b, wait=5", 0),
    wait("(a), wait=5", 0),
    wait("wait=x, wait=5", 0), // the first one counts
    {"Prefer: wait=x\r\nPrefer: wait=5\r\n", 0},
    wait("waits=5", 0),
    wait("respond-async", 0),
    wait("", 0),
    wait(";", 0),
    {"Prefers: wait=5\r\n", 0},
    {"Preference-Applied: wait=5\r\n", 0},
    {"", 0},
};

int count(const std::optional<seconds>& found) {
    return found ? static_cast<int>(found->count()) : 0;
}

} // namespace

BOOST_AUTO_TEST_SUITE(hold_fields_test)

BOOST_DATA_TEST_CASE(B43_an_offer_is_one_field_of_whole_seconds, offers, each) {
    BOOST_TEST(count(hold_offer(field_view{each.lines})) == each.found);
}

BOOST_DATA_TEST_CASE(B43_the_first_wait_of_all_preferences_counts, preferences, each) {
    BOOST_TEST(count(wait_preference(field_view{each.lines})) == each.found);
}

// Every beginning of a good field is read without a byte from behind it.
BOOST_AUTO_TEST_CASE(B43_a_field_that_ends_anywhere_is_read_within_its_bytes) {
    const std::string_view whole = "Prefer: a=\"\\\"\" ; b = \"c\" , wait = \"12\" ; d";
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        const std::string cut{whole.substr(0, size)}; // its own memory, for the sanitizers
        const int found = count(wait_preference(field_view{cut}));
        BOOST_TEST((found == 0 || found == 12), cut);
        BOOST_TEST((found == 12) == (size >= whole.find("12") + 3), cut);
    }
}

BOOST_AUTO_TEST_CASE(B43_the_fields_are_written_as_the_other_side_reads_them) {
    header_fields request;
    add_wait_preference(request, seconds{25});
    BOOST_TEST(request.text() == "Prefer: wait=25\r\n");
    BOOST_TEST(count(wait_preference(field_view{request.text()})) == 25);

    header_fields answer;
    add_hold_offer(answer, hold_longest);
    BOOST_TEST(answer.text() == "Forest-Hold: 240\r\n");
    BOOST_TEST(count(hold_offer(field_view{answer.text()})) == 240);
    add_preference_applied(answer, seconds{7});
    BOOST_TEST(answer.text() ==
               "Forest-Hold: 240\r\nPreference-Applied: wait=7\r\nVary: Prefer\r\n");
}

BOOST_AUTO_TEST_CASE(B43_the_longest_number_is_written_whole) {
    header_fields request;
    add_wait_preference(request, seconds{std::numeric_limits<std::int64_t>::max()});
    BOOST_TEST(request.text() == "Prefer: wait=9223372036854775807\r\n");
}

BOOST_AUTO_TEST_CASE(B43_a_field_that_does_not_fit_is_left_out) {
    header_fields full;
    BOOST_TEST_REQUIRE(!full.add("A", std::string(header_fields::capacity - 10, 'a')));
    const std::string before{full.text()};
    add_wait_preference(full, seconds{1});
    add_hold_offer(full, seconds{1});
    add_preference_applied(full, seconds{1});
    BOOST_TEST(full.text() == before);
}

BOOST_AUTO_TEST_SUITE_END()
