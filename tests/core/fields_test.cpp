// SPDX-License-Identifier: BSL-1.0
#include <forest/core/fields.hpp>

#include <forest/core/error.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace data = boost::unit_test::data;
using forest::errc;
using forest::field_view;
using forest::header_fields;

std::vector<char> all_bytes() {
    std::vector<char> bytes;
    for (int value = 0; value < 256; ++value)
        bytes.push_back(static_cast<char>(value));
    return bytes;
}

} // namespace

BOOST_AUTO_TEST_SUITE(fields_test)

BOOST_AUTO_TEST_CASE(lines_come_out_in_the_order_added) {
    header_fields fields;
    BOOST_TEST(fields.text() == "");
    BOOST_TEST(!fields.add("X_TIMESTAMP", "2025"));
    BOOST_TEST(!fields.add("Empty", ""));
    BOOST_TEST(!fields.add("X_TIMESTAMP", "a b\tc"));
    BOOST_TEST(fields.text() == "X_TIMESTAMP: 2025\r\nEmpty: \r\nX_TIMESTAMP: a b\tc\r\n");
}

BOOST_AUTO_TEST_CASE(a_cleared_buffer_is_empty_and_can_be_used_again) {
    header_fields fields;
    BOOST_TEST(!fields.add("A", "1"));
    fields.clear();
    BOOST_TEST(fields.text() == "");
    BOOST_TEST(!fields.add("B", "2"));
    BOOST_TEST(fields.text() == "B: 2\r\n");
}

BOOST_AUTO_TEST_CASE(a_copy_is_independent) {
    header_fields fields;
    BOOST_TEST(!fields.add("A", "1"));
    header_fields copy = fields;
    BOOST_TEST(!copy.add("B", "2"));
    BOOST_TEST(fields.text() == "A: 1\r\n");
    BOOST_TEST(copy.text() == "A: 1\r\nB: 2\r\n");
    fields = copy;
    const header_fields& same = fields;
    fields = same;
    BOOST_TEST(fields.text() == copy.text());
}

BOOST_DATA_TEST_CASE(a_byte_is_a_token_byte_exactly_when_the_grammar_says_so,
                     data::make(all_bytes())) {
    const std::string_view token_bytes = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                         "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const bool expected = token_bytes.find(sample) != std::string_view::npos;
    BOOST_TEST(forest::is_token_byte(sample) == expected);
    BOOST_TEST(forest::is_token(std::string(1, sample)) == expected);
    header_fields fields;
    BOOST_TEST((fields.add(std::string{"a"} + sample, "v") == errc::header_invalid) == !expected);
    BOOST_TEST(fields.text().empty() == !expected);
}

BOOST_DATA_TEST_CASE(a_byte_may_stand_in_a_value_unless_it_is_a_control, data::make(all_bytes())) {
    const auto value = static_cast<unsigned char>(sample);
    const bool expected = value == '\t' || (value >= 0x20 && value != 0x7f);
    BOOST_TEST(forest::is_field_value_byte(sample) == expected);
    header_fields fields;
    BOOST_TEST((fields.add("Name", std::string{"a"} + sample) == errc::header_invalid) ==
               !expected);
    BOOST_TEST(fields.text().empty() == !expected);
}

// Long texts are read in words of eight bytes. The neighbours of a byte must not change the answer.
BOOST_DATA_TEST_CASE(a_byte_is_judged_alike_at_each_place_of_a_long_text, data::make(all_bytes())) {
    bool token = true;
    bool value = true;
    for (const char neighbour : std::string_view{"az-AZ09~"}) {
        for (std::size_t place = 0; place < 20; ++place) {
            std::string text(20, neighbour);
            text[place] = sample;
            token = token && forest::is_token(text) == forest::is_token_byte(sample);
            value = value && forest::is_field_value(text) == forest::is_field_value_byte(sample);
        }
    }
    BOOST_TEST(token);
    BOOST_TEST(value);
}

BOOST_AUTO_TEST_CASE(an_empty_name_is_refused) {
    header_fields fields;
    BOOST_TEST((fields.add("", "value") == errc::header_invalid));
    BOOST_TEST(!forest::is_token(""));
    BOOST_TEST(forest::is_field_value(""));
}

