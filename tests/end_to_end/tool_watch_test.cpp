// SPDX-License-Identifier: BSL-1.0
#include "tool_process.hpp"

#include <forest/core/timestamp.hpp>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <string>
#include <vector>

// `forest-health watch` against real servers: what it reports, when, and in which form.

namespace {

using forest::test::run_tool;
using forest::test::secret;
using forest::test::serving_tool;
using forest::test::tool_process;
using forest::test::tool_result;
using nlohmann::json;

const std::string nobody = "http://127.0.0.1:1/forest/health";

std::vector<std::string> watch_line(std::vector<std::string> others) {
    return serving_tool::prepended("watch", std::move(others));
}

// The contract of docs/tool.md: which members there are, of which type, and which each event has.
void check_contract(const json& line) {
    BOOST_TEST_CONTEXT(line.dump()) {
        const std::vector<std::string> texts{"time",    "event", "target",
                                             "version", "error", "first_failure"};
        const std::vector<std::string> numbers{"attempt",  "status", "latency_ms",  "held_ms",
                                               "failures", "outage", "duration_ms", "clock_skew_s"};
        for (const auto& member : line.items()) {
            const auto among = [&](const std::vector<std::string>& names) {
                return std::find(names.begin(), names.end(), member.key()) != names.end();
            };
            BOOST_TEST((member.value().is_string() ? among(texts)
                                                   : member.value().is_number() && among(numbers)));
        }
        const auto require = [&](const std::vector<std::string>& names) {
            for (const std::string& name : names)
                BOOST_TEST(line.contains(name), name);
        };
        require({"time", "event", "target"});
        BOOST_TEST(forest::parse_timestamp(line.at("time").get<std::string>()).has_value());
        BOOST_TEST(line.at("time").get<std::string>().size() == forest::timestamp_size);
        const std::string event = line.at("event");
        if (event == "check_succeeded")
            require({"attempt", "status", "latency_ms"});
        else if (event == "check_failed" || event == "check_inconclusive")
            require({"attempt", "latency_ms", "error", "failures"});
        else if (event == "server_down")
            require({"attempt", "error", "failures", "outage", "first_failure"});
        else if (event == "server_up")
            require({"status", "error", "failures", "outage", "first_failure", "duration_ms"});
        else
            BOOST_TEST((event == "started" || event == "stopped"));
    }
}

std::vector<json> parsed(const std::string& output) {
    std::vector<json> lines;
    for (std::size_t begin = 0; begin < output.size();) {
        const std::size_t end = output.find('\n', begin);
        BOOST_REQUIRE(end != std::string::npos);
        lines.push_back(json::parse(output.substr(begin, end - begin)));
        check_contract(lines.back());
        begin = end + 1;
    }
    return lines;
}

std::size_t count(const std::vector<json>& lines, const std::string& event) {
    return static_cast<std::size_t>(std::count_if(
        lines.begin(), lines.end(), [&](const json& line) { return line.at("event") == event; }));
}

} // namespace

BOOST_AUTO_TEST_SUITE(tool_watch_test)

// B7, B8.
BOOST_AUTO_TEST_CASE(a_killed_server_is_reported_down_once_and_up_once) {
    auto server = std::make_unique<serving_tool>();
    const std::string url = server->url();
    const std::string address = server->address();
    tool_process watch{
        {watch_line({"--json", "--interval", "100ms", "--verbose", url}), secret, {}, false}};
    BOOST_TEST(watch.event().at("event") == "started");
    BOOST_TEST(watch.event().at("event") == "check_succeeded");

    server->process.signal(SIGKILL);
    server->process.wait();
    const json down = watch.event("server_down");
    BOOST_TEST(down.at("failures") == 3);
    BOOST_TEST(down.at("error") == "connection_refused");
    BOOST_TEST(down.at("first_failure").get<std::string>() < down.at("time").get<std::string>());
    // Longer, to see that it is not reported again.
    BOOST_TEST(watch.event("check_failed").at("failures") == 4);
    BOOST_TEST(watch.event("check_failed").at("failures") == 5);

    const serving_tool restarted{{"--listen", address}};
    BOOST_TEST(restarted.url() == url);
    const json up = watch.event("server_up");
    for (const char* const same : {"outage", "first_failure", "failures", "error"})
        BOOST_TEST(up.at(same) == down.at(same));
    BOOST_TEST(up.at("duration_ms").get<double>() >= 200.0);
    watch.event("check_succeeded");

    watch.signal(SIGTERM);
    BOOST_TEST(watch.wait() == 0);
    const std::vector<json> lines = parsed(watch.out());
    BOOST_TEST(count(lines, "server_down") == 1U);
    BOOST_TEST(count(lines, "server_up") == 1U);
    BOOST_TEST(count(lines, "stopped") == 1U);
    BOOST_TEST(lines.back().at("event") == "stopped");
    BOOST_TEST(watch.err().empty());
}

