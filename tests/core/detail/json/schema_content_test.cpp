// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detail/json/schema_content.hpp>

#include <forest/core/detail/json/json_reader.hpp>
#include <forest/core/random.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

namespace data = boost::unit_test::data;
using forest::detail::schema_content;

// A schema in which a value stands where it is no collection.
std::string holding(const std::string& value) {
    return R"({"collections":[],"x":)" + value + "}";
}

// Texts in classes: equal within a class, and different from all texts of the other classes.
using classes = std::vector<std::vector<std::string>>;

const classes numbers{
    {"0", "-0", "0.0", "-0.0", "0e5", "0E-5", "-0.000e+7", "0e99999999999999999999", "0.0e-0"},
    {"1", "1.0", "1e0", "10e-1", "0.1e1", "1E+0", "1e-0", "100e-02", "0.001e3", "1.000000e00"},
    {"-1", "-1.0", "-10e-1"},
    {"10", "1e1", "1E1", "1e+1", "10.0", "0.10e2", "1e01"},
    {"100", "1e2"},
    {"0.1", "1e-1", "0.10", "10e-2", "0.1e0"},
    {"1.5", "15e-1", "0.15e1"},
    {"105", "10.5e1"},
    {"1.05"},
    {"9007199254740992", "9007199254740992.0", "9.007199254740992e15"},
    {"9007199254740993"},
    {"0.1000000000000000055511151231257827"},
    {"1e400", "10e399", "0.1e401"},
    {"1e401"},
    {"1e-400", "0.1e-399"},
    {"123456789012345678901234567890", "12345678901234567890123456789e1"},
    {"123456789012345678901234567891"},
    {"1e999999999999999999", "10e999999999999999998"},
    {"1e1000000000000000000", "10e999999999999999999", "0.1e1000000000000000001"},
    {"1e99999999999999999999999", "10e99999999999999999999998", "0.01e100000000000000000000001",
     "1e+000099999999999999999999999"},
    {"1e100000000000000000000000", "0.1e100000000000000000000001", "10e99999999999999999999999"},
    {"1e-99999999999999999999999", "10e-100000000000000000000000", "0.1e-99999999999999999999998"},
    {"1e-1000000000000000000", "0.1e-999999999999999999", "10e-1000000000000000001"},
    {R"("1")"},
    {"true"},
    {"null"},
    {"[]", "[ ]"},
    {"[1]", "[1.0]"},
    {"[1,1]"},
    {"{}", "{ }"},
};

const classes strings{
    {R"("")"},
    {R"("a")", R"("\u0061")"},
    {R"("A")", R"("\u0041")"},
    {R"("/")", R"("\/")", R"("\u002f")", R"("\u002F")"},
    {R"("\"")", R"("\u0022")"},
    {R"("\\")", R"("\u005c")", R"("\u005C")"},
    {R"("\\u0061")"},
    {R"("\\\"")", R"("\u005c\u0022")"},
    {R"("\n")", R"("\u000a")"},
    {R"("\b\f\r\t")", R"("\u0008\u000c\u000d\u0009")"},
    {R"("\u0000")"},
    {R"("\u001f")", R"("\u001F")"},
    {"\"\xc3\xa9\"", R"("\u00e9")", R"("\u00E9")"},
    {R"("e\u0301")", "\"e\xcc\x81\""}, // another character sequence, though it looks the same
    {"\"\xe6\x97\xa5\"", R"("\u65e5")"},
    {"\"\xf0\x9f\x98\x80\"", R"("\ud83d\ude00")", R"("\uD83D\uDE00")"},
    {R"("\ud83d")", R"("\uD83D")"},
    {R"("\ude00")"},
    {R"("\ude00\ud83d")"},
    {R"("\ud83d\ud83d\ude00")", "\"\\uD83D\xf0\x9f\x98\x80\""},
    {"\"\xef\xbf\xbd\"", R"("\ufffd")"},
    {R"("d83d")"},
    {R"("\\d83d")"},
    {R"("1")"},
    {R"("null")"},
};

const classes structures{
    {R"({"a":1,"b":2})", R"({"b":2,"a":1})", "{\n\t\"b\" : 2 ,\r\n \"a\" : 1 }",
     R"({"b":2.0,"\u0061":1e0})", R"({"a":7,"b":2,"a":1})", R"({"a":{},"a":null,"b":2,"a":1})",
     R"({"\u0061":9,"b":2,"a":1})"},
    {R"({"a":2,"b":1})"},
    {R"({"a":1,"b":2,"c":3})"},
    {R"({"a":1})"},
    {R"({"a":1,"B":2})"},
    {R"({"a":{"b":2}})"},
    {R"([1,2])", "[ 1 , 2 ]"},
    {R"([2,1])"},
    {R"([[1],2])"},
    {R"([[1,2]])"},
    {R"([1,[2]])"},
    {R"([{"a":1},{"b":2}])"},
    {R"([{"b":2},{"a":1}])"},
    {R"([{"a":1,"b":2}])", R"([{"b":2,"a":1}])"},
    {R"({"a":[]})"},
    {R"({"a":{}})"},
    {R"({"a":""})"},
    {R"({"a":null})"},
    {R"({"":1})"},
    {R"({"a,":1})"},
    {R"({"a":",\"b\":2"})", R"({"a":"\u002c\u0022b\":2"})"},
    {R"({"a":{"c":1,"d":[{"e":1,"f":2}]},"b":0})", R"({"b":0,"a":{"d":[{"f":2,"e":1}],"c":1}})"},
    // Only the outermost object has an array without order, and an etag that does not count.
    {R"({"collections":[1,2]})"},
    {R"({"collections":[2,1]})"},
    {R"({"collections":[2,1],"etag":"a"})"},
    {R"({"collections":[2,1],"etag":"b"})"},
};

