// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detail/logic/schema_answer.hpp>

#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/schema.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>
#include <forest/detail/health/judge.hpp>
#include <forest/policy/transport.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

using namespace std::chrono_literals;

namespace {

using namespace forest;
using namespace forest::detail;
namespace data = boost::unit_test::data;

const std::string sha1 = "7ec21c29f877d7cc161e1d193e70a8714ca5ba0d";
const std::string other_sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";

const std::string plain = R"({"collections":[{"name":"product"}]})";
const std::string longer = R"({"collections":[{"name":"product"},{"name":"manufacturer"}]})";

std::string with_member(const std::string& etag) {
    return R"({"collections":[{"name":"product"}],"etag":")" + etag + "\"}";
}

schema known(const std::string& text, std::string_view etag = {}) {
    schema result;
    BOOST_TEST_REQUIRE(!schema::parse(text, result, etag));
    return result;
}

// The answer of a server as the transport would pass it on.
schema_answer answer(int status, const std::string& fields, std::string_view body,
                     const schema& before, std::error_code broken = {}) {
    const field_view lines{fields};
    verdict judged = forest::detail::judge({.status = status, .fields = lines, .body = body}, {});
    if (broken)
        judged.error = broken;
    return judge_schema(judged, lines, body, !before.etag().empty());
}

struct first_row {
    std::string what;
    std::string fields;
    std::string body;
    std::string etag;

    friend std::ostream& operator<<(std::ostream& out, const first_row& row) {
        return out << row.what;
    }
};

const std::vector<first_row> first_rows{
    {"Ruby, older", "ETag: \"" + sha1 + "\"\r\n", plain, sha1},
    {"Ruby, current", "ETag: W/\"" + other_sha1 + "\"\r\n", with_member(sha1), sha1},
    {"Node", "Content-Type: application/json\r\n", with_member(sha1), sha1},
    {"a weak header", "etag: W/\"" + sha1 + "\"\r\n", plain, sha1},
    {"a raw header", "ETag:  " + sha1 + " \r\n", plain, sha1},
    {"an empty member", "ETag: \"" + sha1 + "\"\r\n", with_member(""), sha1},
    {"the first of two headers", "ETag: \"" + sha1 + "\"\r\nETag: \"b\"\r\n", plain, sha1},
    {"an empty header", "ETag: \"\"\r\n", plain, ""},
    {"no etag", "", plain, ""},
    {"an encoding that is none", "Content-Encoding: identity\r\n", with_member(sha1), sha1},
    {"blanks around it", "", "\n" + with_member(sha1) + "\n", sha1},
    {"a status that says otherwise", "", R"({"collections":[],"status":"stopping"})", ""},
    {"a status that is none", "", R"({"collections":[],"status":[]})", ""},
    {"a healthy status", "", R"({"collections":[],"status":"ok","version":"9"})", ""},
};

struct failed_row {
    int status;
    std::string fields;
    std::string body;
    errc error;

    friend std::ostream& operator<<(std::ostream& out, const failed_row& row) {
        return out << row.status << ' ' << row.fields << row.body;
    }
};

const std::vector<failed_row> failed_rows{
    {200, "", "", errc::malformed_body}, // Seen from a real server.
    {200, "ETag: \"new\"\r\n", "", errc::malformed_body},
    {204, "", "", errc::malformed_body},
    {200, "", "null", errc::malformed_body},
    {200, "", "[]", errc::malformed_body},
    {200, "", plain.substr(0, plain.size() - 1), errc::malformed_body},
    {200, "", plain + "x", errc::malformed_body},
    {200, "", "\xef\xbb\xbf" + plain, errc::malformed_body},
    {200, "Content-Type: text/html\r\n", "<html></html>", errc::malformed_body},
    {200, "", R"({"status":"ok"})", errc::malformed_schema},
    {200, "", R"({"status":"ok","version":"1.16.10"})", errc::malformed_schema},
    {200, "", R"({"status":"stopping"})", errc::malformed_schema},
    {200, "", R"({"error":"Unauthorized"})", errc::malformed_schema},
    {200, "", R"({"collections":[{"name":1}]})", errc::malformed_schema},
    {200, "", "{}", errc::malformed_schema},
    {200, "Content-Encoding: gzip\r\n", plain, errc::unsupported_encoding},
    {200, "Content-Encoding: br\r\n", "\x1f\x8b", errc::unsupported_encoding},
    {401, "", R"({"error":"Unauthorized"})", errc::unauthorized},
    {403, "", R"({"errors":[{"name":"ForbiddenError"}]})", errc::unauthorized},
    {401, "ETag: \"new\"\r\n", longer, errc::unauthorized},
    {500, "", "", errc::unexpected_status},
    {500, "", longer, errc::unexpected_status},
    {404, "", R"({"error":"Not Found"})", errc::unexpected_status},
    {301, "Location: /elsewhere\r\n", longer, errc::unexpected_status},
    {503, "", R"({"status":"stopping"})", errc::stopping},
    {503, "", R"({"status":"stopping","version":"2"})", errc::stopping},
    {503, "", R"({"status":"ok","version":"2"})", errc::unexpected_status},
    {503, "", longer, errc::unexpected_status},
    {503, "Content-Encoding: gzip\r\n", R"({"status":"stopping"})", errc::unexpected_status},
    {300, "", longer, errc::unexpected_status},
    {199, "", longer, errc::unexpected_status},
    {0, "", "", errc::unexpected_status},
};

} // namespace

