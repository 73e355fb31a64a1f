// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detail/json/schema_text.hpp>

#include <forest/core/detail/json/json_reader.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace data = boost::unit_test::data;
using forest::detail::with_etag;

// Reads a copy with nothing readable around it, so that a sanitizer notices a step outside.
std::optional<std::string> without_etag(const std::string& text) {
    const auto copy = std::make_unique<char[]>(text.size());
    text.copy(copy.get(), text.size());
    return forest::detail::without_etag({copy.get(), text.size()});
}

struct row {
    std::string text;
    std::string rest;

    friend std::ostream& operator<<(std::ostream& out, const row& value) {
        return out << value.text;
    }
};

const std::vector<row> rows{
    // Nothing to take out.
    {R"({})", R"({})"},
    {R"({ })", R"({ })"},
    {R"({"a":1})", R"({"a":1})"},
    {"\r\n {\"a\" :\t1 , \"b\":[ ]\n} \t\n", "{\"a\" :\t1 , \"b\":[ ]\n}"},
    {R"({"Etag":1,"etag ":2,"e":3,"":4,"etags":5})",
     R"({"Etag":1,"etag ":2,"e":3,"":4,"etags":5})"},
    {R"({"a":"etag","b":"\"etag\":1,"})", R"({"a":"etag","b":"\"etag\":1,"})"},
    // Inner members stay.
    {R"({"a":{"etag":1},"b":[{"etag":2}]})", R"({"a":{"etag":1},"b":[{"etag":2}]})"},
    {R"({"a":{"etag":1},"etag":{"etag":2}})", R"({"a":{"etag":1}})"},
    // Every position.
    {R"({"etag":"x"})", R"({})"},
    {R"({"etag":"x","a":1,"b":2})", R"({"a":1,"b":2})"},
    {R"({"a":1,"etag":"x","b":2})", R"({"a":1,"b":2})"},
    {R"({"a":1,"b":2,"etag":"x"})", R"({"a":1,"b":2})"},
    // Duplicates.
    {R"({"etag":1,"etag":2})", R"({})"},
    {R"({"etag":1,"etag":2,"etag":3,"a":4})", R"({"a":4})"},
    {R"({"a":1,"etag":1,"etag":2})", R"({"a":1})"},
    {R"({"etag":1,"a":1,"etag":2,"etag":3,"b":2,"etag":4})", R"({"a":1,"b":2})"},
    {R"({"a":1,"a":2,"etag":1,"a":3})", R"({"a":1,"a":2,"a":3})"},
    // Escaped keys.
    {R"({"\u0065tag":"x","a":1})", R"({"a":1})"},
    {R"({"a":1,"\u0065\u0074\u0061\u0067":"x"})", R"({"a":1})"},
    {R"({"\\u0065tag":"x"})", R"({"\\u0065tag":"x"})"},
    // Every kind of value, and those with commas and brackets in them.
    {R"({"etag":null,"a":1})", R"({"a":1})"},
    {R"({"etag":-1.5e3,"a":1})", R"({"a":1})"},
    {R"({"a":1,"etag":[1,{"a":2},","],"b":"}"})", R"({"a":1,"b":"}"})"},
    {R"({"a":1,"etag":{"a":2,"b":","}})", R"({"a":1})"},
    {R"({"a":"x,y","etag":"},{","b":","})", R"({"a":"x,y","b":","})"},
    // Blanks: those of what is taken out go, the others stay.
    {R"({ "etag" : "x" })", R"({  })"},
    {R"({ "etag" : "x" , "a" : 1 })", R"({ "a" : 1 })"},
    {R"({ "a" : 1 , "etag" : "x" , "b" : 2 })", R"({ "a" : 1  , "b" : 2 })"},
    {R"({ "a" : 1 ,"etag":"x"})", R"({ "a" : 1 })"},
    {R"({ "etag":"x"})", R"({ })"},
    {" { \"etag\" : 1 , \"etag\" : 2 , \"a\" : 1 } ", "{ \"a\" : 1 }"},
    {"{\n  \"a\": 1,\n  \"etag\": \"x\"\n}\n", "{\n  \"a\": 1\n}"},
    // Bytes that a writer would have written in another way.
    {R"({"a":1.0e+00,"etag":1,"b":"\/\u00e9"})", R"({"a":1.0e+00,"b":"\/\u00e9"})"},
    {"{\"\xc3\xa9\":1,\"etag\":1}", "{\"\xc3\xa9\":1}"},
};

