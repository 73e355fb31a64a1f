// SPDX-License-Identifier: BSL-1.0
#include "tool_process.hpp"

#include <adapters/support/golden_signatures.hpp>
#include <forest/version.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

// The commands that end by themselves, `check` and `sign`, and what the tool refuses.

namespace {

using forest::test::run_tool;
using forest::test::secret;
using forest::test::serving_tool;
using forest::test::temporary_file;
using forest::test::tool_result;

struct refused {
    std::vector<std::string> arguments;
    std::string said; ///< a part of the sentence
};

std::ostream& operator<<(std::ostream& out, const refused& line) {
    for (const std::string& argument : line.arguments)
        out << argument << ' ';
    return out;
}

const std::string target = "http://127.0.0.1:1/forest/health";

const std::vector<refused> refused_lines{
    {{}, "check, watch, serve, sign and simulate"},
    {{"polish"}, "check, watch, serve, sign and simulate"},
    {{"check"}, "URL"},
    {{"watch"}, "URL"},
    {{"check", target, "--polish"}, "--polish"},
    {{"check", target, target}, target},
    {{"check", "ftp://127.0.0.1/"}, "http://"},
    {{"check", "http://127.0.0.1:0/"}, "port"},
    {{"check", "http:///"}, "host"},
    {{"check", "http://a b/"}, "RFC 3986"},
    {{"check", "http://[fe80::1%eth0]/"}, "%25"},
    {{"check", "http://b%C3%BCcher.example/"}, "xn--"},
    {{"check", "http://[b\u00fccher]/"}, "xn--"},
    {{"check", "http://b\xfc"
               "cher.example/"},
     "no international name: string encoding error"},
    {{"check", "http://-b\u00fccher.example/"}, "no international name"},
    // A slash and an at sign of double width, and a sign for "a/c".
    {{"check", "http://a\uff0fb.example/"}, "stands for one that no host name may have"},
    {{"check", "http://a\uff20b.example/"}, "stands for one that no host name may have"},
    {{"watch", target, "http://\u2100.example/"}, "stands for one that no host name may have"},
    {{"check", "http://b\u00fccher..example/"}, "no host has"},
    {{"check", "http://b\u00fccher.example:0/"}, "port"},
    {{"check", "http://h/b\u00fccher"}, "RFC 3986"},
    {{"check", "http+unix://b\u00fccher/"}, "RFC 3986"},
    {{"watch", target, "gopher://x/"}, "gopher"},
    {{"check", target, "--timeout", "5"}, "--timeout: '5' has no unit"},
    {{"check", target, "--timeout", "0s"}, "--timeout must be greater than 0"},
    {{"check", target, "--timeout", "-5s"}, "--timeout: '-5s' is negative"},
    {{"check", target, "--timeout", "5 s"}, "--timeout"},
    {{"check", target, "--timeout", ""}, "--timeout"},
    {{"check", target, "--timeout", "1.s"}, "--timeout"},
    {{"check", target, "--timeout", ".5s"}, "--timeout"},
    {{"check", target, "--timeout", "1e3s"}, "--timeout"},
    {{"check", target, "--timeout", "5days"}, "500ms, 5s, 1.5s, 1m, 2h, 7d or 1y"},
    {{"check", target, "--timeout", "8785h"}, "366 days"},
    {{"check", target, "--timeout", "367d"}, "366 days"},
    {{"check", target, "--timeout", "1.1y"}, "366 days"},
    {{"check", target, "--timeout", "99999999999999999999h"}, "366 days"},
    {{"check", target, "--timeout"}, "--timeout"},
    {{"check", target, "--timeout", "1s", "--timeout", "2s"}, "--timeout"},
    {{"check", target, "--header-style", "camel"}, "--header-style"},
    {{"check", target, "--cert", "a.pem"}, "--key"},
    {{"check", target, "--key", "a.pem"}, "--cert"},
    {{"check", target, "--ca-file", "/nowhere/ca.pem"}, "--ca-file: /nowhere/ca.pem"},
    {{"check", target, "--cert", "/nowhere/a.pem", "--key", "/nowhere/b.pem"}, "--cert"},
    {{"check", target, "--secret-file", "/nowhere/secret"}, "/nowhere/secret"},
    {{"check", target, "--secret-file", "/"}, "--secret-file"},
    {{"check", target, "--secret-file", "/dev/null"}, "empty"},
    {{"check", target, "--secret-file", "/dev/zero"}, "65536"},
    {{"check", target, "--secret-file", ""}, "--secret-file"},
    {{"check", target, "--unsigned", "--secret-file", "/dev/null"}, "--unsigned"},
    {{"watch", target, "--interval", "0s"}, "--interval must be greater than 0"},
    {{"watch", target, "--failure-threshold", "0"}, "--failure-threshold must be at least 1"},
    {{"watch", target, "--failure-threshold", "-1"}, "--failure-threshold must be at least 1"},
    {{"watch", target, "--failure-threshold", "0x3"}, "--failure-threshold"},
    {{"watch", target, "--failure-threshold", "9999999999"}, "--failure-threshold"},
    {{"watch", target, "--success-threshold", "0"}, "--success-threshold must be at least 1"},
    {{"watch", target, "--success-threshold", "three"}, "--success-threshold"},
    {{"watch", target, "--initial-delay-max", "-1s"}, "--initial-delay-max"},
    {{"watch", target, "--hold", "31s"}, "--hold must be"},
    {{"watch", target, "--hold", "500ms"}, "--hold must be"},
    {{"watch", target, "--hold", "241s", "--interval", "1h"}, "--hold"},
    {{"watch", target, "--backoff", "linear"}, "--backoff"},
    {{"watch", target, "--for", "0s"}, "--for must be greater than 0"},
    {{"watch", target, "--threads", "0"}, "--threads must be from 1 to 64"},
    {{"watch", target, "--threads", "-1"}, "--threads must be from 1 to 64"},
    {{"watch", target, "--threads", "65"}, "--threads must be from 1 to 64"},
    {{"watch", target, "--threads", "9999999999"}, "--threads"},
    {{"watch", target, "--checks-in-flight", "0"}, "--checks-in-flight must be at least 1"},
    {{"watch", target, "--checks-in-flight", "-1"}, "--checks-in-flight must be at least 1"},
    {{"watch", target, "--checks-in-flight", "3", "--threads", "4"}, "the 4 of --threads"},
    {{"watch", target, "--checks-in-flight", "2147483647"}, "ulimit -Hn"},
    {{"watch", target, "--connections-per-second", "-1"}, "must not be negative"},
    {{"watch", target, "--connections-per-second", "3", "--threads", "4"}, "the 4 of --threads"},
    {{"watch", target, "--connections-per-second", "many"}, "--connections-per-second"},
    {{"watch", "--targets", ""}, "--targets"},
    {{"watch", "--targets", "/nowhere/targets"}, "'/nowhere/targets' cannot be read: No such file"},
    {{"watch", "--targets", "/"}, "'/' cannot be read: Is a directory"},
    {{"watch", "--targets", "/dev/null"}, "'/dev/null' has no URL"},
    {{"watch", "--targets", "-"}, "standard input has no URL"},
    {{"watch", "--targets", "/dev/zero"}, "'/dev/zero', line 1: it has more than 4096 bytes"},
    {{"serve", "--listen", "3000"}, "--listen"},
    {{"serve", "--listen", "127.0.0.1"}, "--listen"},
    {{"serve", "--listen", "127.0.0.1:65536"}, "--listen"},
    {{"serve", "--listen", "127.0.0.1:http"}, "--listen"},
    {{"serve", "--listen", "::1:0"}, "--listen"},
    {{"serve", "--listen", ""}, "--listen"},
    {{"serve", "--path", "health"}, "--path"},
    {{"serve", "--path", ""}, "--path"},
    {{"serve", "--path", "/a b"}, "--path"},
    {{"serve", "--path", "/a?b"}, "--path"},
    {{"serve", "--unix", ""}, "--unix"},
    {{"serve", "--unix", "/" + std::string(107, 'a')}, "107"},
    {{"serve", "--unix", "/nowhere/a", "--listen", "127.0.0.1:0"}, "--unix"},
    {{"serve", "--unix", "/nowhere/a", "--tls-cert", "a", "--tls-key", "b"}, "--unix"},
    {{"serve", "--tls-cert", "a.pem"}, "--tls-key"},
    {{"serve", "--tls-key", "a.pem"}, "--tls-cert"},
    {{"serve", "--tls-cert", "/nowhere/a", "--tls-key", "/nowhere/b"}, "--tls-cert"},
    {{"serve", "--grace", "5"}, "--grace"},
    {{"serve", "--hold-max", "30"}, "--hold-max: '30' has no unit"},
    {{"serve", "--hold-max", "999ms"}, "--hold-max must be 0s or from 1s to 240s"},
    {{"serve", "--hold-max", "241s"}, "--hold-max must be 0s or from 1s to 240s"},
    {{"serve", "--replay-window", "often"}, "--replay-window"},
    {{"serve", "--replay-window", "5m"}, "--replay-window must be 0s or at least 601s"},
    {{"serve", "--replay-window", "600999ms"}, "at least 601s"},
    {{"serve", "--replay-window", "601s", "--replay-entries", "0"}, "--replay-entries"},
    {{"serve", "--replay-window", "601s", "--accept-http-dates"}, "contradict each other"},
    {{"check", target, "--timestamp-digits", "2"}, "--timestamp-digits must be from 3 to 9"},
    {{"watch", target, "--timestamp-digits", "10"}, "--timestamp-digits must be from 3 to 9"},
    {{"sign", "--timestamp", "now"}, "--timestamp: 'now'"},
    {{"sign", "--timestamp", ""}, "--timestamp"},
    {{"sign", "--timestamp", " 2025-01-01T12:00:00Z"}, "--timestamp"},
    {{"sign", "--timestamp", "2025-02-30T12:00:00Z"}, "--timestamp"},
    {{"sign", "--unsigned"}, "--unsigned"},
};

} // namespace