// Whole schemas.
const classes schemas{
    {R"({"collections":[]})", R"({"collections":[],"etag":"a"})", R"({"etag":1,"collections":[]})",
     R"({"etag":"a","collections":[],"\u0065tag":{}})", R"({"collections":null,"collections":[]})",
     R"({"collections":[{"name":"b"}],"\u0063ollections":[]})"},
    {R"({"collections":[{"name":"a"},{"name":"b"}]})",
     R"({"collections":[{"name":"b"},{"name":"a"}]})",
     R"({"\u0063ollections":[{"name":"\u0062"},{"name":"a"}],"etag":"x"})",
     R"({"collections":[{"name":"b"},{"name":"z","name":"a"}]})"},
    {R"({"collections":[{"name":"a"},{"name":"b"},{"name":"b"}]})",
     R"({"collections":[{"name":"b"},{"name":"a"},{"name":"b"}]})"},
    {R"({"collections":[{"name":"a"},{"name":"a"},{"name":"b"}]})"},
    {R"({"collections":[{"name":"a"}]})"},
    {R"({"collections":[{"name":"a","etag":"1"}]})"},
    {R"({"collections":[{"name":"a","etag":"2"}]})"},
    {R"({"collections":[{"name":"a","collections":[1,2]}]})"},
    {R"({"collections":[{"name":"a","collections":[2,1]}]})"},
    {R"({"collections":[{"name":"a","fields":["x","y"]}]})"},
    {R"({"collections":[{"name":"a","fields":["y","x"]}]})"},
    {R"({"collections":[],"charts":["a","b"]})", R"({"charts":["a","b"],"collections":[]})"},
    {R"({"collections":[],"charts":["b","a"]})"},
    {R"({"collections":[],"Etag":"a"})"},
    {R"({"collections":[],"ETag":"a"})"},
    {R"({"collections":[],"etag\ud800":"a"})"},
    {R"({"collections":[],"meta":{"etag":"a"}})"},
    {R"({"collections":[],"meta":{"etag":"b"}})"},
    {R"({"collections":[],"Collections":[1,2]})"},
    {R"({"collections":[],"Collections":[2,1]})"},
};

template <typename Whole>
void check_classes(const classes& of, const Whole& whole) {
    std::set<std::string> contents;
    for (const auto& equal : of) {
        const std::string content = schema_content(whole(equal.front()));
        BOOST_TEST(contents.insert(content).second, equal.front());
        for (const std::string& each : equal)
            BOOST_TEST(schema_content(whole(each)) == content, each);
    }
}

// A random value, and the many texts of it.
struct value {
    char kind = '0'; // 0 null, b bool, n number, s string, a array, o object
    int number = 0;
    std::vector<std::pair<std::string, value>> inner{};
};

value drawn(forest::random_generator& random, int depth) {
    constexpr std::string_view kinds = "0bnsaoao";
    value made{.kind = kinds[random() % (depth == 0 ? 4 : 8)],
               .number = static_cast<int>(random() % 3)};
    if (made.kind == 'a' || made.kind == 'o') {
        const std::size_t count = random() % 4;
        for (std::size_t n = 0; n < count; ++n)
            made.inner.emplace_back(std::string(1, static_cast<char>('a' + n)),
                                    drawn(random, depth - 1));
    }
    return made;
}

std::string blanks(forest::random_generator& random) {
    constexpr std::string_view all = " \t\r\n";
    std::string text;
    while (random() % 3 == 0)
        text += all[random() % all.size()];
    return text;
}

std::string spelled(const std::string& text, forest::random_generator& random) {
    std::string result = "\"";
    for (const char byte : text)
        result += random() % 2 == 0 ? std::string(1, byte)
                                    : std::string{"\\u00"} + "0123456789abcdef"[byte / 16] +
                                          "0123456789ABCDEF"[byte % 16];
    return result + '"';
}

