// SPDX-License-Identifier: BSL-1.0
#include <forest/core/schema.hpp>

#include <forest/core/detail/json/json_reader.hpp>
#include <forest/core/error.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <rapidcheck.h>

#include <cstddef>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

namespace data = boost::unit_test::data;
using forest::errc;
using forest::schema;
using forest::schema_source;

// Reads a copy with nothing readable around it, which is gone before anyone looks at the result.
std::error_code parse(const std::string& text, schema& result, std::string_view etag_field = {}) {
    const auto copy = std::make_unique<char[]>(text.size());
    text.copy(copy.get(), text.size());
    return schema::parse({copy.get(), text.size()}, result, etag_field);
}

schema parsed(const std::string& text, std::string_view etag_field = {}) {
    schema result;
    BOOST_TEST_REQUIRE(!parse(text, result, etag_field), text);
    return result;
}

// Each in brackets, so that an empty one is seen.
std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& each : names)
        text.append("[").append(each).append("]");
    return text;
}

struct good_row {
    std::string text;
    std::string collections;
    std::string charts;

    friend std::ostream& operator<<(std::ostream& out, const good_row& row) {
        return out << row.text;
    }
};

const std::vector<good_row> good_rows{
    {R"({"collections":[]})", "", ""},
    {"\r\n\t {\n \"collections\" : [ ] } \n", "", ""},
    {R"({"collections":[{"name":"product"},{"name":"manufacturer"}]})", "[product][manufacturer]",
     ""},
    {R"({"collections":[ { "fields":[{"name":"id"}], "name" : "product" , "actions":{} } ]})",
     "[product]", ""},
    {R"({"collections":[{"name":"a"},{"name":"a"},{"name":""}]})", "[a][a][]", ""},
    {R"({"\u0063ollections":[{"n\u0061me":"a"}],"ch\u0061rts":["b"]})", "[a]", "[b]"},
    // Members of other names, and of inner objects, say nothing.
    {R"({"Collections":[{"name":"a"}],"collections":[],"x":{"collections":[{"name":"b"}]}})", "",
     ""},
    {R"({"collections":[{"x":{"name":"b"},"name":"a"}],"rpc_relations":null})", "[a]", ""},
    // Of duplicates the last one counts.
    {R"({"collections":[{"name":"a"}],"collections":[{"name":"b"}]})", "[b]", ""},
    {R"({"collections":[{"name":"a"}],"collections":[]})", "", ""},
    {R"({"collections":null,"collections":[{"name":"b"}]})", "[b]", ""},
    {R"({"collections":[{}],"collections":[{"name":"b"}]})", "[b]", ""},
    {R"({"collections":[{"name":1,"name":"a"},{"name":"b","name":"c"}]})", "[a][c]", ""},
    // Charts in both forms; what is neither is passed over.
    {R"({"charts":["a",{"name":"b"}],"collections":[]})", "", "[a][b]"},
    {R"({"collections":[],"charts":[1,null,true,["c"],{},{"name":2},"d",{"name":[]},{"name":""}]})",
     "", "[d][]"},
    {R"({"collections":[],"charts":null})", "", ""},
    {R"({"collections":[],"charts":"a"})", "", ""},
    {R"({"collections":[],"charts":{"name":"a"}})", "", ""},
    {R"({"collections":[],"charts":-1})", "", ""},
    {R"({"collections":[],"charts":["a"],"charts":["b"]})", "", "[b]"},
    {R"({"collections":[],"charts":["a"],"charts":false})", "", ""},
    {R"({"collections":[],"charts":[{"name":"a","name":1},{"name":1,"name":"b"}]})", "", "[b]"},
    // Names are decoded.
    {R"({"collections":[{"name":"a\"\\\/\b\n\u00e9\ud83d\ude00"}],"charts":["\u0062"]})",
     "[a\"\\/\b\n\xc3\xa9\xf0\x9f\x98\x80]", "[b]"},
    {"{\"collections\":[{\"name\":\"\xe6\x97\xa5\xe6\x9c\xac\"}]}", "[\xe6\x97\xa5\xe6\x9c\xac]",
     ""},
    {R"({"collections":[{"name":"\ud800"},{"name":"a\udc00b"}],"charts":["\ud83d"]})",
     "[\xef\xbf\xbd][a\xef\xbf\xbd"
     "b]",
     "[\xef\xbf\xbd]"},
    {R"({"collections":[{"name":"a\u0000b"}]})", std::string{"[a\0b]", 5}, ""},
    // No member of that name: half a surrogate pair makes it another one.
    {R"({"collections":[{"name":"a","name\ud800":1}]})", "[a]", ""},
};