BOOST_AUTO_TEST_SUITE(tool_test)

BOOST_AUTO_TEST_CASE(help_and_version_are_no_errors) {
    const tool_result version = run_tool({"--version"});
    BOOST_TEST(version.status == 0);
    BOOST_TEST(version.out == "forest-health " + std::string{forest::version} + "\n");
    for (const char* const command : {"check", "watch", "serve", "sign"}) {
        const tool_result help = run_tool({command, "--help"});
        BOOST_TEST(help.status == 0);
        BOOST_TEST(help.out.find("--secret-file") != std::string::npos);
        BOOST_TEST(help.err.empty());
    }
}

BOOST_DATA_TEST_CASE(a_line_that_cannot_be_followed_is_refused_in_one_sentence,
                     boost::unit_test::data::make(refused_lines), line) {
    const tool_result result = run_tool(line.arguments, secret);
    BOOST_TEST(result.status == 2);
    BOOST_TEST(result.out.empty());
    BOOST_TEST(result.err.rfind("forest-health: ", 0) == 0U);
    BOOST_TEST(result.err.find(line.said) != std::string::npos, result.err);
    BOOST_TEST(result.err.find('\n') == result.err.size() - 1);
}

BOOST_AUTO_TEST_CASE(a_password_in_a_url_is_refused_and_not_repeated) {
    const tool_result result = run_tool({"check", "http://me:hunter2@127.0.0.1/"}, secret);
    BOOST_TEST(result.status == 2);
    BOOST_TEST(result.err.find("password") != std::string::npos);
    BOOST_TEST(result.err.find("hunter2") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_missing_secret_is_refused_with_a_sentence_that_says_what_to_do) {
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"check", target}, {"watch", target}, {"serve"}, {"sign"}}) {
        const tool_result result = run_tool(arguments);
        BOOST_TEST(result.status == 2);
        BOOST_TEST(result.err.find("--secret-file") != std::string::npos);
        BOOST_TEST(result.err.find("FOREST_AUTH_SECRET") != std::string::npos);
    }
}