// B9, B21.
BOOST_AUTO_TEST_CASE(a_server_that_is_stopping_is_down_at_the_next_check) {
    serving_tool server{{"--grace", "1m", "--version", "1.16.10"}};
    tool_process watch{{watch_line({"--json", "--interval", "100ms", "--failure-threshold", "100",
                                    "--verbose", server.url()}),
                        secret,
                        {},
                        false}};
    watch.event("check_succeeded");
    server.process.signal(SIGTERM);
    const json down = watch.event("server_down");
    BOOST_TEST(down.at("error") == "stopping");
    BOOST_TEST(down.at("failures") == 1);
    BOOST_TEST(down.at("status") == 503);
    BOOST_TEST(down.at("version") == "1.16.10");
    server.process.signal(SIGTERM);
    BOOST_TEST(server.process.wait() == 0);
    watch.event("check_failed");
    watch.signal(SIGINT);
    BOOST_TEST(watch.wait() == 0);
    BOOST_TEST(count(parsed(watch.out()), "server_down") == 1U);
}

BOOST_AUTO_TEST_CASE(single_checks_are_printed_only_when_asked_for) {
    const serving_tool server;
    const tool_result quiet = run_tool(
        watch_line({"--json", "--interval", "50ms", "--for", "300ms", server.url()}), secret);
    BOOST_TEST(quiet.status == 0);
    const std::vector<json> transitions = parsed(quiet.out);
    BOOST_TEST(transitions.size() == 2U);
    BOOST_TEST(count(transitions, "started") == 1U);
    BOOST_TEST(count(transitions, "stopped") == 1U);

    const tool_result loud = run_tool(
        watch_line({"--json", "--verbose", "--interval", "50ms", "--for", "1s", server.url()}),
        secret);
    BOOST_TEST(loud.status == 0);
    BOOST_TEST(count(parsed(loud.out), "check_succeeded") >= 3U);
}

BOOST_AUTO_TEST_CASE(several_urls_are_watched_side_by_side_even_the_same_one_twice) {
    const serving_tool server;
    const tool_result result =
        run_tool(watch_line({"--json", "--interval", "100ms", "--failure-threshold", "1", "--for",
                             "500ms", server.url(), nobody, server.url()}),
                 secret);
    BOOST_TEST(result.status == 0);
    const std::vector<json> lines = parsed(result.out);
    BOOST_TEST(count(lines, "started") == 3U);
    BOOST_TEST(count(lines, "stopped") == 3U);
    BOOST_TEST(count(lines, "server_down") == 1U);
    for (const json& line : lines)
        BOOST_TEST((line.at("event") != "server_down" || line.at("target") == nobody));
}

BOOST_AUTO_TEST_CASE(both_signals_end_it_with_0_and_a_last_line) {
    for (const int number : {SIGINT, SIGTERM}) {
        tool_process watch{{watch_line({"--json", nobody}), secret, {}, false}};
        watch.event("started");
        watch.signal(number);
        BOOST_TEST(watch.wait() == 0);
        BOOST_TEST(parsed(watch.out()).back().at("event") == "stopped");
    }
}