struct bad_row {
    std::string text;
    errc error;

    friend std::ostream& operator<<(std::ostream& out, const bad_row& row) {
        return out << row.text;
    }
};

const std::vector<bad_row> bad_rows{
    {"", errc::malformed_body},
    {" ", errc::malformed_body},
    {"null", errc::malformed_body},
    {R"("collections")", errc::malformed_body},
    {"[]", errc::malformed_body},
    {R"([{"collections":[]}])", errc::malformed_body},
    {"\xef\xbb\xbf{\"collections\":[]}", errc::malformed_body},
    {R"({"collections":[]} x)", errc::malformed_body},
    {R"({"collections":[]}{"collections":[]})", errc::malformed_body},
    {std::string{"{\"collections\":[]}\0", 19}, errc::malformed_body},
    {R"({"collections":[],})", errc::malformed_body},
    {R"({"collections":[{"name":"a"},]})", errc::malformed_body},
    {R"({"collections":[{"name":"a",}]})", errc::malformed_body},
    {R"({"collections":[{"name":'a'}]})", errc::malformed_body},
    {R"({collections:[]})", errc::malformed_body},
    {R"({"collections":[] /* none */})", errc::malformed_body},
    {"{\"collections\":[{\"name\":\"\xff\"}]}", errc::malformed_body},
    {"{\"collections\":[{\"name\":\"\n\"}]}", errc::malformed_body},
    {R"({"collections":[],"charts":[1 2]})", errc::malformed_body},

    {"{}", errc::malformed_schema},
    {R"({"status":"ok","version":"1.16.10"})", errc::malformed_schema},
    {R"({"charts":["a"],"etag":"e"})", errc::malformed_schema},
    {R"({"Collections":[]})", errc::malformed_schema},
    {R"({"data":{"collections":[]}})", errc::malformed_schema},
    {R"({"collections":null})", errc::malformed_schema},
    {R"({"collections":{}})", errc::malformed_schema},
    {R"({"collections":{"name":"a"}})", errc::malformed_schema},
    {R"({"collections":"[]"})", errc::malformed_schema},
    {R"({"collections":0})", errc::malformed_schema},
    {R"({"collections":["a"]})", errc::malformed_schema},
    {R"({"collections":[{}]})", errc::malformed_schema},
    {R"({"collections":[[]]})", errc::malformed_schema},
    {R"({"collections":[null]})", errc::malformed_schema},
    {R"({"collections":[{"name":1}]})", errc::malformed_schema},
    {R"({"collections":[{"name":null}]})", errc::malformed_schema},
    {R"({"collections":[{"name":{"name":"a"}}]})", errc::malformed_schema},
    {R"({"collections":[{"Name":"a"}]})", errc::malformed_schema},
    {R"({"collections":[{"name":"a"},{"fields":[]},{"name":"c"}]})", errc::malformed_schema},
    {R"({"collections":[{"name":"a","name":1}]})", errc::malformed_schema},
    {R"({"collections":[{"name":"a"}],"collections":{}})", errc::malformed_schema},
};

struct etag_row {
    std::string member; // with its comma
    std::string field;
    std::string etag;

    friend std::ostream& operator<<(std::ostream& out, const etag_row& row) {
        return out << row.member << ' ' << row.field;
    }
};

const std::vector<etag_row> etag_rows{
    {"", "", ""},
    {"", "header", "header"},
    {R"(,"etag":"body")", "", "body"},
    {R"(,"etag":"body")", "header", "body"},
    {R"(,"\u0065tag":"b\u006fdy")", "header", "body"},
    {R"(,"etag":"\"quoted\"")", "header", "\"quoted\""},
    {R"(,"etag":"\ud800")", "header", "\xef\xbf\xbd"},
    // A member that says nothing leaves it to the header.
    {R"(,"etag":"")", "header", "header"},
    {R"(,"etag":"")", "", ""},
    {R"(,"etag":null)", "header", "header"},
    {R"(,"etag":7)", "header", "header"},
    {R"(,"etag":["body"])", "header", "header"},
    {R"(,"etag":{"etag":"body"})", "header", "header"},
    {R"(,"ETag":"body","meta":{"etag":"body"})", "header", "header"},
    // Of duplicates the last one counts.
    {R"(,"etag":"first","etag":"last")", "header", "last"},
    {R"(,"etag":1,"etag":"last")", "header", "last"},
    {R"(,"etag":"first","etag":null)", "header", "header"},
    {R"(,"etag":"first","etag":"")", "header", "header"},
};

std::string nested(std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

} // namespace

BOOST_AUTO_TEST_SUITE(schema_test)