std::string spelled(const value& of, forest::random_generator& random) {
    const std::string digit = std::to_string(of.number);
    const std::vector<std::string> spellings{
        digit, digit + ".0", of.number == 0 ? "-0" : digit + "00e-2", "0.0" + digit + "E+2"};
    std::vector<std::string> parts;
    switch (of.kind) {
    case '0': return "null";
    case 'b': return of.number == 0 ? "false" : "true";
    case 'n': return spellings[random() % spellings.size()];
    case 's': return spelled(std::string(1, static_cast<char>('a' + of.number)), random);
    default: break;
    }
    for (const auto& [key, each] : of.inner) {
        std::string part = blanks(random);
        if (of.kind == 'o')
            part += spelled(key, random) + blanks(random) + ":" + blanks(random);
        parts.push_back(part + spelled(each, random) + blanks(random));
    }
    if (of.kind == 'o') {
        for (std::size_t n = parts.size(); n > 1; --n)
            std::swap(parts[n - 1], parts[random() % n]);
        if (!parts.empty() && random() % 3 == 0) // The last one of duplicates counts.
            parts.insert(parts.begin(), spelled(of.inner.front().first, random) + ":[0]");
    }
    std::string text{of.kind == 'o' ? "{" : "["};
    for (const std::string& each : parts)
        text += (text.size() == 1 ? "" : ",") + each;
    return text + (of.kind == 'o' ? "}" : "]");
}

bool equal(const value& left, const value& right) {
    if (left.kind != right.kind || left.inner.size() != right.inner.size())
        return false;
    const bool counts = left.kind == 'n' || left.kind == 's';
    if ((counts && left.number != right.number) ||
        (left.kind == 'b' && (left.number == 0) != (right.number == 0)))
        return false;
    return std::equal(
        left.inner.begin(), left.inner.end(), right.inner.begin(),
        [](const auto& one, const auto& other) { return equal(one.second, other.second); });
}

} // namespace

BOOST_AUTO_TEST_SUITE(schema_content_test)

BOOST_AUTO_TEST_CASE(B31_numbers_are_equal_by_their_value_however_they_are_spelled) {
    check_classes(numbers, holding);
}

BOOST_AUTO_TEST_CASE(B31_strings_are_equal_by_their_characters_however_they_are_escaped) {
    check_classes(strings, holding);
    check_classes(strings, [](const std::string& key) { return holding("{" + key + ":1}"); });
}

BOOST_AUTO_TEST_CASE(B31_objects_are_equal_by_their_members_and_arrays_by_their_elements) {
    check_classes(structures, holding);
}

BOOST_AUTO_TEST_CASE(B31_the_outermost_collections_have_no_order_and_the_outermost_etag_no_say) {
    check_classes(schemas, [](const std::string& whole) { return whole; });
}

BOOST_AUTO_TEST_CASE(B31_two_random_values_are_equal_exactly_if_their_texts_are_in_any_spelling) {
    forest::random_generator random{20261129};
    std::size_t same = 0;
    for (int round = 0; round < 20'000; ++round) {
        const value one = drawn(random, 3);
        const value other = random() % 2 == 0 ? one : drawn(random, 3);
        const std::string left = holding(spelled(one, random));
        const std::string right = holding(spelled(other, random));
        same += equal(one, other) ? 1 : 0;
        if ((schema_content(left) == schema_content(right)) != equal(one, other))
            BOOST_ERROR("compared wrongly: " << left << "\n" << right);
    }
    BOOST_TEST(same > 10'000U);
}

BOOST_AUTO_TEST_CASE(the_deepest_text_that_the_reader_takes_is_compared) {
    constexpr std::size_t depth = forest::detail::json_depth_max - 1;
    const auto nested = [](const std::string& innermost) {
        std::string text;
        for (std::size_t level = 0; level < depth; ++level)
            text += level % 2 == 0 ? "[" : R"({"b":)";
        text += innermost;
        for (std::size_t level = depth; level-- > 0;)
            text += level % 2 == 0 ? "]" : R"(,"a":0})";
        return holding(text);
    };
    BOOST_TEST_REQUIRE(forest::detail::is_valid_json(nested("1")));
    BOOST_TEST(schema_content(nested("1")) == schema_content(nested("1.0")));
    BOOST_TEST(schema_content(nested("1")) != schema_content(nested("2")));
}

BOOST_AUTO_TEST_CASE(a_hundred_thousand_collections_in_another_order_are_equal) {
    const auto text = [](bool backwards, int changed) {
        constexpr int count = 100'000;
        std::string made = R"({"collections":[)";
        for (int n = 0; n < count; ++n) {
            const int number = backwards ? count - 1 - n : n;
            made += n == 0 ? "" : ",";
            made += R"({"fields":{"id":{"type":"Column","is_primary_key":true,"column_type":)";
            made += R"("Number","default_value":null,"validation":[]}},"name":"collection_)";
            made += std::to_string(number == changed ? -1 : number) + "\"}";
        }
        return made + "]}";
    };
    const std::string forwards = schema_content(text(false, -1));
    BOOST_TEST((forwards == schema_content(text(true, -1))));
    BOOST_TEST((forwards != schema_content(text(true, 77'777))));
}

BOOST_AUTO_TEST_SUITE_END()
