// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detail/http/entity_tag.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <regex.h>

#include <cstddef>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace data = boost::unit_test::data;
using forest::field_view;
using forest::detail::if_none_match_names;
using forest::detail::is_opaque_tag;
using forest::detail::opaque_tag;

static_assert(opaque_tag("\"a\"") == "a");
static_assert(if_none_match_names(field_view{"If-None-Match: W/\"a\"\r\n"}, "a"));

const std::string sha1 = "7ec21c29f877d7cc161e1d193e70a8714ca5ba0d";

// A copy with nothing readable around it, so that a sanitizer notices a step outside.
template <typename Read>
auto in_tight_memory(const std::string& text, const Read& read) {
    const auto copy = std::make_unique<char[]>(text.size());
    text.copy(copy.get(), text.size());
    return read(std::string_view{copy.get(), text.size()});
}

bool names(const std::string& lines, std::string_view tag) {
    return in_tight_memory(
        lines, [&](std::string_view raw) { return if_none_match_names(field_view{raw}, tag); });
}

bool value_names(const std::string& value, std::string_view tag) {
    return names("If-None-Match: " + value + "\r\n", tag);
}

struct tag_row {
    std::string field;
    std::string tag;

    friend std::ostream& operator<<(std::ostream& out, const tag_row& row) {
        return out << row.field;
    }
};

const std::vector<tag_row> tag_rows{
    {"", ""},
    {" \t", ""},
    {R"("abc")", "abc"},
    {"\t\"abc\" ", "abc"},
    {R"(W/"abc")", "abc"},
    {R"("")", ""},
    {R"(W/"")", ""},
    {R"("a,b")", "a,b"},
    {R"("a\")", R"(a\)"},
    {"\"\xc3\xa9\"", "\xc3\xa9"},
    // What has no quotes, or not the right ones, stays.
    {"abc", "abc"},
    {" abc ", "abc"},
    {"W/abc", "W/abc"},
    {R"(w/"abc")", R"(w/"abc")"},
    {R"(W/ "abc")", R"(W/ "abc")"},
    {R"(")", R"(")"},
    {R"(W/")", R"(W/")"},
    {R"("abc)", R"("abc)"},
    {R"(abc")", R"(abc")"},
    {R"("a"b")", R"("a"b")"},
    {R"("a"b)", R"("a"b)"},
    {R"("a", "b")", R"("a", "b")"},
    {"W/", "W/"},
};

struct list_row {
    std::string value;
    bool names;

    friend std::ostream& operator<<(std::ostream& out, const list_row& row) {
        return out << row.value;
    }
};