BOOST_DATA_TEST_CASE(a_schema_is_known_by_its_names, data::make(good_rows)) {
    const schema read = parsed(sample.text);
    BOOST_TEST(joined(read.collections()) == sample.collections);
    BOOST_TEST(joined(read.charts()) == sample.charts);
    BOOST_TEST(read.etag() == "");
}

BOOST_DATA_TEST_CASE(its_text_is_kept_byte_for_byte, data::make(good_rows)) {
    BOOST_TEST(parsed(sample.text).text() == sample.text);
}

BOOST_DATA_TEST_CASE(what_is_no_schema_is_refused_and_changes_nothing, data::make(bad_rows)) {
    const std::string before = R"({"collections":[{"name":"a"}],"charts":["b"],"etag":"e"})";
    schema result = parsed(before);
    BOOST_TEST((parse(sample.text, result, "header") == sample.error));
    BOOST_TEST(result.text() == before);
    BOOST_TEST(result.etag() == "e");
    BOOST_TEST(joined(result.collections()) == "[a]");
    BOOST_TEST(joined(result.charts()) == "[b]");
}

BOOST_DATA_TEST_CASE(a_schema_cut_short_is_refused, data::make(good_rows)) {
    const std::size_t end = sample.text.rfind('}');
    for (std::size_t size = 0; size <= end; ++size) {
        schema result;
        BOOST_TEST((parse(sample.text.substr(0, size), result) == errc::malformed_body),
                   "cut at " << size);
        BOOST_TEST(result.text() == "");
    }
}

BOOST_DATA_TEST_CASE(the_etag_of_the_text_goes_before_that_of_the_header, data::make(etag_rows)) {
    const std::string after = R"({"collections":[])" + sample.member + "}";
    BOOST_TEST(parsed(after, sample.field).etag() == sample.etag);
    if (sample.member.empty())
        return;
    const std::string before = "{" + sample.member.substr(1) + R"(,"collections":[]})";
    BOOST_TEST(parsed(before, sample.field).etag() == sample.etag);
}

BOOST_AUTO_TEST_CASE(what_was_read_before_is_replaced_as_a_whole) {
    schema result = parsed(R"({"collections":[{"name":"a"}],"charts":["b"],"etag":"e"})", "f");
    BOOST_TEST_REQUIRE(!parse(R"({"collections":[]})", result));
    BOOST_TEST(result.text() == R"({"collections":[]})");
    BOOST_TEST(result.etag() == "");
    BOOST_TEST(result.collections().empty());
    BOOST_TEST(result.charts().empty());
}

BOOST_AUTO_TEST_CASE(a_schema_may_be_read_from_its_own_text_and_etag) {
    schema result = parsed(R"({"collections":[{"name":"a"}]})", "header");
    BOOST_TEST_REQUIRE(!schema::parse(result.text(), result, result.etag()));
    BOOST_TEST(result.text() == R"({"collections":[{"name":"a"}]})");
    BOOST_TEST(result.etag() == "header");
    BOOST_TEST(joined(result.collections()) == "[a]");
}

BOOST_AUTO_TEST_CASE(the_empty_schema_says_nothing) {
    const schema empty;
    BOOST_TEST(empty.text() == "");
    BOOST_TEST(empty.etag() == "");
    BOOST_TEST(empty.collections().empty());
    BOOST_TEST(empty.charts().empty());
    BOOST_TEST(empty.same_as(schema{}));
    BOOST_TEST(!empty.same_as(parsed(R"({"collections":[]})")));
    BOOST_TEST(!empty.same_as(parsed(R"({"collections":[]})", "e")));
    BOOST_TEST(!parsed(R"({"collections":[]})", "e").same_as(empty));
}

BOOST_AUTO_TEST_CASE(B31_two_are_the_same_by_their_content_whatever_their_etags_say) {
    const std::string text = R"({"collections":[{"name":"a"}]})";
    const std::string other = R"({"collections":[{"name":"b"}]})";
    const auto same = [](const schema& left, const schema& right) {
        BOOST_TEST(left.same_as(right) == right.same_as(left));
        return left.same_as(right);
    };
    BOOST_TEST(same(parsed(text), parsed(text)));
    BOOST_TEST(!same(parsed(text), parsed(other)));
    BOOST_TEST(same(parsed(text), parsed(text + " ")));
    BOOST_TEST(same(parsed(text), parsed(R"({ "collections":[{"n\u0061me":"a"}]})")));
    const std::string tagged = R"({"collections":[{"name":"a"}],"etag":"e"})";
    BOOST_TEST(same(parsed(text), parsed(tagged)));
    BOOST_TEST(!same(parsed(other), parsed(tagged)));
    BOOST_TEST(same(parsed(text, "e"), parsed(text, "f")));
    BOOST_TEST(!same(parsed(text, "e"), parsed(other, "e")));
    BOOST_TEST(same(parsed(text, "e"), parsed(text)));
    BOOST_TEST(!same(parsed(R"({"collections":[],"etag":"e"})"), parsed(tagged)));
}

