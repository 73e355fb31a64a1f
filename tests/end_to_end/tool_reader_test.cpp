// SPDX-License-Identifier: BSL-1.0
#include "master_process.hpp"
#include "tool_process.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

// Readers of the programs' output that pause: checks go on, servers answer, and what is left out
// meanwhile is reported.

namespace {

using namespace std::chrono_literals;
using forest::test::mortal_warehouse;
using forest::test::run_tool;
using forest::test::secret;
using forest::test::serving_tool;
using forest::test::temporary_file;
using forest::test::tool_process;
using forest::test::tool_result;
using nlohmann::json;

// What the pipes and the program's own buffers hold of lines that nobody reads is less.
constexpr std::ptrdiff_t lines_of_pipes = 3000;

std::string times(int count, const std::string& url) {
    std::string lines;
    for (int number = 0; number < count; ++number)
        lines += url + "\n";
    return lines;
}

// Starts `program | cat` in a shell, so that the reader is a process that can be stopped.
class read_by_cat {
public:
    read_by_cat(const char* program, std::vector<std::string> arguments)
        : shell_{{.arguments = with_script(std::move(arguments)),
                  .secret = secret,
                  .environment = {std::string{"TOOL="} + std::getenv(program)},
                  .program = (::setenv("FOREST_SHELL", "/bin/sh", 1), "FOREST_SHELL")}} {
        shell_.read_error_lines(2);
    }

    /// Its lines, as a test reads them.
    tool_process& output() noexcept { return shell_; }

    void signal(int number) { send("tool", number); }
    void stop_reader() { send("reader", SIGSTOP); }
    void continue_reader() { send("reader", SIGCONT); }

    /// What the program has said on standard error.
    [[nodiscard]] std::string complaints() const {
        std::string rest = shell_.err();
        for (const char* const who : {"tool ", "reader "}) {
            const std::size_t begin = rest.find(who);
            rest.erase(begin, rest.find('\n', begin) + 1 - begin);
        }
        return rest;
    }

private:
    static std::vector<std::string> with_script(std::vector<std::string> arguments) {
        const std::string script = "sh -c 'echo tool $$ >&2; exec \"$TOOL\" \"$@\"' sh \"$@\" | "
                                   "sh -c 'echo reader $$ >&2; exec cat'";
        arguments.insert(arguments.begin(), {"-c", script, "sh"});
        return arguments;
    }

    void send(const std::string& who, int number) const {
        const std::string_view said = shell_.err();
        const std::size_t at = said.find(who + ' ') + who.size() + 1;
        const auto id = static_cast<pid_t>(std::stol(std::string{said.substr(at)}));
        forest::test::require_system(::kill(id, number) == 0, "kill");
    }

    tool_process shell_;
};

// All lines to the end.
void read_to_end(tool_process& from, std::vector<json>& into) {
    BOOST_TEST(from.wait() == 0);
    while (const auto line = from.line())
        into.push_back(json::parse(*line));
}

std::uint64_t count(const std::vector<json>& lines, std::string_view event) {
    return static_cast<std::uint64_t>(
        std::count_if(lines.begin(), lines.end(),
                      [&](const json& line) { return line.value("event", "") == event; }));
}

// How many checks the lines report, with those that were left out.
std::uint64_t checks_told(const std::vector<json>& lines) {
    std::uint64_t told = count(lines, "check_succeeded") + count(lines, "check_failed") +
                         count(lines, "check_inconclusive");
    for (const json& line : lines)
        if (line.value("event", "") == "events_omitted") {
            told += line.at("events").get<std::uint64_t>();
            BOOST_TEST(line.at("time").get<std::string>() <= line.at("until").get<std::string>());
        }
    return told;
}

// None is missing: the outages of each target are numbered, and after each comes its end.
void expect_all_outages(const std::vector<json>& lines, std::size_t targets) {
    std::map<std::string, std::uint64_t> outages;
    std::map<std::string, bool> down;
    for (const json& line : lines) {
        const std::string event = line.value("event", "");
        if (event != "server_down" && event != "server_up")
            continue;
        const std::string target = line.at("target");
        BOOST_TEST(std::exchange(down[target], event == "server_down") == (event == "server_up"));
        BOOST_TEST(line.at("outage") ==
                   (event == "server_down" ? ++outages[target] : outages[target]));
    }
    BOOST_TEST(outages.size() == targets);
    for (const auto& [target, is_down] : down)
        BOOST_TEST(!is_down, target);
}

} // namespace