// B3: by default the second check comes after 2 s, and not after the interval.
BOOST_AUTO_TEST_CASE(the_backoff_is_chosen_by_name) {
    const auto line = [](const std::string& backoff) {
        return watch_line({"--json", "--verbose", "--interval", "20s", "--for", "3s", "--backoff",
                           backoff, nobody});
    };
    tool_process exponential{{line("exponential"), secret, {}, false}};
    tool_process constant{{line("constant"), secret, {}, false}};
    BOOST_TEST(exponential.wait() == 0);
    BOOST_TEST(constant.wait() == 0);
    BOOST_TEST(count(parsed(exponential.out()), "check_failed") == 2U);
    BOOST_TEST(count(parsed(constant.out()), "check_failed") == 1U);
}

BOOST_AUTO_TEST_CASE(several_successes_end_an_outage_when_asked_for) {
    serving_tool first{{"--grace", "0s"}};
    const std::string url = first.url();
    const std::string address = first.address();
    tool_process watch{{watch_line({"--json", "--verbose", "--interval", "100ms",
                                    "--failure-threshold", "1", "--success-threshold", "3", url}),
                        secret,
                        {},
                        false}};
    watch.event("check_succeeded");
    first.process.signal(SIGTERM);
    first.process.wait();
    watch.event("server_down");
    const serving_tool second{{"--listen", address}};
    watch.event("server_up");
    const std::string out = watch.out();
    const std::vector<json> lines = parsed(out.substr(0, out.rfind('\n') + 1));
    const auto down = std::find_if(lines.begin(), lines.end(), [](const json& each) {
        return each.at("event") == "server_down";
    });
    BOOST_TEST(count({down, lines.end()}, "check_succeeded") == 3U);
}

BOOST_AUTO_TEST_CASE(a_reader_that_leaves_ends_it_cleanly) {
    const serving_tool server;
    for (const bool verbose : {false, true}) {
        std::vector<std::string> line{"--json", "--interval", "50ms", server.url()};
        if (verbose)
            line.emplace_back("--verbose");
        tool_process watch{{watch_line(line), secret, {}, false}};
        watch.event("started");
        watch.stop_reading();
        BOOST_TEST(watch.wait() == 0);
        BOOST_TEST(watch.err().empty());
    }
}

BOOST_AUTO_TEST_CASE(lines_for_people_say_what_happened_without_escape_codes) {
    const tool_result result = run_tool(
        watch_line({"--interval", "50ms", "--failure-threshold", "2", "--for", "500ms", nobody}),
        secret);
    BOOST_TEST(result.status == 0);
    BOOST_TEST(result.out.find("started " + nobody) != std::string::npos);
    BOOST_TEST(result.out.find("DOWN    " + nobody + "  after 2 failures") != std::string::npos);
    BOOST_TEST(result.out.find("connection_refused: nothing listens") != std::string::npos);
    BOOST_TEST(result.out.find("stopped " + nobody) != std::string::npos);
    BOOST_TEST(result.out.find('\x1b') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_terminal_shows_a_status_line_in_colour_by_default) {
    struct look {
        std::vector<std::string> environment;
        bool live;
        bool colour;
    };
    for (const look& expected :
         {look{{"TERM=xterm"}, true, true}, look{{"TERM=xterm", "NO_COLOR=1"}, true, false},
          look{{"TERM=dumb"}, false, false}}) {
        tool_process watch{{watch_line({"--interval", "50ms", "--failure-threshold", "2", "--for",
                                        "500ms", nobody}),
                            secret, expected.environment, true}};
        BOOST_TEST(watch.wait() == 0);
        const std::string& out = watch.out();
        BOOST_TEST((out.find("\x1b[31") != std::string::npos ||
                    out.find("\x1b[1;31m") != std::string::npos) == expected.colour);
        // A summary and the line of the target.
        BOOST_TEST((out.find("\x1b[2F\r\x1b[J") != std::string::npos) == expected.live);
        BOOST_TEST((out.find("checks/s") != std::string::npos) == expected.live);
        BOOST_TEST(out.find("DOWN") != std::string::npos);
        if (expected.live) // Both are gone at the end.
            BOOST_TEST(out.rfind("\x1b[2F") < out.rfind("\r\x1b[J"));
    }
}

BOOST_AUTO_TEST_SUITE_END()