BOOST_AUTO_TEST_CASE(exactly_the_capacity_fits_and_one_byte_more_changes_nothing) {
    const std::size_t overhead = 5;
    header_fields fields;
    BOOST_TEST((fields.add("N", std::string(header_fields::capacity - overhead + 1, 'v')) ==
                errc::header_too_large));
    BOOST_TEST(fields.text() == "");
    BOOST_TEST(!fields.add("N", std::string(header_fields::capacity - overhead, 'v')));
    BOOST_TEST(fields.text().size() == header_fields::capacity);
    const std::string before{fields.text()};
    BOOST_TEST((fields.add("N", "") == errc::header_too_large));
    BOOST_TEST(
        (fields.add(std::string(2 * header_fields::capacity, 'n'), "") == errc::header_too_large));
    BOOST_TEST(fields.text() == before);
}

BOOST_AUTO_TEST_CASE(a_view_finds_the_first_line_of_a_name_case_insensitively) {
    const field_view fields{"X_Timestamp: 1\r\nDate: \t x y \t\r\nEmpty:\r\nx_timestamp:2\r\n"};
    BOOST_TEST(fields.find("x_timestamp").value() == "1");
    BOOST_TEST(fields.find("DATE").value() == "x y");
    BOOST_TEST(fields.find("empty").value() == "");
    BOOST_TEST(!fields.find("X-Timestamp").has_value());
    BOOST_TEST(!fields.find("Dat").has_value());
    BOOST_TEST(fields.count("X_TIMESTAMP") == 2U);
    BOOST_TEST(fields.count("Dates") == 0U);
}

BOOST_AUTO_TEST_CASE(a_view_tells_every_line_in_order) {
    std::string told;
    field_view{"A: 1\r\nB:2 \r\nA: 3\r\n\r\n"}.for_each(
        [&](std::string_view name, std::string_view value) {
            told.append(name).append("=").append(value).append(";");
        });
    BOOST_TEST(told == "A=1;B=2;A=3;");
}

BOOST_AUTO_TEST_CASE(a_view_of_what_is_no_header_block_finds_nothing_and_stays_inside) {
    BOOST_TEST(!field_view{}.find("A").has_value());
    BOOST_TEST(!field_view{"\r\n\r\nno colon\r\n"}.find("no colon").has_value());
    BOOST_TEST(field_view{"A: 1"}.find("A").value() == "1");
}

BOOST_AUTO_TEST_CASE(a_list_names_its_elements_case_insensitively_and_over_several_lines) {
    const field_view fields{"Connection: upgrade ,, Keep-Alive\r\nCONNECTION:\tCLOSE\r\n"};
    BOOST_TEST(fields.lists("connection", "close"));
    BOOST_TEST(fields.lists("connection", "keep-alive"));
    BOOST_TEST(fields.lists("connection", "Upgrade"));
    BOOST_TEST(!fields.lists("connection", "clos"));
    BOOST_TEST(!fields.lists("other", "close"));
}

BOOST_AUTO_TEST_CASE(case_is_ignored_for_ascii_letters_only) {
    BOOST_TEST(forest::iequals("aZ_9", "Az_9"));
    BOOST_TEST(!forest::iequals("a", "ab"));
    BOOST_TEST(!forest::iequals("[", "{"));
    BOOST_TEST(!forest::iequals("@", "`"));
    BOOST_TEST(!forest::iequals("\xc4", "\xe4"));
    BOOST_TEST(forest::iequals("Content-Length", "content-LENGTH"));
    BOOST_TEST(!forest::iequals("Content-Length", "content-LENGTI"));
    BOOST_TEST(!forest::iequals("content[length", "CONTENT{LENGTH"));
}

BOOST_AUTO_TEST_CASE(blanks_are_trimmed_at_both_ends_only) {
    BOOST_TEST(forest::trim_blanks(" \t a b\t ") == "a b");
    BOOST_TEST(forest::trim_blanks(" \t ") == "");
    BOOST_TEST(forest::trim_blanks("\ra") == "\ra");
}

BOOST_AUTO_TEST_SUITE_END()