BOOST_AUTO_TEST_SUITE(tool_reader_test)

// The URLs are long, so that not many checks fill what may wait.
BOOST_AUTO_TEST_CASE(checks_go_on_while_the_reader_is_stopped_and_a_line_says_how_many_it_missed) {
    constexpr int targets = 100;
    auto server = std::make_unique<serving_tool>(std::vector<std::string>{"--verbose"});
    const std::string address = server->address();
    std::string urls;
    for (int number = 0; number < targets; ++number)
        urls += server->url() + "?" + std::to_string(number) + std::string(2000, 'x') + "\n";
    const temporary_file file{urls};
    read_by_cat watch{"FOREST_HEALTH",
                      {"watch", "--json", "--verbose", "--stats", "--interval", "250ms",
                       "--failure-threshold", "2", "--backoff", "constant", "--targets",
                       file.path}};
    std::vector<json> lines;
    while (count(lines, "check_succeeded") < targets)
        lines.push_back(watch.output().event());

    watch.stop_reader();
    server->process.read_error_lines(lines_of_pipes);
    server->process.signal(SIGKILL);
    server->process.wait();
    std::this_thread::sleep_for(2s); // in which nothing can be seen
    server =
        std::make_unique<serving_tool>(std::vector<std::string>{"--verbose", "--listen", address});
    server->process.read_error_lines(5 * targets);
    watch.continue_reader();
    // A busy machine takes longer than five answers each until all are up.
    while (count(lines, "events_omitted") == 0 || count(lines, "server_down") < targets ||
           count(lines, "server_up") < count(lines, "server_down"))
        lines.push_back(watch.output().event());
    expect_all_outages(lines, targets); // Then a busy server may be down again.
    watch.signal(SIGTERM);
    read_to_end(watch.output(), lines);

    BOOST_TEST(watch.complaints() == "");
    BOOST_TEST(count(lines, "stopped") == targets);
    BOOST_TEST(checks_told(lines) == lines.back().at("checks").get<std::uint64_t>());
}

BOOST_AUTO_TEST_CASE(a_master_goes_on_while_its_reader_is_stopped) {
    mortal_warehouse warehouse;
    warehouse.start({"--verbose"});
    std::vector<std::string> arguments{"--json", "--verbose", "--interval",
                                       "10ms",   "--backoff", "constant"};
    arguments.resize(arguments.size() + 50, warehouse.url());
    read_by_cat master{"FOREST_MASTER", arguments};
    std::vector<json> lines;
    while (count(lines, "check_succeeded") == 0)
        lines.push_back(master.output().event());
    master.stop_reader();
    warehouse.running().process.read_error_lines(lines_of_pipes);
    master.continue_reader();
    master.signal(SIGTERM);
    read_to_end(master.output(), lines);

    BOOST_TEST(master.complaints() == "");
    BOOST_TEST(count(lines, "summary") == 50U);
    std::uint64_t checks = count(lines, "check_inconclusive");
    for (const json& line : lines)
        if (line.at("event") == "summary")
            checks += line.at("checks").get<std::uint64_t>();
    BOOST_TEST(checks_told(lines) == checks);
    BOOST_TEST(checks >= static_cast<std::uint64_t>(lines_of_pipes / 2));
}