BOOST_AUTO_TEST_SUITE(schema_answer_test)

BOOST_DATA_TEST_CASE(a_schema_is_read_wherever_its_etag_is, data::make(first_rows)) {
    const schema_answer judged = answer(200, sample.fields, sample.body, schema{});
    BOOST_TEST(judged.result.healthy());
    BOOST_TEST(judged.result.status == 200);
    BOOST_TEST(judged.result.version() == "");
    BOOST_TEST_REQUIRE(judged.served != nullptr);
    BOOST_TEST(judged.served->etag() == sample.etag);
    BOOST_TEST(judged.served->text() == sample.body);
}

BOOST_DATA_TEST_CASE(a_failed_answer_brings_nothing_and_says_why, data::make(failed_rows)) {
    for (const schema& before : {schema{}, known(plain), known(plain, sha1)}) {
        const schema_answer judged = answer(sample.status, sample.fields, sample.body, before);
        BOOST_TEST((judged.result.error == sample.error), judged.result.error);
        BOOST_TEST((judged.result.error == condition::check_failed));
        BOOST_TEST(judged.result.status == sample.status);
        BOOST_TEST(judged.result.version() == "");
        BOOST_TEST((judged.result.document.status == health_document::state::other));
        BOOST_TEST(judged.served == nullptr);
    }
}

BOOST_AUTO_TEST_CASE(B31_a_304_is_well_when_an_etag_was_sent) {
    for (const std::string& fields :
         {std::string{}, "ETag: \"" + sha1 + "\"\r\n", std::string{"ETag: \"another\"\r\n"},
          std::string{"Content-Encoding: gzip\r\n"}}) {
        const schema_answer judged = answer(304, fields, "", known(plain, sha1));
        BOOST_TEST(judged.result.healthy());
        BOOST_TEST(judged.result.status == 304);
        BOOST_TEST(judged.served == nullptr);
    }
    BOOST_TEST(answer(304, "", "", known(with_member(sha1))).result.healthy());
}

BOOST_AUTO_TEST_CASE(a_304_that_nobody_asked_for_is_a_failure) {
    for (const schema& before : {schema{}, known(plain)}) {
        const schema_answer judged = answer(304, "ETag: \"" + sha1 + "\"\r\n", "", before);
        BOOST_TEST((judged.result.error == errc::unexpected_status));
        BOOST_TEST(judged.served == nullptr);
    }
}

// Whether it is another one is for `committed_schema` to say.
BOOST_AUTO_TEST_CASE(B31_a_200_brings_a_schema_whatever_its_etag_is) {
    for (const std::string& tag : {sha1, other_sha1}) {
        const schema_answer judged = answer(200, "", with_member(tag), known(plain, sha1));
        BOOST_TEST(judged.result.healthy());
        BOOST_TEST_REQUIRE(judged.served != nullptr);
        BOOST_TEST(judged.served->etag() == tag);
    }
    // The framework's own header is not looked at beside the member.
    BOOST_TEST(answer(200, "ETag: \"" + sha1 + "\"\r\n", with_member(other_sha1), schema{})
                   .served->etag() == other_sha1);
}

BOOST_AUTO_TEST_CASE(what_broke_on_the_way_stays_broken_however_it_looks) {
    for (const errc broken :
         {errc::connection_lost, errc::malformed_response, errc::response_too_large,
          errc::timed_out, errc::operation_canceled}) {
        for (const int status : {200, 304}) {
            const schema_answer judged =
                answer(status, "", with_member(other_sha1), known(plain, sha1), broken);
            BOOST_TEST((judged.result.error == broken), name(broken));
            BOOST_TEST(judged.served == nullptr);
        }
    }
    const schema_answer nothing = answer(0, "", "", known(plain, sha1), errc::resolve_failed);
    BOOST_TEST((nothing.result.error == errc::resolve_failed));
    BOOST_TEST(nothing.result.status == 0);
}

BOOST_AUTO_TEST_CASE(what_was_measured_stays) {
    verdict judged = forest::detail::judge(
        {.status = 200,
         .fields = field_view{"Date: Tue, 09 Dec 2025 12:00:00 GMT\r\n"},
         .body = plain},
        wall_time{std::chrono::sys_days{std::chrono::year{2025} / 12 / 9} + 12h + 75s});
    judged.timings.total = 12ms;
    const verdict result = judge_schema(judged, field_view{}, plain, false).result;
    BOOST_TEST(result.healthy());
    BOOST_TEST((result.clock_skew == -75s));
    BOOST_TEST((result.ended_at == judged.ended_at));
    BOOST_TEST((result.timings.total == 12ms));
}

BOOST_AUTO_TEST_CASE(a_schema_outlives_the_answer) {
    schema_answer judged;
    {
        std::string fields = "ETag: \"" + sha1 + "\"\r\n";
        std::string body = longer;
        judged = answer(200, fields, body, schema{});
        fields.assign(fields.size(), 'x');
        body.assign(body.size(), 'x');
    }
    BOOST_TEST_REQUIRE(judged.served != nullptr);
    BOOST_TEST(judged.served->etag() == sha1);
    BOOST_TEST(judged.served->text() == longer);
    BOOST_TEST(judged.served->collections().back() == "manufacturer");
}

BOOST_AUTO_TEST_SUITE_END()
