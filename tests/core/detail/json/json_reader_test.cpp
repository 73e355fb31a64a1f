// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detail/json/json_reader.hpp>

#include <forest/core/error.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

namespace data = boost::unit_test::data;
using forest::errc;
using forest::detail::is_valid_json;
using forest::detail::json_depth_max;
using forest::detail::json_string;
using forest::detail::json_value;

const std::vector<std::string> valid{
    "null",
    "true",
    "false",
    "0",
    "-0",
    "12",
    "-1.5",
    "0.00",
    "1e5",
    "1E+5",
    "0e-0",
    "1.5e300",
    R"("")",
    R"("a\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00")",
    R"("\ud800")",
    R"("\udc00\ud800")",
    "\"\xc3\xa9\x7f\xf0\x9f\x98\x80\"",
    "[]",
    "[ ]",
    "[1,2]",
    "[ 1 , [ ] , { } ]",
    "{}",
    "{ }",
    R"({"a":1})",
    R"( { "a" : { "b" : [ { } , null ] } , "a" : "" } )",
    "\t\r\n null \n",
    R"([[[]],[{"":[{"a":{}}]}]])",
};

const std::vector<std::string> invalid{
    "",
    " ",
    "nul",
    "nullx",
    "True",
    "NaN",
    "Infinity",
    "undefined",
    "00",
    "01",
    "-",
    "+1",
    ".5",
    "1.",
    "1.e5",
    "1e",
    "1e+",
    "0x1",
    "1 2",
    "1,",
    "--1",
    "\"",
    "\"a",
    "'a'",
    "\"\\\"",
    R"("\x41")",
    R"("\u12")",
    R"("\u123g")",
    R"("\U0041")",
    "\"\n\"",
    "\"\t\"",
    std::string{"\"\0\"", 3},
    std::string{"null\0", 5},
    std::string{"\0", 1},
    "\"\xff\"",
    "\"\xc0\x80\"",
    "\"\xed\xa0\x80\"",
    "\"\xc3\"",
    "\xef\xbb\xbfnull",
    "[",
    "]",
    "[1",
    "[1,",
    "[,]",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1}",
    "[]]",
    "[][]",
    "{",
    "}",
    "{]",
    "{1:2}",
    "{a:1}",
    R"({"a"})",
    R"({"a":})",
    R"({"a":1,})",
    R"({,"a":1})",
    R"({"a":1 "b":2})",
    R"({"a":1,"b"})",
    R"({"a" 1})",
    R"({"a"::1})",
    R"({"a":1}})",
    R"({"a":1]})",
    R"([{"a":1,}])",
    R"([{]}])",
    "/* a */ null",
    "null // a",
    "# a\nnull",
    "\x0bnull",
    "\x0cnull",
    "\xc2\xa0null",
};

std::string nested(std::size_t depth, std::string_view open, std::string_view close) {
    std::string text;
    for (std::size_t level = 0; level < depth; ++level)
        text += open;
    text += "1";
    for (std::size_t level = 0; level < depth; ++level)
        text += close;
    return text;
}

std::string kind_name(json_value::kind kind) {
    const char* const names[] = {"null", "boolean", "number", "string", "array", "object"};
    return names[static_cast<std::size_t>(kind)];
}

// The members of an object, one a line, or the error.
std::string members(std::string_view text) {
    std::string told;
    const auto on_member = [&](json_string key, const json_value& value) {
        told.append(key.raw()).append("=").append(kind_name(value.type)).append(":");
        told.append(value.raw).append("\n");
    };
    const std::error_code ec = forest::detail::read_json_object(text, on_member);
    return ec ? "refused" : told;
}

