// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detail/json/json_string.hpp>

#include <forest/core/detail/json/json_reader.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace data = boost::unit_test::data;
using forest::detail::json_quote;
using forest::detail::json_string;

std::string decode(json_string string) {
    std::string text(string.copy_to({}), '\0');
    BOOST_TEST(string.copy_to(text) == text.size());
    BOOST_TEST(to_string(string) == text);
    return text;
}

struct row {
    std::string raw;
    std::string text;

    friend std::ostream& operator<<(std::ostream& out, const row& value) {
        return out << value.raw;
    }
};

const std::vector<row> rows{
    {"", ""},
    {"ok", "ok"},
    {R"(\u006f\u006B)", "ok"},
    {R"(\"\\\/\b\f\n\r\t)", "\"\\/\b\f\n\r\t"},
    {R"(a\u0000b)", std::string{"a\0b", 3}},
    {R"(\u00e9)", "\xc3\xa9"},
    {R"(\u20AC)", "\xe2\x82\xac"},
    {R"(\ud83d\ude00)", "\xf0\x9f\x98\x80"},
    {R"(\uD800\uDC00)", "\xf0\x90\x80\x80"},
    {R"(\uDBFF\uDFFF)", "\xf4\x8f\xbf\xbf"},
    {R"(\uffff)", "\xef\xbf\xbf"},
    {"\xc3\xa9\xf0\x9f\x98\x80", "\xc3\xa9\xf0\x9f\x98\x80"},
};

const std::vector<row> lone_surrogates{
    {R"(\ud800)", "\xef\xbf\xbd"},
    {R"(\udfff)", "\xef\xbf\xbd"},
    {R"(a\ud83db)", "a\xef\xbf\xbd"
                    "b"},
    {R"(\ud83d\ud83d\ude00)", "\xef\xbf\xbd\xf0\x9f\x98\x80"},
    {R"(\ude00\ud83d)", "\xef\xbf\xbd\xef\xbf\xbd"},
    {R"(\ud83d\n)", "\xef\xbf\xbd\n"},
    {R"(\ud83d\u0041)", "\xef\xbf\xbd"
                        "A"},
};

} // namespace

BOOST_AUTO_TEST_SUITE(json_string_test)

BOOST_DATA_TEST_CASE(escapes_are_decoded_while_comparing_and_copying, data::make(rows)) {
    const json_string string{sample.raw};
    BOOST_TEST(string.raw() == sample.raw);
    BOOST_TEST(string.equals(sample.text));
    BOOST_TEST(!string.equals(sample.text + "x"));
    BOOST_TEST(!string.equals("x" + sample.text));
    if (!sample.text.empty())
        BOOST_TEST(!string.equals(sample.text.substr(0, sample.text.size() - 1)));
    BOOST_TEST(decode(string) == sample.text);
}

BOOST_DATA_TEST_CASE(half_of_a_surrogate_pair_equals_nothing, data::make(lone_surrogates)) {
    const json_string string{sample.raw};
    BOOST_TEST(!string.equals(sample.text));
    BOOST_TEST(decode(string) == sample.text);
}

BOOST_AUTO_TEST_CASE(a_prefix_ends_behind_a_whole_character) {
    const json_string string{R"(a\u00e9\ud83d\ude00z)"};
    const std::size_t sizes[] = {0, 1, 1, 3, 3, 3, 3, 7, 8, 8};
    for (std::size_t room = 0; room < std::size(sizes); ++room) {
        std::vector<char> out(room);
        BOOST_TEST(string.copy_prefix_to(out) == sizes[room], "room for " << room);
        BOOST_TEST(string.copy_to(out) == 8U);
    }
}

BOOST_AUTO_TEST_CASE(a_copy_has_the_size_of_what_was_decoded_and_lives_longer) {
    std::string copy;
    {
        const std::string raw = R"(\u0000a\u0000\ud83d\ude00\ud83d\/)";
        copy = to_string(json_string{raw});
    }
    BOOST_TEST(copy == std::string("\0a\0\xf0\x9f\x98\x80\xef\xbf\xbd/", 11));
    BOOST_TEST(to_string(json_string{}) == "");
    const std::string long_text(100'000, 'x');
    BOOST_TEST((to_string(json_string{long_text}) == long_text)); // Not shown if it fails.
}

BOOST_AUTO_TEST_CASE(text_that_was_never_validated_is_not_read_outside) {
    for (const std::string_view text : {"\\", "\\u", "\\u1", "\\u123", "\\ud83d\\", "\\ud83d\\u",
                                        "\\ud83d\\ude0", "\\x", "\xc3", "\xf0\x9f", "\\u12\\u"}) {
        const std::vector<char> exact{text.begin(), text.end()};
        const json_string string{{exact.data(), exact.size()}};
        BOOST_TEST(!string.equals("impossible"));
        BOOST_TEST(decode(string).size() <= 3 * text.size());
    }
}

BOOST_AUTO_TEST_CASE(what_must_be_escaped_is_escaped) {
    BOOST_TEST(json_quote("") == R"("")");
    BOOST_TEST(json_quote("plain") == R"("plain")");
    BOOST_TEST(json_quote("\"\\/\n\r\t\b\f") == R"("\"\\/\n\r\t\u0008\u000c")");
    BOOST_TEST(json_quote(std::string{"a\0b", 3}) == R"("a\u0000b")");
    BOOST_TEST(json_quote("\x1f\x7f") == "\"\\u001f\x7f\"");
    BOOST_TEST(json_quote("\xc3\xa9") == "\"\xc3\xa9\"");
    BOOST_TEST(json_quote("a\xff\xe2\x82z") == "\"a\xef\xbf\xbd\xef\xbf\xbdz\"");
}

BOOST_AUTO_TEST_CASE(writing_calls_append_with_the_pieces_in_order) {
    std::string written;
    forest::detail::write_json_string("a\nb", [&](std::string_view piece) { written += piece; });
    BOOST_TEST(written == R"("a\nb")");
}

BOOST_AUTO_TEST_CASE(any_bytes_become_valid_json_that_other_readers_read_alike) {
    const std::uint32_t seed = 8259;
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937 random{seed};
    const std::string_view pieces[] = {"\"",   "\\",       "/",           "a",
                                       "\n",   "\xc3\xa9", "u",           "\xf0\x9f\x98\x80",
                                       "\xff", "\xe2\x82", "\xed\xa0\x80"};
    for (int round = 0; round < 20'000; ++round) {
        std::string text;
        for (auto length = random() % 12; length > 0; --length) {
            if (random() % 3 == 0)
                text += static_cast<char>(random() % 256);
            else
                text += pieces[random() % std::size(pieces)];
        }
        const std::string quoted = json_quote(text);
        BOOST_REQUIRE(forest::detail::is_valid_json(quoted));
        const auto reference = nlohmann::json::parse(quoted).get<std::string>();
        const json_string string{std::string_view{quoted}.substr(1, quoted.size() - 2)};
        BOOST_REQUIRE(string.equals(reference));
        // nlohmann's own writer replaces invalid UTF-8 as this one does.
        const nlohmann::json value = text;
        const auto handler = nlohmann::json::error_handler_t::replace;
        BOOST_REQUIRE_EQUAL(nlohmann::json::parse(value.dump(-1, ' ', false, handler)), reference);
        std::string copied(string.copy_to({}), '\0');
        string.copy_to(copied);
        BOOST_REQUIRE_EQUAL(copied, reference);
    }
}

BOOST_AUTO_TEST_SUITE_END()
