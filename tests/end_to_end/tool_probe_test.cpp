// SPDX-License-Identifier: BSL-1.0
#include "tool_process.hpp"

#include <adapters/support/bad_peer.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <atomic>
#include <string>
#include <vector>

// What the tool asks of servers without a health route, and what counts (B24, B25).

namespace {

namespace data = boost::unit_test::data;

using forest::test::bad_peer;
using forest::test::peer_connection;
using forest::test::refused_line;
using forest::test::run_tool;
using forest::test::tool_process;
using nlohmann::json;
using strings = std::vector<std::string>;

const std::string target = "http://127.0.0.1:1/";
const std::string port = "tcp://127.0.0.1:1";

const std::vector<refused_line> refused_lines{
    {{"check", "--unsigned", "--expect-status", "99", target}, "'99' is no status"},
    {{"check", "--unsigned", "--expect-status", "600", target}, "'600' is no status"},
    {{"check", "--unsigned", "--expect-status", "2xx", target}, "from 100 to 599"},
    {{"check", "--unsigned", "--expect-status", "", target}, "'' is no status"},
    {{"check", "--unsigned", "--expect-status", "200-", target}, "'200-' is no status"},
    {{"check", "--unsigned", "--expect-status", "299-200", target}, "'299-200' is no status"},
    {{"check", "--unsigned", "--expect-status", "200,", target}, "'200,' is no status"},
    {{"check", "--unsigned", "--expect-status", "0200", target}, "'0200' is no status"},
    {{"check", "--unsigned", "--expect-status", "200-299-300", target}, "is no status"},
    {{"check", "--unsigned", "--expect-body", "", target}, "--expect-body is empty"},
    {{"check", "--unsigned", "--method", "GE T", target}, "'GE T' is no method"},
    {{"check", "--unsigned", "--method", "", target}, "is no method"},
    {{"check", "--unsigned", "--method", "CONNECT", target}, "is no method"},
    {{"check", "--unsigned", "--method", "HEAD", "--expect-body", "x", target}, "have no body"},
    {{"check", "--unsigned", "--header", "Host", target}, "has no colon"},
    {{"check", "--unsigned", "--header", "A: b\r\nC: d", target}, "is no field that a request"},
    {{"check", "--unsigned", "--header", ": b", target}, "is no field that a request"},
    {{"check", "--unsigned", "--header", "Content-Length: 5", target},
     "is no field that a request"},
    {{"check", "--unsigned", "--header", "X: " + std::string(4096, 'x'), target}, "is too long"},
    {{"check", "--unsigned", "--probe", "pong", target}, "'pong' is neither health"},
    {{"check", "--unsigned", "--probe", "health", "--expect-status", "200", target},
     "contradict each other"},
    {{"check", "--probe", "health-json", port}, "have no meaning with tcp://"},
    {{"check", "--expect-status", "200", port}, "have no meaning with tcp://"},
    {{"watch", "--header", "Host: shop.example", port}, "have no meaning with tcp://"},
    {{"watch", "--unsigned", "--expect-status", "99", target}, "'99' is no status"},
    {{"watch", "--unsigned", "--header", "A: b\n", target}, "is no field that a request"},
};

// For a tool that was built with libcurl.
const std::vector<refused_line> refused_with_curl{
    {{"check", "--transport", "curl", port}, "--transport curl has no tcp://"},
    {{"watch", "--transport", "curl", "--unsigned", target, port},
     "--transport curl has no tcp://"},
    {{"check", "--unsigned", "--transport", "curl", "--proxy", "ftp://a:1", target},
     "'ftp://a:1' is no proxy"},
    {{"watch", "--unsigned", "--transport", "curl", "--proxy", "http://a:99999", target},
     "'http://a:99999' is no proxy"},
};

void expect_refusal(const refused_line& refused) {
    const auto result = run_tool(refused.arguments);
    BOOST_TEST(result.status == 2);
    BOOST_TEST(result.out.empty());
    BOOST_TEST(result.err.find(refused.said) != std::string::npos, result.err);
    BOOST_TEST(std::count(result.err.begin(), result.err.end(), '\n') == 1, result.err);
}

// Returns the first event of this kind.
json wait_for(tool_process& tool, const std::string& kind) {
    while (const auto line = tool.line()) {
        json happened = json::parse(*line);
        if (happened["event"] == kind)
            return happened;
    }
    BOOST_FAIL("the tool ended without " << kind << ": " << tool.err());
    return {};
}

} // namespace

BOOST_AUTO_TEST_SUITE(tool_probe_test)