// The elements of an array, likewise.
std::string elements(std::string_view text) {
    std::string told;
    const auto on_element = [&](const json_value& value) {
        told.append(kind_name(value.type)).append(":").append(value.raw).append("\n");
    };
    const std::error_code ec = forest::detail::read_json_array(text, on_element);
    return ec ? "refused" : told;
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

// Where other people's test data is: the folder in FOREST_TEST_DATA, or that which the build
// names, or the one beside the source tree.
std::filesystem::path json_test_suite() {
    std::filesystem::path folder;
    if (const char* const given = std::getenv("FOREST_TEST_DATA")) {
        folder = given;
    } else {
#ifdef FOREST_TEST_DATA_DEFAULT
        folder = FOREST_TEST_DATA_DEFAULT;
#else
        folder = std::filesystem::path{__FILE__}.parent_path() / "../../../shared/data";
#endif
    }
    return folder / "json-test-suite";
}

std::vector<std::filesystem::path> suite_files() {
    std::vector<std::filesystem::path> files;
    std::error_code ec;
    for (std::filesystem::directory_iterator file{json_test_suite(), ec}, end; !ec && file != end;
         file.increment(ec)) {
        if (file->path().extension() == ".json")
            files.push_back(file->path());
    }
    return files;
}

boost::test_tools::assertion_result suite_present(boost::unit_test::test_unit_id) {
    boost::test_tools::assertion_result present{!suite_files().empty()};
    present.message() << "JSONTestSuite is not in " << json_test_suite()
                      << "; name the folder above it in FOREST_TEST_DATA";
    return present;
}

// What this reader and nlohmann's decide differently, on purpose: half a surrogate pair, and
// numbers that no double holds, are grammatical here; a byte order mark and depth are refused here;
// nlohmann takes a zero byte for the end.
bool may_differ(const std::string& text, bool accepted_here) {
    if (accepted_here) {
        const std::size_t exponent = text.find_first_of("eE", text.find_first_of("0123456789"));
        return text.find("\\ud") != std::string::npos || text.find("\\uD") != std::string::npos ||
               (exponent != std::string::npos && exponent > 0 &&
                std::isdigit(static_cast<unsigned char>(text[exponent - 1])) != 0);
    }
    const auto opened = static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char byte) { return byte == '[' || byte == '{'; }));
    return text.substr(0, 3) == "\xef\xbb\xbf" || text.find('\0') != std::string::npos ||
           opened > json_depth_max;
}

std::string mutate(std::string text, std::mt19937& random) {
    const std::string_view pieces[] = {"{", "}", "[",  "]",  ",",      ":",    "\"",   "\\",  "0",
                                       "1", "-", ".",  "e",  "true",   "null", "\\u0", " ",   "\n",
                                       "a", "/", "\t", "{}", "\"a\":", "\xc3", "\xa9", "\\n", "[]"};
    for (auto changes = 1 + random() % 3; changes > 0; --changes) {
        const std::size_t place = random() % (text.size() + 1);
        const auto piece = std::string{pieces[random() % std::size(pieces)]};
        switch (random() % 4) {
        case 0: text.insert(place, piece); break;
        case 1: text.erase(place, 1 + random() % 2); break;
        case 2: text.replace(place, 1, piece); break;
        default: text.insert(place, text.substr(random() % (text.size() + 1), random() % 8));
        }
    }
    return text;
}

} // namespace

BOOST_AUTO_TEST_SUITE(json_reader_test)

BOOST_DATA_TEST_CASE(valid_text_is_accepted, data::make(valid)) {
    BOOST_TEST(is_valid_json(sample));
}

BOOST_DATA_TEST_CASE(invalid_text_is_refused, data::make(invalid)) {
    BOOST_TEST(!is_valid_json(sample));
    BOOST_TEST(members(sample) == "refused");
    BOOST_TEST(members("{\"a\":" + sample + "}") == "refused");
    BOOST_TEST(elements(sample) == "refused");
    BOOST_TEST(elements("[0," + sample + "]") == "refused");
}

// Long strings are read in words of eight bytes. The neighbours of a byte must not change the
// answer.
BOOST_AUTO_TEST_CASE(a_byte_of_a_string_is_judged_alike_at_each_place) {
    for (int byte = 0; byte < 256; ++byte) {
        const bool plain = 0x20 <= byte && byte < 0x80 && byte != '"' && byte != '\\';
        bool alike = true;
        for (const char neighbour : std::string_view{" !#[]~\x7f"}) {
            for (std::size_t place = 0; place < 20; ++place) {
                std::string text(20, neighbour);
                text[place] = static_cast<char>(byte);
                alike = alike && is_valid_json('"' + text + '"') == plain;
            }
        }
        BOOST_TEST(alike, "byte " << byte);
    }
}