const std::vector<list_row> list_rows{
    {sha1, true},
    {"\t" + sha1 + " ", true},
    {'"' + sha1 + '"', true},
    {"W/\"" + sha1 + '"', true},
    {"*", true},
    {" * ", true},
    {"\"a\", " + sha1, true},
    {sha1 + ",\"a\"", true},
    {"\"a\",W/\"" + sha1 + "\" , \"b\"", true},
    {",, ," + sha1 + ",", true},
    {"*, \"" + sha1 + '"', true}, // The list names it, whatever the asterisk does there.
    {"\"a,\", \"" + sha1 + '"', true},
    {'"' + sha1 + "\", \"unfinished", true},

    // What clients make of a weak tag when they strip or add quotes.
    {"W/" + sha1, true},
    {"W/\"" + sha1, true},
    {"\"W/\"" + sha1 + '"', true},
    {"\"W/\"" + sha1 + "\"\"", true},
    {"\"W/\"" + sha1, true},
    {"\t W/" + sha1 + " ", true},
    {"  W/\"" + sha1 + "\t", true},
    {" \"W/\"" + sha1 + "\" ", true},
    {"\"a\", W/" + sha1, true},
    {"W/" + sha1 + ", \"a\"", true},
    {"\"a\" , W/\"" + sha1, true},
    {"W/\"" + sha1 + " , \"a\"", true},
    {"W/\"" + sha1 + ", W/\"a", true},
    {"W/\"a, W/\"" + sha1, true},
    {"W/\"a, W/\"" + sha1 + '"', true},
    {"W/\"a, \"" + sha1 + '"', true},
    {"W/\"a,b\",W/" + sha1, true},
    {"\"a\", \"W/\"" + sha1 + "\", \"b\"", true},
    {"\"W/\"a\", \"W/\"" + sha1 + '"', true},
    {"\"W/\"a, " + sha1, true},
    // Apache's suffix, in each of the forms.
    {sha1 + "-gzip", true},
    {'"' + sha1 + "-gzip\"", true},
    {"W/\"" + sha1 + "-gzip\"", true},
    {"W/\"" + sha1 + "-gzip", true},
    {"\"W/\"" + sha1 + "-gzip\"", true},

    {"", false},
    {",", false},
    {R"("")", false},
    {R"("","")", false},
    {"W/", false},
    {"W/\"\"" + sha1 + "\"\"", false},
    {"\"W/\"W/\"" + sha1 + '"', false},
    {"W/\"" + sha1 + "x", false},
    {"W/\"x" + sha1, false},
    {"W/\"" + sha1.substr(1), false},
    {"\"W/" + sha1 + '"', false},
    {"'W/\"" + sha1 + "\"'", false},
    {"W/\"x," + sha1 + ",y\"", false},
    {"W/\"a, b\" " + sha1, false},
    {sha1 + "-gzip-gzip", false},
    {sha1 + "-GZIP", false},
    {sha1 + "-br", false},
    {sha1 + "gzip", false},
    {"-gzip", false},
    {"w/" + sha1, false},
    {"w/\"" + sha1 + '"', false},
    {"W/ \"" + sha1 + '"', false},
    {"W/W/\"" + sha1 + '"', false},
    {sha1 + "x", false},
    {"x" + sha1, false},
    {sha1.substr(1), false},
    {"7EC21C29F877D7CC161E1D193E70A8714CA5BA0D", false},
    {'"' + sha1, false},
    {sha1 + '"', false},
    {'"' + sha1 + "\"x", false},
    {"x\"" + sha1 + '"', false},
    {"\"\"" + sha1 + "\"\"", false},
    {"\" " + sha1 + '"', false},
    {'\'' + sha1 + '\'', false},
    {"\"x," + sha1 + ",y\"", false},
    {"\"x\"," + sha1.substr(0, 20) + ',' + sha1.substr(20), false},
    {"\"unfinished, \"" + sha1 + '"', false},
    {"a\"b," + sha1 + ",\"c", false},
    {"\"unfinished, " + sha1, false},
    {sha1 + ' ' + sha1, false},
    {"\"*\"", false},
    {"W/*", false},
    {"**", false},
    {"*, \"a\"", false},
    {"*,", false},
    {",*", false},
};

} // namespace

BOOST_AUTO_TEST_SUITE(entity_tag_test)

BOOST_DATA_TEST_CASE(a_tag_loses_its_quotes_and_its_weakness, data::make(tag_rows)) {
    const auto read = [](std::string_view field) { return std::string{opaque_tag(field)}; };
    BOOST_TEST(in_tight_memory(sample.field, read) == sample.tag);
}

BOOST_AUTO_TEST_CASE(a_byte_may_stand_in_a_tag_when_it_is_visible_ascii_and_no_quote) {
    for (int value = 0; value < 256; ++value) {
        const std::string text(1, static_cast<char>(value));
        BOOST_TEST(is_opaque_tag(text) == (0x20 < value && value < 0x7f && value != '"'));
        BOOST_TEST(is_opaque_tag("a" + text + "b") == is_opaque_tag(text));
    }
    BOOST_TEST(!is_opaque_tag(""));
    BOOST_TEST(is_opaque_tag(sha1));
}

BOOST_DATA_TEST_CASE(a_list_names_a_tag_in_every_form_that_clients_send, data::make(list_rows)) {
    BOOST_TEST(value_names(sample.value, sha1) == sample.names);
}

BOOST_AUTO_TEST_CASE(an_empty_tag_is_named_by_the_asterisk_only) {
    for (const list_row& row : list_rows)
        BOOST_TEST(value_names(row.value, "") == (forest::trim_blanks(row.value) == "*"));
}