const std::vector<std::string> no_objects{
    "",
    " ",
    "[]",
    "null",
    R"("etag")",
    "{",
    "}",
    R"({"etag":"x")",
    R"({"etag"})",
    R"({"etag":})",
    R"({"etag":"x",})",
    R"({,"etag":"x"})",
    R"({"a":1 "etag":"x"})",
    R"({"etag":"x"}{})",
    R"({"etag":"x"} x)",
    R"({etag:"x"})",
    R"({'etag':"x"})",
    "\xef\xbb\xbf{}",
    "{\"a\":\"\xff\"}",
    std::string{"{}\0", 3},
};

} // namespace

BOOST_AUTO_TEST_SUITE(schema_text_test)

BOOST_DATA_TEST_CASE(the_etag_is_taken_out_and_all_else_stays, data::make(rows)) {
    BOOST_TEST(without_etag(sample.text).value_or("none") == sample.rest);
    BOOST_TEST(without_etag(sample.rest).value_or("none") == sample.rest);
}

BOOST_DATA_TEST_CASE(what_is_put_in_is_taken_out_again, data::make(rows)) {
    const std::string text = with_etag(sample.rest, "0a");
    BOOST_TEST(without_etag(text).value_or("none") == sample.rest);
    BOOST_TEST(nlohmann::json::parse(text).at("etag") == "0a");
}

BOOST_AUTO_TEST_CASE(the_etag_becomes_the_last_member) {
    BOOST_TEST(with_etag("{}", "x") == R"({"etag":"x"})");
    BOOST_TEST(with_etag("{ \n}", "x") == "{ \n\"etag\":\"x\"}");
    BOOST_TEST(with_etag(R"({"a":1})", "x") == R"({"a":1,"etag":"x"})");
    BOOST_TEST(with_etag(R"({"a":{}})", "x") == R"({"a":{},"etag":"x"})");
    BOOST_TEST(with_etag(R"({"a":"{"})", "x") == R"({"a":"{","etag":"x"})");
    BOOST_TEST(with_etag(R"({"a":1})", "\"\\\n") == R"({"a":1,"etag":"\"\\\n"})");
}

BOOST_DATA_TEST_CASE(what_is_no_object_has_no_rest, data::make(no_objects)) {
    BOOST_TEST(!without_etag(sample).has_value());
}

BOOST_AUTO_TEST_CASE(no_beginning_of_an_object_is_one) {
    const std::string text = R"({"a":[1,{"etag":2}],"etag":"x","b":"\u0065"})";
    for (std::size_t size = 0; size < text.size(); ++size)
        BOOST_TEST(!without_etag(text.substr(0, size)).has_value());
}

BOOST_AUTO_TEST_CASE(objects_at_random_agree_with_a_parser_that_erases_the_member) {
    const std::uint32_t seed = 20251209;
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937 random{seed};
    const auto one_of = [&](const std::vector<std::string>& choices) {
        return choices[random() % choices.size()];
    };
    const std::vector<std::string> blanks{"", "", "", " ", "\n\t", "  "};
    const std::vector<std::string> keys{R"("etag")", R"("\u0065tag")", R"("a")", R"("b")",
                                        R"("")",     R"("c,d")",       R"("}")"};
    const std::vector<std::string> values{
        "1", "null", R"("x")", R"(",")", "{}", "[ ]", R"({"etag":1 , "a":[2]})", R"("\"etag\":1")"};
    for (int round = 0; round < 20000; ++round) {
        std::string text = one_of(blanks) + "{" + one_of(blanks);
        const std::size_t members = random() % 6;
        for (std::size_t member = 0; member < members; ++member) {
            text += member == 0 ? "" : "," + one_of(blanks);
            text += one_of(keys) + one_of(blanks) + ":" + one_of(blanks) + one_of(values) +
                    one_of(blanks);
        }
        text += "}" + one_of(blanks);
        const std::optional<std::string> rest = without_etag(text);
        BOOST_TEST_REQUIRE(rest.has_value(), text);
        auto expected = nlohmann::ordered_json::parse(text);
        expected.erase("etag");
        BOOST_TEST_REQUIRE(nlohmann::ordered_json::parse(*rest) == expected, text);
        BOOST_TEST_REQUIRE(without_etag(with_etag(*rest, "x")).value_or("") == *rest, text);
    }
}

BOOST_AUTO_TEST_SUITE_END()