BOOST_DATA_TEST_CASE(an_array_or_object_cut_short_is_refused, data::make(valid)) {
    const std::string whole = "{\"k\":[" + sample + "]}";
    BOOST_TEST(is_valid_json(whole));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const std::vector<char> exact{whole.begin(),
                                      whole.begin() + static_cast<std::ptrdiff_t>(size)};
        BOOST_TEST(!is_valid_json({exact.data(), size}), "cut at " << size);
        BOOST_TEST(members({exact.data(), size}) == "refused", "cut at " << size);
    }
    const std::string array = whole.substr(5, whole.size() - 6);
    BOOST_TEST(elements(array) != "refused");
    for (std::size_t size = 0; size < array.size(); ++size) {
        const std::vector<char> exact{array.begin(),
                                      array.begin() + static_cast<std::ptrdiff_t>(size)};
        BOOST_TEST(elements({exact.data(), size}) == "refused", "cut at " << size);
    }
}

BOOST_AUTO_TEST_CASE(depth_holds_at_exactly_its_limit) {
    for (const auto& [open, close] :
         {std::pair{"[", "]"}, std::pair{"{\"a\":", "}"}, std::pair{"[{\"a\": ", "}] "}}) {
        const std::size_t levels = open == std::string_view{"[{\"a\": "} ? 2 : 1;
        BOOST_TEST(is_valid_json(nested(json_depth_max / levels, open, close)));
        BOOST_TEST(!is_valid_json(nested(json_depth_max / levels + 1, open, close)));
    }
    const std::string deepest = nested(json_depth_max - 1, "[", "]");
    BOOST_TEST(members("{\"a\":" + deepest + "}") == "a=array:" + deepest + "\n");
    BOOST_TEST(members("{\"a\":[" + deepest + "]}") == "refused");
    BOOST_TEST(elements("[0," + deepest + "]") == "number:0\narray:" + deepest + "\n");
    BOOST_TEST(elements("[0,[" + deepest + "]]") == "refused");
    BOOST_TEST(elements(std::string(1'000'000, '[')) == "refused");
    BOOST_TEST(!is_valid_json(std::string(1'000'000, '[')));
}

BOOST_AUTO_TEST_CASE(the_members_of_the_outermost_object_are_reported_in_order) {
    BOOST_TEST(members("{}") == "");
    BOOST_TEST(members(" { } \n") == "");
    BOOST_TEST(members(R"( {"a" : 1 ,"b":[ {"c":2} ],"a":{"a" : "x"} , "\u0061":null} )") ==
               "a=number:1\nb=array:[ {\"c\":2} ]\na=object:{\"a\" : \"x\"}\n\\u0061=null:null\n");
    BOOST_TEST(members(R"({"":"","t":true,"f":false,"n":-1.5e3})") ==
               "=string:\"\"\nt=boolean:true\nf=boolean:false\nn=number:-1.5e3\n");
}

BOOST_AUTO_TEST_CASE(a_value_that_is_no_object_has_no_members) {
    for (const std::string_view text : {"null", "true", "1", "\"a\"", "[]", "[{\"a\":1}]"})
        BOOST_TEST(members(text) == "refused", text);
}

BOOST_AUTO_TEST_CASE(the_elements_of_the_outermost_array_are_reported_in_order) {
    BOOST_TEST(elements("[]") == "");
    BOOST_TEST(elements("\t[ ] \r\n") == "");
    BOOST_TEST(elements("[1]") == "number:1\n");
    BOOST_TEST(elements(R"( [1 ,"a" , [ 2,[ ] ],{"b": 3 } ,true,false,null , -1.5e3 ] )") ==
               "number:1\nstring:\"a\"\narray:[ 2,[ ] ]\nobject:{\"b\": 3 }\nboolean:true\n"
               "boolean:false\nnull:null\nnumber:-1.5e3\n");
    BOOST_TEST(elements(R"(["]","[,",[],{}])") ==
               "string:\"]\"\nstring:\"[,\"\narray:[]\nobject:{}\n");
}

BOOST_AUTO_TEST_CASE(a_value_that_is_no_array_has_no_elements) {
    for (const std::string_view text : {"", "null", "true", "1", "\"[]\"", "{}", "{\"a\":[1]}"})
        BOOST_TEST(elements(text) == "refused", text);
}

