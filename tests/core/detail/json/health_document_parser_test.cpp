// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detail/json/health_document_parser.hpp>

#include <forest/core/error.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

namespace {

namespace data = boost::unit_test::data;
using forest::errc;
using forest::health_document;
using state = health_document::state;

struct row {
    std::string body;
    state status;
    std::string version;

    friend std::ostream& operator<<(std::ostream& out, const row& value) {
        return out << value.body;
    }
};

const std::vector<row> documents{
    {R"({"status":"ok","version":"1.16.10"})", state::ok, "1.16.10"},
    {R"({"status":"ok"})", state::ok, ""},
    {" {\n\t\"version\" : \"2\" ,\r\n \"status\" : \"ok\" } ", state::ok, "2"},
    {R"({"\u0073tatus":"\u006f\u006B"})", state::ok, ""},
    {R"({"status":"stopping","version":"3"})", state::stopping, "3"},
    {R"({"status":"\u0073topping"})", state::stopping, ""},
    {R"({"status":"OK"})", state::other, ""},
    {R"({"status":"Stopping"})", state::other, ""},
    {R"({"status":"ok "})", state::other, ""},
    {R"({"status":""})", state::other, ""},
    {R"({"status":"ok\u0000"})", state::other, ""},
    {R"({"status":"ok\ud800"})", state::other, ""},
    {R"({"status":true})", state::other, ""},
    {R"({"status":["ok"]})", state::other, ""},
    {R"({"status":null,"version":"1"})", state::other, "1"},
    {R"({"STATUS":"ok"})", state::other, ""},
    {R"({"a":{"status":"ok","version":"1"}})", state::other, ""},
    {"{}", state::other, ""},
    // The last duplicate counts.
    {R"({"status":"no","status":"ok"})", state::ok, ""},
    {R"({"status":"ok","status":"no"})", state::other, ""},
    {R"({"status":"ok","status":1})", state::other, ""},
    {R"({"status":"ok","status":"stopping"})", state::stopping, ""},
    {R"({"status":"ok","\u0073tatus":"no"})", state::other, ""},
    {R"({"status":"ok","version":"1","version":"23"})", state::ok, "23"},
    {R"({"status":"ok","version":"1","version":2})", state::ok, ""},
    // A version may be any value.
    {R"({"status":"ok","version":1.16})", state::ok, ""},
    {R"({"status":"ok","version":{"a":[]}})", state::ok, ""},
    {R"({"status":"ok","version":null})", state::ok, ""},
    {R"({"status":"ok","version":"\u00e9\n\"\ud83d\ude00"})", state::ok,
     "\xc3\xa9\n\"\xf0\x9f\x98\x80"},
    {R"({"status":"ok","version":"\ud800"})", state::ok, "\xef\xbf\xbd"},
};

const std::vector<std::string> malformed{
    "",
    "ok",
    "\"OK\"",
    "\"ok\"",
    "null",
    "[]",
    R"([{"status":"ok"}])",
    R"({"status":"ok"}x)",
    R"({"status":"ok"}{})",
    R"({"status":"ok",})",
    R"({"status":"ok")",
    R"({status:"ok"})",
    R"({'status':'ok'})",
    "\xef\xbb\xbf{\"status\":\"ok\"}",
    R"(/* comment */{"status":"ok"})",
    R"({"status":"ok"} // comment)",
    R"({"status":"ok","version":"\x"})",
    "{\"status\":\"ok\",\"version\":\"\xff\"}",
    R"({"status":"ok","version":01})",
};

} // namespace

BOOST_AUTO_TEST_SUITE(health_document_parser_test)

static_assert(std::is_trivially_copyable_v<health_document>);

BOOST_DATA_TEST_CASE(a_document_says_its_status_and_version, data::make(documents)) {
    health_document document;
    BOOST_TEST(forest::detail::parse_health_document(sample.body, document) == std::error_code{});
    BOOST_TEST((document.status == sample.status));
    BOOST_TEST(document.version() == sample.version);
}

BOOST_DATA_TEST_CASE(everything_else_is_malformed_and_changes_nothing, data::make(malformed)) {
    health_document document;
    BOOST_TEST(
        !forest::detail::parse_health_document(R"({"status":"ok","version":"1"})", document));
    BOOST_TEST((forest::detail::parse_health_document(sample, document) == errc::malformed_body));
    BOOST_TEST((document.status == state::ok));
    BOOST_TEST(document.version() == "1");
}

BOOST_DATA_TEST_CASE(a_document_cut_short_is_malformed, data::make(documents)) {
    const std::string body = sample.body.substr(0, sample.body.find_last_of('}') + 1);
    for (std::size_t size = 0; size < body.size(); ++size) {
        health_document document;
        BOOST_TEST((forest::detail::parse_health_document(body.substr(0, size), document) ==
                    errc::malformed_body),
                   "cut at " << size);
    }
}

BOOST_AUTO_TEST_CASE(a_long_version_is_cut_behind_a_whole_character) {
    const auto version_of = [](const std::string& version) {
        health_document document;
        BOOST_TEST(
            !forest::detail::parse_health_document(R"({"version":")" + version + "\"}", document));
        return std::string{document.version()};
    };
    const std::size_t limit = health_document::version_bytes_max;
    BOOST_TEST(version_of(std::string(limit, 'v')) == std::string(limit, 'v'));
    BOOST_TEST(version_of(std::string(limit + 1, 'v')) == std::string(limit, 'v'));
    const std::string before(limit - 1, 'v');
    BOOST_TEST(version_of(before + "\xc3\xa9") == before);
    BOOST_TEST(version_of(before + "\\u00e9") == before);
    BOOST_TEST(version_of(before + "\\u0041z") == before + "A");
}

BOOST_AUTO_TEST_CASE(a_copy_keeps_its_version) {
    health_document document;
    BOOST_TEST(!forest::detail::parse_health_document(R"({"version":"1"})", document));
    const health_document copy = document;
    BOOST_TEST(!forest::detail::parse_health_document(R"({"version":"2"})", document));
    BOOST_TEST(copy.version() == "1");
}

BOOST_AUTO_TEST_SUITE_END()