BOOST_AUTO_TEST_CASE(a_tag_with_a_comma_is_named_in_quotes_only) {
    BOOST_TEST(value_names(R"("x", "a,b")", "a,b"));
    BOOST_TEST(!value_names("a,b", "a,b"));
    BOOST_TEST(!value_names(R"("a","b")", R"(a","b)"));
}

BOOST_AUTO_TEST_CASE(only_the_lines_of_that_name_count_case_insensitively) {
    BOOST_TEST(!names("", sha1));
    BOOST_TEST(!names("Host: a\r\n", sha1));
    BOOST_TEST(names("if-none-match: " + sha1 + "\r\nHost: a\r\n", sha1));
    BOOST_TEST(names("IF-NONE-MATCH:" + sha1 + "\r\n", sha1));
    BOOST_TEST(!names("If-Match: " + sha1 + "\r\nIf_None_Match: " + sha1 + "\r\n", sha1));
    BOOST_TEST(!names("If-None-Match-X: " + sha1 + "\r\nETag: *\r\n", sha1));
    BOOST_TEST(names("If-None-Match: *\r\nIf-Match: \"a\"\r\n", sha1));
}

BOOST_AUTO_TEST_CASE(several_lines_are_one_list) {
    const std::string line = "If-None-Match: ";
    BOOST_TEST(names(line + "\"a\"\r\n" + line + '"' + sha1 + "\"\r\n", sha1));
    BOOST_TEST(names(line + sha1 + "\r\nHost: a\r\n" + line + "\"a\"\r\n", sha1));
    BOOST_TEST(names(line + "\r\n" + line + sha1 + "\r\n", sha1));
    BOOST_TEST(!names(line + "\"a\"\r\n" + line + "\"b\"\r\n", sha1));
    BOOST_TEST(!names(line + "*\r\n" + line + "\"a\"\r\n", sha1));
    BOOST_TEST(!names(line + "\"a\"\r\n" + line + "*\r\n", sha1));
    BOOST_TEST(!names(line + "*\r\n" + line + "*\r\n", sha1));
    BOOST_TEST(!names(line + "\"x\r\n" + line + sha1 + "\r\n" + line + "y\"\r\n", sha1));
    BOOST_TEST(names(line + sha1 + "\r\n" + line + "\"x\r\n", sha1));
}

// For every text of a few letters: what the grammar and the raw form name is named, and nothing is
// that the forms made of weak tags could not name either.
BOOST_AUTO_TEST_CASE(every_short_list_is_read_as_the_grammar_says) {
    // That of POSIX: g++ 12 warns of std::regex under sanitizers.
    const auto compiled = [](const char* text) {
        regex_t grammar{};
        BOOST_TEST_REQUIRE(::regcomp(&grammar, text, REG_EXTENDED | REG_NOSUB) == 0);
        return grammar;
    };
    regex_t strict = compiled(R"(^(([^",]|"[^"]*")*,)*[ ]*(a|"a"|W/"a")[ ]*(,.*)?$)");
    regex_t lenient = compiled(R"(^(.*,)?[ ]*(a|"a"|W/"a"|W/a|W/"a|"W/"a"?"?)[ ]*(,.*)?$)");
    regex_t damaged = compiled(R"(W/|"W/")");
    const auto matches = [](const regex_t& grammar, const std::string& text) {
        return ::regexec(&grammar, text.c_str(), 0, nullptr, 0) == 0;
    };
    constexpr std::string_view letters = "\",aW/ ";
    constexpr std::size_t size_max = 7;
    std::vector<std::string> texts{""};
    std::size_t named = 0;
    for (std::size_t index = 0; index < texts.size(); ++index) {
        const std::string text = texts[index];
        const bool is_named = value_names(text, "a");
        named += is_named ? 1 : 0;
        const bool right = matches(damaged, text) ? (is_named || !matches(strict, text)) &&
                                                        (!is_named || matches(lenient, text))
                                                  : is_named == matches(strict, text);
        if (!right)
            BOOST_ERROR("read wrongly: " + text);
        if (text.size() == size_max)
            continue;
        for (const char letter : letters)
            texts.push_back(text + letter);
    }
    for (regex_t* const each : {&strict, &lenient, &damaged})
        ::regfree(each);
    BOOST_TEST(named > 1000U);
}

BOOST_AUTO_TEST_SUITE_END()