BOOST_DATA_TEST_CASE(sign_prints_the_golden_signatures,
                     boost::unit_test::data::make(forest::tests::golden_signatures), vector) {
    const tool_result result = run_tool({"sign", "--timestamp", vector.timestamp}, vector.secret);
    BOOST_TEST(result.status == 0);
    BOOST_TEST(result.out ==
               "X_TIMESTAMP: " + vector.timestamp + "\nX_SIGNATURE: " + vector.signature + "\n");
}

BOOST_AUTO_TEST_CASE(a_secret_file_wins_over_the_variable_and_its_line_end_does_not_count) {
    const forest::tests::golden_signature& vector = forest::tests::golden_signatures.front();
    for (const char* const end : {"", "\n", "\r\n", "\n\n"}) {
        const temporary_file file{vector.secret + end};
        const tool_result result = run_tool(
            {"sign", "--secret-file", file.path, "--timestamp", vector.timestamp}, "another one");
        BOOST_TEST(result.out.find(vector.signature) != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(sign_writes_dashes_on_request) {
    const tool_result result = run_tool({"sign", "--header-style", "dash"}, secret);
    BOOST_TEST(result.status == 0);
    BOOST_TEST(result.out.rfind("X-Timestamp: 20", 0) == 0U);
    BOOST_TEST(result.out.find("\nX-Signature: ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(check_of_a_healthy_server_ends_with_0) {
    const serving_tool server{{"--version", "1.16.10"}};
    const tool_result told = run_tool({"check", server.url()}, secret);
    BOOST_TEST(told.status == 0);
    BOOST_TEST(told.out.rfind("healthy  " + server.url() + "\n", 0) == 0U);
    BOOST_TEST(told.out.find("1.16.10") != std::string::npos);
    BOOST_TEST(told.err.empty());

    const tool_result json = run_tool({"check", "--json", server.url()}, secret);
    BOOST_TEST(json.status == 0);
    const auto event = nlohmann::json::parse(json.out);
    BOOST_TEST(event.at("event") == "check_succeeded");
    BOOST_TEST(event.at("target") == server.url());
    BOOST_TEST(event.at("status") == 200);
    BOOST_TEST(event.at("version") == "1.16.10");
    BOOST_TEST(event.at("latency_ms").get<double>() > 0.0);
    BOOST_TEST(!event.contains("error"));
}

BOOST_AUTO_TEST_CASE(check_of_a_dead_server_ends_with_1) {
    const tool_result told = run_tool({"check", target}, secret);
    BOOST_TEST(told.status == 1);
    BOOST_TEST(told.out.rfind("unhealthy  " + target + "\n", 0) == 0U);
    BOOST_TEST(told.out.find("connection_refused: nothing listens") != std::string::npos);

    const tool_result json = run_tool({"check", "--json", target}, secret);
    BOOST_TEST(json.status == 1);
    const auto event = nlohmann::json::parse(json.out);
    BOOST_TEST(event.at("event") == "check_failed");
    BOOST_TEST(event.at("error") == "connection_refused");
    BOOST_TEST(event.at("failures") == 1);
    BOOST_TEST(!event.contains("status"));
}

BOOST_AUTO_TEST_CASE(an_international_host_name_is_converted) {
    const auto checked = [](const std::string& url) {
        return run_tool({"check", "--unsigned", "--timeout", "100ms", url}).out;
    };
    const auto says = [&checked](const std::string& url, const std::string& ascii) {
        const std::string out = checked(url);
        return out.find("  " + ascii + "\n") != std::string::npos;
    };
    // Whether there is a name service does not matter.
    BOOST_TEST(says("http://B\u00dccher.example:1/a", "http://xn--bcher-kva.example:1/a"));
    BOOST_TEST(says("HTTPS://b\u00fccher.example./", "HTTPS://xn--bcher-kva.example./"));
    BOOST_TEST(says("http://bu\u0308cher.example", "http://xn--bcher-kva.example"));
    BOOST_TEST(says("http://stra\u00dfe.example?a#b", "http://xn--strae-oqa.example?a#b"));
    BOOST_TEST(says("http://b\u00fccher.example/a%20b", "http://xn--bcher-kva.example/a%20b"));
    BOOST_TEST(says("http://127\u3002"
                    "0.0.\uff11:1/",
                    "http://127.0.0.1:1/"));

    const temporary_file targets{"http://h/\nhttp://a\uff0fb.example/\n"};
    const tool_result refused = run_tool({"watch", "--unsigned", "--targets", targets.path});
    BOOST_TEST(refused.status == 2);
    BOOST_TEST(refused.err.find("line 2: URL '") != std::string::npos, refused.err);
    const temporary_file converted{"http://127.0.0.\uff11:1/\n"};
    const tool_result watched = run_tool(
        {"watch", "--unsigned", "--verbose", "--for", "500ms", "--targets", converted.path});
    BOOST_TEST(watched.out.find("http://127.0.0.1:1/") != std::string::npos, watched.out);
}

BOOST_AUTO_TEST_CASE(check_with_a_wrong_secret_is_unauthorized) {
    const serving_tool server{{}, "the right one"};
    const tool_result result = run_tool({"check", "--json", server.url()}, secret);
    BOOST_TEST(result.status == 1);
    const auto event = nlohmann::json::parse(result.out);
    BOOST_TEST(event.at("error") == "unauthorized");
    BOOST_TEST(event.at("status") == 401);
    BOOST_TEST(!event.contains("version"));
    BOOST_TEST(run_tool({"check", "--unsigned", server.url()}).status == 1);
}

BOOST_AUTO_TEST_CASE(check_has_one_verdict_even_when_nobody_reads_it) {
    const serving_tool server;
    for (const auto& [url, status] : {std::pair{server.url(), 0}, std::pair{target, 1}}) {
        forest::test::tool_process check{{{"check", url}, secret, {}, false}};
        check.stop_reading();
        BOOST_TEST(check.wait() == status);
    }
}

BOOST_AUTO_TEST_SUITE_END()