BOOST_AUTO_TEST_CASE(a_server_answers_although_nobody_reads_its_log) {
    serving_tool server{{"--verbose", "--grace", "0s"}};
    const temporary_file file{times(100, server.url())};
    constexpr std::uint64_t lines_of_a_pipe = 2000; // each of more than 40 bytes
    std::uint64_t checks = 0;
    for (int round = 0; round < 10 && checks < lines_of_a_pipe; ++round) {
        const tool_result result = run_tool({"watch", "--json", "--stats", "--interval", "50ms",
                                             "--for", "2s", "--targets", file.path},
                                            secret);
        const std::string out = result.out.substr(0, result.out.size() - 1);
        const json statistics = json::parse(out.substr(out.rfind('\n') + 1));
        BOOST_TEST(statistics.at("failures") == 0);
        checks += statistics.at("checks").get<std::uint64_t>();
    }
    BOOST_TEST(checks >= lines_of_a_pipe);
    BOOST_TEST(run_tool({"check", server.url()}, secret).status == 0);
    server.process.signal(SIGTERM);
    BOOST_TEST(server.process.wait() == 0);
    BOOST_TEST(server.process.err().find("stopping: ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(many_targets_begin_and_end_with_one_line_that_says_who_is_down) {
    const temporary_file file{times(101, "http://127.0.0.1:1/")};
    const std::vector<std::string> line{"watch",      "--for",     "1s",
                                        "--interval", "50ms",      "--failure-threshold",
                                        "1",          "--targets", file.path};
    const tool_result text = run_tool(line, secret);
    BOOST_TEST(text.out.find(" started 101 servers\n") != std::string::npos);
    BOOST_TEST(text.out.find(" stopped 101 servers: 101 down, 0 suspect, 0 unknown, 0 up; down for "
                             "longest: http://127.0.0.1:1/, ") != std::string::npos,
               text.out.substr(text.out.rfind("stopped")));
    BOOST_TEST(text.out.find(" so far\n") == text.out.size() - 8);

    std::vector<std::string> as_json = line;
    as_json.emplace_back("--json");
    const tool_result result = run_tool(as_json, secret);
    const std::string first = result.out.substr(0, result.out.find('\n'));
    const std::string out = result.out.substr(0, result.out.size() - 1);
    const json last = json::parse(out.substr(out.rfind('\n') + 1));
    BOOST_TEST(json::parse(first).at("event") == "started");
    BOOST_TEST(json::parse(first).at("targets") == 101);
    BOOST_TEST(last.at("event") == "stopped");
    BOOST_TEST(last.at("down") == 101);
    BOOST_TEST(last.at("longest_down") == "http://127.0.0.1:1/");
    BOOST_TEST(last.at("duration_ms").get<double>() > 0.0);
}

BOOST_AUTO_TEST_CASE(the_time_of_a_server_that_is_down_at_the_end_is_reported) {
    const std::vector<std::string> line{"watch",      "--for",   "700ms",
                                        "--interval", "50ms",    "--failure-threshold",
                                        "1",          "--stats", "http://127.0.0.1:1/"};
    const tool_result text = run_tool(line, secret);
    BOOST_TEST(text.out.find("stopped http://127.0.0.1:1/  down for ") != std::string::npos);
    BOOST_TEST(text.out.find(" so far, since 20") != std::string::npos);

    std::vector<std::string> as_json = line;
    as_json.emplace_back("--json");
    const tool_result result = run_tool(as_json, secret);
    const std::size_t stopped = result.out.find("\"event\":\"stopped\"");
    const std::size_t begin = result.out.rfind('\n', stopped) + 1;
    const json told = json::parse(result.out.substr(begin, result.out.find('\n', begin) - begin));
    BOOST_TEST(told.at("outage") == 1);
    BOOST_TEST(told.at("duration_ms").get<double>() > 0.0);
    const json statistics = json::parse(result.out.substr(result.out.find('\n', begin) + 1));
    BOOST_TEST(statistics.at("down") == 1);
    BOOST_TEST(statistics.at("down_ms_longest") == told.at("duration_ms"));
}

BOOST_AUTO_TEST_SUITE_END()