BOOST_AUTO_TEST_CASE(elements_are_reported_up_to_the_fault) {
    int told = 0;
    const auto count = [&](const json_value&) { ++told; };
    BOOST_TEST((forest::detail::read_json_array("[1,2,]", count) == errc::malformed_body));
    BOOST_TEST(told == 2);
    BOOST_TEST((forest::detail::read_json_array("[1] 2", count) == errc::malformed_body));
    BOOST_TEST(told == 3);
}

BOOST_AUTO_TEST_CASE(a_reported_value_can_be_read_again) {
    std::string told;
    const auto ec = forest::detail::read_json_object(
        R"({"a":[{"b":[1]},{"b":["c"]}]})", [&](json_string, const json_value& array) {
            told += forest::detail::read_json_array(
                        array.raw, [&](const json_value& element) { told += members(element.raw); })
                        ? "refused"
                        : "";
        });
    BOOST_TEST(!ec);
    BOOST_TEST(told == "b=array:[1]\nb=array:[\"c\"]\n");
}

BOOST_AUTO_TEST_CASE(only_a_string_has_a_string) {
    std::string told;
    const auto ec = forest::detail::read_json_object(
        R"({"a":"x\u0079","b":12,"c":["x"]})", [&](json_string, const json_value& value) {
            told.append(value.string().raw()).append(value.string().equals("xy") ? "!" : "?");
        });
    BOOST_TEST(!ec);
    BOOST_TEST(told == "x\\u0079!??");
}

BOOST_AUTO_TEST_CASE(the_json_test_suite_is_decided_as_its_names_say,
                     *boost::unit_test::precondition(suite_present)) {
    std::size_t decided = 0;
    for (const std::filesystem::path& file : suite_files()) {
        const std::string name = file.filename().string();
        const std::string text = read_file(file);
        // Where the suite leaves the choice, it must still be made without a fault.
        const bool accepted = is_valid_json(text);
        const bool object = members(text) != "refused";
        const bool array = elements(text) != "refused";
        const std::size_t begin = text.find_first_not_of(" \t\r\n");
        BOOST_TEST(object == (accepted && text[begin] == '{'), name);
        BOOST_TEST(array == (accepted && text[begin] == '['), name);
        if (name.front() == 'i')
            continue;
        BOOST_TEST(accepted == (name.front() == 'y'), name);
        ++decided;
    }
    BOOST_TEST(decided > 250U);
}

BOOST_AUTO_TEST_CASE(mutated_text_is_decided_as_another_reader_decides) {
    const std::uint32_t seed = 8259;
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937 random{seed};
    std::vector<std::string> corpus = valid;
    for (const std::filesystem::path& file : suite_files()) {
        if (std::string text = read_file(file); text.size() < 200)
            corpus.push_back(std::move(text));
    }
    std::size_t accepted = 0;
    for (int round = 0; round < 100'000; ++round) {
        const std::string text = mutate(corpus[random() % corpus.size()], random);
        const bool here = is_valid_json(text);
        const bool there = nlohmann::json::accept(text);
        BOOST_REQUIRE_MESSAGE(here == there || may_differ(text, here),
                              "seed " << seed << ": " << text);
        accepted += here ? 1U : 0U;
        const auto reference = nlohmann::json::parse(text, nullptr, false);
        if (!here || !reference.is_structured())
            continue;
        std::size_t told = 0;
        if (reference.is_array()) {
            const auto failed = forest::detail::read_json_array(text, [&](const json_value& value) {
                BOOST_REQUIRE(told < reference.size());
                BOOST_REQUIRE(nlohmann::json::parse(value.raw) == reference[told]);
                ++told;
            });
            BOOST_REQUIRE(!failed);
            BOOST_REQUIRE_EQUAL(told, reference.size());
            continue;
        }
        const auto ec =
            forest::detail::read_json_object(text, [&](json_string key, const json_value& value) {
                std::string name(key.copy_to({}), '\0');
                key.copy_to(name);
                BOOST_REQUIRE(reference.contains(name));
                BOOST_REQUIRE(is_valid_json(value.raw));
                ++told;
            });
        BOOST_REQUIRE(!ec);
        BOOST_REQUIRE(told >= reference.size());
    }
    BOOST_TEST(accepted > 5'000U);
}

BOOST_AUTO_TEST_SUITE_END()
