// SPDX-License-Identifier: BSL-1.0
#include <forest/detail/health/judge.hpp>

#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>
#include <forest/policy/transport.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

using namespace forest;
using namespace forest::detail;
namespace data = boost::unit_test::data;

namespace {

struct answer {
    int status;
    std::string fields;
    std::string body;
    errc error; // none when healthy
    friend std::ostream& operator<<(std::ostream& out, const answer& shown) {
        return out << shown.status << ' ' << shown.fields << shown.body;
    }
};

verdict judge_answer(int status, std::string_view fields, std::string_view body) {
    return judge({.status = status, .fields = field_view{fields}, .body = body}, {});
}

const std::string ok = R"({"status":"ok","version":"1.16.10"})";
const std::string farewell = R"({"status":"stopping"})";

const std::vector<answer> answers{
    {200, "", ok, {}},
    {201, "", ok, {}},
    {299, "", ok, {}},
    {200, "Content-Type: text/plain\r\n", ok, {}},
    {200, "Content-Encoding: identity\r\n", ok, {}},
    {200, "Content-Encoding:\r\n", ok, {}},
    {200, "", R"({"status":"ill","status":"ok"})", {}},
    {200, "", R"({"\u0073tatus":"\u006fk"})", {}},
    {200, "", R"({"status":"ok","version":7})", {}},
    {200, "", R"({"status":"ok","status":"ill"})", errc::not_ok},
    {200, "", R"({"status":"OK"})", errc::not_ok},
    {200, "", R"({"status":"ok "})", errc::not_ok},
    {200, "", R"({"status":true})", errc::not_ok},
    {200, "", R"({"nested":{"status":"ok"}})", errc::not_ok},
    {200, "", "{}", errc::not_ok},
    {200, "", farewell, errc::not_ok},
    {200, "", R"("OK")", errc::malformed_body},
    {200, "", R"(["ok"])", errc::malformed_body},
    {200, "", "null", errc::malformed_body},
    {200, "", "", errc::malformed_body},
    {204, "", "", errc::malformed_body},
    {200, "", "\xEF\xBB\xBF" + ok, errc::malformed_body},
    {200, "", ok + "x", errc::malformed_body},
    {200, "", "/* well */" + ok, errc::malformed_body},
    {200, "", R"({"status":"ok",})", errc::malformed_body},
    {200, "Content-Encoding: gzip\r\n", ok, errc::unsupported_encoding},
    {200, "content-encoding: br\r\n", "\x1f\x8b", errc::unsupported_encoding},
    {200, "Content-Encoding: identity\r\nContent-Encoding: gzip\r\n", ok,
     errc::unsupported_encoding},
    {301, "Location: /elsewhere\r\n", ok, errc::unexpected_status},
    {304, "", "", errc::unexpected_status},
    {401, "", ok, errc::unauthorized},
    {403, "", R"({"errors":[]})", errc::unauthorized},
    {401, "Content-Encoding: gzip\r\n", "", errc::unauthorized},
    {404, "", ok, errc::unexpected_status},
    {500, "", ok, errc::unexpected_status},
    {503, "", farewell, errc::stopping},
    {503, "", R"({"status":"stopping","version":"2"})", errc::stopping},
    {503, "", ok, errc::unexpected_status},
    {503, "", "stopping", errc::unexpected_status},
    {503, "Content-Encoding: gzip\r\n", farewell, errc::unexpected_status},
    {500, "", farewell, errc::unexpected_status},
    {101, "", ok, errc::unexpected_status},
    // Servers that say in HTTP that the request came in the wrong protocol.
    {400, "", "<center>The plain HTTP request was sent to HTTPS port</center>", errc::tls_expected},
    {400, "", "You're speaking plain HTTP to an SSL-enabled server port.<br />",
     errc::tls_expected},
    {400, "", "Client sent an HTTP request to an HTTPS server.\n", errc::tls_expected},
    {400, "", "Bad Request\r\nThis combination of host and port requires TLS.\r\n",
     errc::tls_expected},
    {403, "", "Unknown ALPN Protocol, expected `h2` to be available.", errc::http2_only},
    {403, "", "Client sent an HTTP request to an HTTPS server.\n", errc::unauthorized},
    {400, "", "Unknown ALPN Protocol", errc::unexpected_status},
    {400, "", "", errc::unexpected_status},
};

} // namespace

BOOST_AUTO_TEST_SUITE(judge_test)

BOOST_DATA_TEST_CASE(B5_B9_each_answer_has_its_verdict, data::make(answers), sample) {
    const verdict result = judge_answer(sample.status, sample.fields, sample.body);
    BOOST_TEST(result.healthy() == (sample.error == errc{}));
    BOOST_TEST(result.status == sample.status);
    if (sample.error != errc{})
        BOOST_TEST((result.error == sample.error));
}

BOOST_AUTO_TEST_CASE(the_version_is_reported_if_it_is_a_string) {
    BOOST_TEST(judge_answer(200, "", ok).version() == "1.16.10");
    BOOST_TEST(judge_answer(200, "", R"({"status":"ok","version":7})").version() == "");
    BOOST_TEST(judge_answer(503, "", R"({"status":"stopping","version":"2"})").version() == "2");
}

BOOST_AUTO_TEST_CASE(B11_a_refusal_whose_body_is_unusable_is_still_a_refusal) {
    reply answer;
    answer.error = errc::response_too_large;
    answer.status = 401;
    BOOST_TEST((judge(answer, {}).error == errc::unauthorized));
    answer.status = 500;
    BOOST_TEST((judge(answer, {}).error == errc::response_too_large));
    answer.status = 200;
    answer.body = R"({"status":"ok"})";
    BOOST_TEST((judge(answer, {}).error == errc::response_too_large));
}

const std::vector<errc> transport_errors{errc::resolve_failed,     errc::connection_refused,
                                         errc::unreachable,        errc::timed_out,
                                         errc::tls_failed,         errc::connection_lost,
                                         errc::malformed_response, errc::response_too_large};

BOOST_DATA_TEST_CASE(an_error_of_the_transport_is_the_verdict, data::make(transport_errors)) {
    const wall_time now{std::chrono::milliseconds{1234}};
    reply answer;
    answer.error = sample;
    // What came before the error does not make it better.
    answer.status = 200;
    answer.body = R"({"status":"ok"})";
    answer.timings.total = duration{5};
    const verdict result = judge(answer, now);
    BOOST_TEST(result.error == make_error_code(sample));
    BOOST_TEST(result.status == 200);
    BOOST_TEST((result.ended_at == now));
    BOOST_TEST((result.timings.total == duration{5}));
}

BOOST_AUTO_TEST_CASE(a_verdict_keeps_the_timings_and_whether_the_request_was_signed) {
    reply answer;
    answer.status = 200;
    answer.body = R"({"status":"ok","version":"1.2"})";
    answer.timings.connect = duration{7};
    answer.signature_sent = true;
    const verdict result = judge(answer, wall_time{});
    BOOST_TEST(result.healthy());
    BOOST_TEST(result.version() == "1.2");
    BOOST_TEST((result.timings.connect == duration{7}));
    BOOST_TEST(result.signature_sent);
}

BOOST_AUTO_TEST_SUITE_END()