BOOST_AUTO_TEST_CASE(depth_holds_at_exactly_its_limit) {
    const auto with_field = [](std::size_t depth) {
        return R"({"collections":[{"name":"a","fields":)" + nested(depth) + "}]}";
    };
    constexpr std::size_t around = 3;
    BOOST_TEST(joined(parsed(with_field(forest::detail::json_depth_max - around)).collections()) ==
               "[a]");
    schema result;
    BOOST_TEST((parse(with_field(forest::detail::json_depth_max - around + 1), result) ==
                errc::malformed_body));
    BOOST_TEST((parse(with_field(1'000'000), result) == errc::malformed_body));
    BOOST_TEST(result.text() == "");
}

BOOST_AUTO_TEST_CASE(ten_megabytes_with_fifty_thousand_collections_are_read) {
    constexpr std::size_t count = 50'000;
    constexpr std::size_t bytes = 10'000'000;
    const std::string filling(bytes / count, 'x');
    std::string text = R"({"collections":[)";
    for (std::size_t index = 0; index < count; ++index) {
        text.append(index == 0 ? "" : ",").append(R"({"fields":[{"name":"id"},")").append(filling);
        text.append(R"("],"name":"collection_)").append(std::to_string(index)).append("\"}");
    }
    text.append(R"(],"charts":["revenue"],"etag":"7ec21c29"})");
    BOOST_TEST_REQUIRE(text.size() >= bytes);

    const schema read = parsed(text);
    BOOST_TEST((read.text() == text)); // Not shown if it fails.
    BOOST_TEST_REQUIRE(read.collections().size() == count);
    BOOST_TEST(read.collections().front() == "collection_0");
    BOOST_TEST(read.collections().back() == "collection_49999");
    BOOST_TEST(joined(read.charts()) == "[revenue]");
    BOOST_TEST(read.etag() == "7ec21c29");
}

BOOST_AUTO_TEST_CASE(whatever_is_written_as_json_is_read_as_it_was) {
    using strings = std::vector<std::string>;
    // Bytes that are no UTF-8 are replaced while they are written, so what is compared is what a
    // reader of strings makes of them.
    const auto unquoted = [](const std::string& text) {
        const std::string quoted = forest::detail::json_quote(text);
        return to_string(forest::detail::json_string{{quoted.data() + 1, quoted.size() - 2}});
    };
    const bool holds =
        rc::check([&](const strings& collections, const strings& charts, const std::string& etag) {
            std::string text = R"({"charts":[)";
            strings expected_charts;
            for (const std::string& each : charts) {
                const bool plain = expected_charts.size() % 2 == 0;
                text.append(expected_charts.empty() ? "" : ",").append(plain ? "" : R"({"name":)");
                text.append(forest::detail::json_quote(each)).append(plain ? "" : "}");
                expected_charts.push_back(unquoted(each));
            }
            text.append(R"(],"etag":)")
                .append(forest::detail::json_quote(etag))
                .append(R"(,"collections":[)");
            strings expected_collections;
            for (const std::string& each : collections) {
                text.append(expected_collections.empty() ? R"({"name":)" : R"(,{"name":)");
                text.append(forest::detail::json_quote(each)).append("}");
                expected_collections.push_back(unquoted(each));
            }
            text.append("]}");

            schema read;
            RC_ASSERT(!parse(text, read, "header"));
            RC_ASSERT(read.collections() == expected_collections);
            RC_ASSERT(read.charts() == expected_charts);
            RC_ASSERT(read.etag() == (etag.empty() ? "header" : unquoted(etag)));
            RC_ASSERT(read.text() == text);
        });
    BOOST_TEST(holds);
}

BOOST_AUTO_TEST_CASE(every_source_has_a_name_of_its_own) {
    std::set<std::string_view> names;
    for (const schema_source each :
         {schema_source::none, schema_source::introspection, schema_source::server})
        names.insert(name(each));
    BOOST_TEST((names == std::set<std::string_view>{"none", "introspection", "server"}));
    BOOST_TEST(name(schema_source{99}).empty());
    BOOST_TEST((schema_source{} == schema_source::none));
}

BOOST_AUTO_TEST_SUITE_END()