BOOST_DATA_TEST_CASE(bad_probes_are_refused_by_name, data::make(refused_lines), refused) {
    expect_refusal(refused);
}

BOOST_AUTO_TEST_CASE(what_libcurl_cannot_do_is_refused_before_a_check) {
    const auto tried = run_tool({"check", "--unsigned", "--transport", "curl", target});
    if (tried.err.find("built without libcurl") != std::string::npos)
        return;
    for (const refused_line& each : refused_with_curl)
        expect_refusal(each);
}

BOOST_AUTO_TEST_CASE(B24_the_request_is_the_one_that_was_asked_for) {
    std::string seen;
    {
        bad_peer peer{[&](peer_connection& connection) {
            seen = connection.read_request();
            connection.send("HTTP/1.1 204 No Content\r\n\r\n");
        }};
        const auto result =
            run_tool({"check", "--unsigned", "--method", "OPTIONS", "--expect-status", "200,204",
                      "--header", "Host: shop.example", "--header",
                      "X-Watch:", "http://127.0.0.1:" + std::to_string(peer.port())});
        BOOST_TEST(result.status == 0, result.out);
    }
    BOOST_TEST(seen.starts_with("OPTIONS / HTTP/1.1\r\nUser-Agent: forest/"), seen);
    BOOST_TEST(seen.find("\r\nHost: shop.example\r\nX-Watch: \r\n") != std::string::npos, seen);
    BOOST_TEST(seen.find("127.0.0.1") == std::string::npos, seen);
}

// Another status than the expected one is named, and not only "not 2xx".
BOOST_AUTO_TEST_CASE(an_unexpected_status_is_not_told_by_the_rule_of_a_health_route) {
    bad_peer peer{[](peer_connection& connection) {
        (void)connection.read_request();
        connection.send("HTTP/1.1 204 No Content\r\n\r\n");
    }};
    const auto result = run_tool({"check", "--unsigned", "--expect-status", "301",
                                  "http://127.0.0.1:" + std::to_string(peer.port())});
    BOOST_TEST(result.status == 1);
    BOOST_TEST(result.out.find("not one that the check expects") != std::string::npos, result.out);
    BOOST_TEST(result.out.find("status   204") != std::string::npos, result.out);
}

// Nothing is signed, so no secret is needed; and no status is printed that nobody has sent.
BOOST_AUTO_TEST_CASE(a_port_needs_no_secret_and_has_no_status) {
    bad_peer peer{[](peer_connection& connection) { (void)connection.read_request(); }};
    const std::string open = "tcp://127.0.0.1:" + std::to_string(peer.port());
    const auto text = run_tool({"check", open});
    BOOST_TEST(text.status == 0, text.err);
    BOOST_TEST(text.out.starts_with("healthy  " + open), text.out);
    BOOST_TEST(text.out.find("status") == std::string::npos, text.out);
    BOOST_TEST(!json::parse(run_tool({"check", "--json", open}).out).contains("status"));
    const auto watched = run_tool({"watch", "--verbose", "--for", "300ms", open});
    BOOST_TEST(watched.status == 0, watched.err);
    BOOST_TEST(watched.out.find(open + "  connected, ") != std::string::npos, watched.out);
    BOOST_TEST(run_tool({"watch", "--for", "300ms", open, target}).status == 2);
}

BOOST_AUTO_TEST_CASE(B25_watch_reports_a_server_that_warns_once_and_its_end_once) {
    std::atomic<bool> warning = true;
    bad_peer peer{[&](peer_connection& connection) {
        if (connection.read_request().empty())
            return;
        connection.send(warning
                            ? "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{\"status\":\"warn\"}"
                            : "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{\"status\":\"pass\"}");
    }};
    tool_process tool{
        {{"watch", "--unsigned", "--json", "--verbose", "--interval", "20ms", "--probe",
          "health-json", "http://127.0.0.1:" + std::to_string(peer.port()) + "/status"},
         {},
         {},
         false,
         "FOREST_HEALTH"}};
    const json began = wait_for(tool, "server_degraded");
    BOOST_TEST(began["degraded"] == true);
    BOOST_TEST(began["status"] == 200);
    for (int checks = 0; checks < 3; ++checks) { // No event is reported again.
        const auto line = tool.line();
        BOOST_REQUIRE(line);
        const json next = json::parse(*line);
        BOOST_TEST(next["event"] == "check_succeeded");
        BOOST_TEST(next["degraded"] == true);
    }
    warning = false;
    const json ended = wait_for(tool, "degraded_ended");
    BOOST_TEST(!ended.contains("degraded"));
}

BOOST_AUTO_TEST_SUITE_END()
