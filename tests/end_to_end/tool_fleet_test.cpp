// SPDX-License-Identifier: BSL-1.0
#include "tool_process.hpp"

#include <support/sanitized.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <ostream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

// `forest-health watch` with many targets: where it has them from, on how many threads it checks
// them, what it says of itself, and what a terminal shows.

namespace {

namespace data = boost::unit_test::data;

using forest::test::eventually;
using forest::test::run_tool;
using forest::test::secret;
using forest::test::serving_tool;
using forest::test::temporary_file;
using forest::test::tool_process;
using forest::test::tool_result;
using forest::test::tool_setup;
using nlohmann::json;

std::vector<std::string> watch_line(std::vector<std::string> others) {
    return serving_tool::prepended("watch", std::move(others));
}

// On loopback, where nothing listens.
std::string nobody(int number) {
    return "http://127.0.0." + std::to_string(number) + ":1/forest/health";
}

std::string nobodies(int count) {
    std::string lines;
    for (int number = 1; number <= count; ++number)
        lines += nobody(number % 250 + 1) + "?" + std::to_string(number) + "\n";
    return lines;
}

std::vector<json> parsed(std::string_view output) {
    std::vector<json> lines;
    while (!output.empty()) {
        const std::size_t end = output.find('\n');
        BOOST_REQUIRE(end != std::string_view::npos);
        lines.push_back(json::parse(output.substr(0, end)));
        output.remove_prefix(end + 1);
    }
    return lines;
}

std::map<std::string, int> targets_of(const std::vector<json>& lines, std::string_view event) {
    std::map<std::string, int> found;
    for (const json& line : lines)
        if (line.value("event", "") == event)
            ++found[line.at("target")];
    return found;
}

int count(const std::vector<json>& lines, std::string_view event) {
    int sum = 0;
    for (const auto& [target, times] : targets_of(lines, event))
        sum += times;
    return sum;
}

void check_statistics(const json& line) {
    BOOST_TEST_CONTEXT(line.dump()) {
        const std::set<std::string> wanted{"targets",         "checks",       "failures",
                                           "inconclusive",    "late_ms_p99",  "cpu_seconds",
                                           "max_rss_kb",      "wall_seconds", "down",
                                           "down_ms_longest", "unresolved",   "held"};
        std::set<std::string> found;
        for (const auto& member : line.items()) {
            found.insert(member.key());
            BOOST_TEST(member.value().is_number());
            BOOST_TEST(member.value().get<double>() >= 0.0);
        }
        BOOST_TEST((found == wanted));
    }
}

bool ended(pid_t process) {
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(process), &info, WEXITED | WNOHANG | WNOWAIT);
    return info.si_pid == process;
}

std::size_t open_sockets(pid_t process) {
    std::size_t found = 0;
    for (const auto& each :
         std::filesystem::directory_iterator{"/proc/" + std::to_string(process) + "/fd"}) {
        std::error_code closed_meanwhile;
        const auto link = std::filesystem::read_symlink(each.path(), closed_meanwhile).string();
        found += link.rfind("socket:", 0) == 0 ? 1 : 0;
    }
    return found;
}

/// What a person sees on a terminal of that size. Fails the test when a line that was drawn wraps,
/// or when the cursor is to go up beyond the first row, because then the view is not erased.
class screen {
public:
    screen(std::size_t rows, std::size_t columns) : rows_{rows}, columns_{columns} {}

    void show(std::string_view output) {
        for (std::size_t at = 0; at < output.size(); ++at) {
            if (output[at] == '\x1b')
                at = obey(output, at + 2);
            else if (output[at] == '\n')
                next_line();
            else if (output[at] != '\r')
                lines_.at(cursor_) += output[at];
        }
    }

    /// From the summary on.
    [[nodiscard]] std::vector<std::string> view() const {
        const auto summary = std::find_if(lines_.rbegin(), lines_.rend(), [](const auto& each) {
            return each.find(" down  ") != std::string::npos;
        });
        return summary == lines_.rend()
                   ? std::vector<std::string>{}
                   : std::vector<std::string>{summary.base() - 1, lines_.end() - 1};
    }

    [[nodiscard]] const std::vector<std::string>& lines() const noexcept { return lines_; }

private:
    std::size_t obey(std::string_view output, std::size_t at) {
        std::size_t number = 0;
        for (; std::isdigit(static_cast<unsigned char>(output.at(at))) != 0; ++at)
            number = number * 10 + static_cast<std::size_t>(output[at] - '0');
        if (output.at(at) == '?') { // whether rows wrap
            while (output.at(at) != 'l' && output.at(at) != 'h')
                ++at;
        } else if (output[at] == 'F') {
            BOOST_REQUIRE(number < rows_);
            BOOST_REQUIRE(number <= cursor_);
            cursor_ -= number;
            // Only what was drawn is gone over again.
            for (std::size_t drawn = cursor_; drawn < lines_.size(); ++drawn)
                BOOST_TEST(lines_[drawn].size() < std::max<std::size_t>(columns_, 2));
        } else if (output[at] == 'J') {
            lines_.resize(cursor_);
            lines_.emplace_back();
        } else {
            while (output.at(at) != 'm')
                ++at;
        }
        return at;
    }

    void next_line() {
        if (++cursor_ == lines_.size())
            lines_.emplace_back();
    }

    std::size_t rows_;
    std::size_t columns_;
    std::vector<std::string> lines_{1};
    std::size_t cursor_ = 0;
};

struct refused_file {
    std::string content;
    std::string said;
};

std::ostream& operator<<(std::ostream& out, const refused_file& file) {
    return out << file.said;
}

const std::vector<refused_file> refused_files{
    {"", "has no URL"},
    {"\n\r\n  \n# http://127.0.0.1:1/\n", "has no URL"},
    {nobody(1) + "\nftp://127.0.0.1/\n", "line 2: URL 'ftp://127.0.0.1/': the URL must begin with"},
    {"\n#\n" + nobody(1) + " " + nobody(2), "line 3: URL"},
    {"http://me:hunter2@127.0.0.1/", "line 1: URL: the URL must not carry a user name or password"},
    {std::string{"http://127.0.0.1/\0/", 19}, R"(line 1: URL 'http://127.0.0.1/\u0000/')"},
    {nobody(1) + "\n" + std::string(10'000'000, 'a'), "line 2: it has more than 4096 bytes"},
    {"http://127.0.0.1/" + std::string(3000, 'a'), "too long"},
};

} // namespace

BOOST_AUTO_TEST_SUITE(tool_fleet_test)

BOOST_AUTO_TEST_CASE(the_lines_of_a_file_are_targets_and_so_are_the_urls_of_the_command_line) {
    const temporary_file file{"# comment\n\r\n" + nobody(1) + "\r\n  " + nobody(2) + " \t\n#" +
                              std::string(5000, '-') + "\n  # " + nobody(9) + "\n" + nobody(1)};
    for (const bool from_input : {false, true}) {
        tool_process watch{{.arguments = watch_line({"--json", "--for", "300ms", nobody(3),
                                                     "--targets", from_input ? "-" : file.path}),
                            .secret = secret,
                            .input_file = from_input ? file.path : "/dev/null"}};
        BOOST_TEST(watch.wait() == 0);
        const std::map<std::string, int> expected{{nobody(1), 2}, {nobody(2), 1}, {nobody(3), 1}};
        for (const char* const event : {"started", "stopped"})
            BOOST_TEST((targets_of(parsed(watch.out()), event) == expected));
    }
}

BOOST_DATA_TEST_CASE(a_bad_line_is_named_by_file_and_number, data::make(refused_files), line) {
    const temporary_file file{line.content};
    const tool_result result = run_tool(watch_line({"--targets", file.path}), secret);
    BOOST_TEST(result.status == 2);
    BOOST_TEST(result.out.empty());
    BOOST_TEST(result.err.find("--targets: '" + file.path + "'") != std::string::npos, result.err);
    BOOST_TEST(result.err.find(line.said) != std::string::npos, result.err);
    BOOST_TEST(result.err.find("hunter2") == std::string::npos);
    BOOST_TEST(result.err.find('\n') == result.err.size() - 1);
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_is_passed_over) {
    for (const std::string& first : {nobody(1), std::string{"# comment"}, std::string{}}) {
        const temporary_file file{"\xef\xbb\xbf" + first + "\r\n" + nobody(2) + "\r\n"};
        const tool_result result =
            run_tool(watch_line({"--json", "--for", "300ms", "--targets", file.path}), secret);
        BOOST_TEST(result.status == 0, result.err);
        const auto told = targets_of(parsed(result.out), "started");
        BOOST_TEST(told.contains(nobody(1)) == (first == nobody(1)));
        BOOST_TEST(told.contains(nobody(2)));
    }
}

BOOST_AUTO_TEST_CASE(a_file_may_be_empty_when_there_are_urls_on_the_command_line) {
    for (const char* const content : {"", "\xef\xbb\xbf", "# nobody yet\n"}) {
        const temporary_file file{content};
        const tool_result result = run_tool(
            watch_line({"--json", "--for", "300ms", "--targets", file.path, nobody(1)}), secret);
        BOOST_TEST(result.status == 0, result.err);
        BOOST_TEST(count(parsed(result.out), "started") == 1);
    }
}

BOOST_AUTO_TEST_CASE(first_checks_of_more_than_eight_are_spread_by_default) {
    const auto checked_at_once = [](int urls, bool in_a_file, const std::string& threads,
                                    std::vector<std::string> others) {
        others.insert(others.end(),
                      {"--json", "--verbose", "--for", "500ms", "--threads", threads});
        std::string lines;
        for (int number = 0; number < urls; ++number) {
            if (!in_a_file)
                others.push_back(nobody(1));
            lines += nobody(1) + "\n";
        }
        const temporary_file file{lines};
        if (in_a_file)
            others.insert(others.end(), {"--targets", file.path});
        return count(parsed(run_tool(watch_line(others), secret).out), "check_failed");
    };
    for (const bool in_a_file : {false, true})
        for (const char* const threads : {"1", "2"}) {
            BOOST_TEST(checked_at_once(8, in_a_file, threads, {}) == 8);
            BOOST_TEST(checked_at_once(9, in_a_file, threads, {}) == 1);
            BOOST_TEST(checked_at_once(9, in_a_file, threads, {"--initial-delay-max", "0s"}) == 9);
        }
}

BOOST_AUTO_TEST_CASE(a_second_thread_costs_little_memory) {
    if (forest::test::sanitized) {
        BOOST_TEST_MESSAGE("skipped: a sanitizer keeps what is freed");
        return;
    }
    // All report that they stop when it ends, and nothing is to be kept of that but a bounded part.
    const temporary_file file{nobodies(20'000)};
    std::map<std::string, double> resident_kb;
    for (const char* const threads : {"1", "2"}) {
        const tool_result result =
            run_tool(watch_line({"--json", "--verbose", "--stats", "--for", "500ms", "--threads",
                                 threads, "--targets", file.path}),
                     secret);
        BOOST_TEST(result.status == 0);
        const std::vector<json> lines = parsed(result.out);
        BOOST_TEST(count(lines, "stopped") == 20'000);
        resident_kb[threads] = lines.back().at("max_rss_kb").get<double>();
    }
    BOOST_TEST(resident_kb["2"] < 1.25 * resident_kb["1"]);
}

BOOST_AUTO_TEST_CASE(statistics_are_the_last_line_and_count_every_check) {
    const serving_tool server;
    for (const char* const threads : {"1", "2"}) {
        const tool_result as_json =
            run_tool(watch_line({"--json", "--verbose", "--stats", "--interval", "50ms", "--for",
                                 "500ms", "--threads", threads, server.url(), nobody(1)}),
                     secret);
        BOOST_TEST(as_json.status == 0);
        std::vector<json> lines = parsed(as_json.out);
        const json told = lines.back();
        lines.pop_back();
        check_statistics(told);
        const int failed = count(lines, "check_failed");
        BOOST_TEST(told.at("targets") == 2);
        BOOST_TEST(told.at("failures") == failed);
        BOOST_TEST(told.at("inconclusive") == count(lines, "check_inconclusive"));
        BOOST_TEST(told.at("checks") ==
                   count(lines, "check_succeeded") + failed + count(lines, "check_inconclusive"));
        BOOST_TEST(count(lines, "check_succeeded") >= 2);
        BOOST_TEST(failed >= 2);
        BOOST_TEST(told.at("wall_seconds").get<double>() >= 0.5);
        BOOST_TEST(told.at("max_rss_kb").get<int>() > 0);

        const tool_result as_text = run_tool(
            watch_line({"--stats", "--for", "100ms", "--threads", threads, server.url()}), secret);
        const std::string out = as_text.out.substr(0, as_text.out.size() - 1);
        check_statistics(json::parse(out.substr(out.rfind('\n') + 1)));
    }
}

BOOST_AUTO_TEST_CASE(several_threads_tell_the_same_and_tear_no_line) {
    constexpr int targets = 500;
    const temporary_file file{nobodies(targets)};
    const tool_result result =
        run_tool(watch_line({"--json", "--verbose", "--interval", "100ms", "--failure-threshold",
                             "2", "--for", "1500ms", "--threads", "4", "--targets", file.path}),
                 secret);
    BOOST_TEST(result.status == 0);
    const std::vector<json> lines = parsed(result.out);
    for (const char* const event : {"started", "server_down", "stopped"}) {
        const auto told = targets_of(lines, event);
        BOOST_TEST(told.size() == targets);
        BOOST_TEST(std::all_of(told.begin(), told.end(),
                               [](const auto& each) { return each.second == 1; }));
    }
    BOOST_TEST(count(lines, "check_failed") > targets);
}

BOOST_AUTO_TEST_CASE(a_reader_that_leaves_ends_all_threads) {
    for (const char* const threads : {"1", "4"}) {
        tool_process watch{{watch_line({"--json", "--threads", threads, nobody(1), nobody(2)}),
                            secret,
                            {},
                            false}};
        watch.event("started");
        watch.stop_reading();
        BOOST_TEST(watch.wait() == 0);
        BOOST_TEST(watch.err().empty());
    }
}

BOOST_AUTO_TEST_CASE(a_signal_ends_it_while_its_reader_stands_still) {
    const temporary_file file{nobodies(2000)};
    for (const char* const threads : {"1", "4"}) {
        tool_process watch{{watch_line({"--json", "--verbose", "--interval", "50ms", "--threads",
                                        threads, "--targets", file.path}),
                            secret,
                            {},
                            false}};
        watch.event("started");
        constexpr int half_a_pipe = 32 * 1024;
        BOOST_TEST(eventually([&] {
            const int before = watch.unread();
            std::this_thread::sleep_for(std::chrono::milliseconds{300});
            return before > half_a_pipe && watch.unread() == before;
        }));
        watch.signal(SIGTERM);
        BOOST_TEST(eventually([&] { return ended(watch.id()); }));
        BOOST_TEST(watch.wait() == 0);
    }
}

BOOST_AUTO_TEST_CASE(all_descriptors_that_the_system_allows_are_for_checks) {
    tool_process watch{{watch_line({"--json", nobody(1)}), secret, {}, false}};
    watch.event("started");
    std::ifstream limits{"/proc/" + std::to_string(watch.id()) + "/limits"};
    std::string line;
    while (std::getline(limits, line) && line.rfind("Max open files", 0) != 0)
        ;
    std::istringstream words{line.substr(std::string_view{"Max open files"}.size())};
    std::string soft;
    std::string hard;
    words >> soft >> hard;
    BOOST_TEST(soft == hard);
    BOOST_TEST(!soft.empty());
    watch.signal(SIGTERM);
    BOOST_TEST(watch.wait() == 0);
}

BOOST_AUTO_TEST_CASE(connections_are_kept_when_asked_for) {
    const serving_tool server;
    const auto sockets = [&](std::vector<std::string> line) {
        line.insert(line.end(), {"--json", "--verbose", server.url()});
        tool_process watch{{watch_line(line), secret, {}, false}};
        watch.event("check_succeeded");
        return open_sockets(watch.id());
    };
    const std::size_t none = sockets({});
    BOOST_TEST(sockets({"--reuse"}) == none + 1);
    BOOST_TEST(sockets({"--reuse", "--threads", "2"}) >= none + 1);
}

BOOST_AUTO_TEST_CASE(a_terminal_shows_a_summary_and_every_target_while_they_fit) {
    const serving_tool server;
    tool_process watch{{.arguments = watch_line({"--interval", "50ms", "--failure-threshold", "2",
                                                 server.url(), nobody(1)}),
                        .secret = secret,
                        .environment = {"TERM=xterm", "NO_COLOR=1"},
                        .on_terminal = true,
                        .rows = 24,
                        .columns = 80}};
    watch.read_until("down    " + nobody(1));
    watch.read_until("1 down  0 suspect  0 unknown  1 up  ");
    screen seen{24, 80};
    seen.show(watch.out().substr(0, watch.out().rfind("\x1b[3F")));
    const std::vector<std::string> view = seen.view();
    BOOST_REQUIRE(view.size() == 3U);
    BOOST_TEST(view[0].find(" checks/s") != std::string::npos);
    BOOST_TEST(view[1].rfind("up      " + server.url() + "  ", 0) == 0U, view[1]);
    BOOST_TEST(view[2].find(nobody(1)) != std::string::npos, view[2]);

    watch.signal(SIGTERM);
    BOOST_TEST(watch.wait() == 0);
    screen left{24, 80};
    left.show(watch.out());
    BOOST_TEST(left.view().empty());
    BOOST_TEST(left.lines().back().empty());
    BOOST_TEST(left.lines().at(left.lines().size() - 2).find("stopped") != std::string::npos);
}

struct small_terminal {
    unsigned short rows;
    unsigned short columns;
    int targets;
    std::size_t view_rows; ///< when all targets are down
};

std::ostream& operator<<(std::ostream& out, const small_terminal& size) {
    return out << size.rows << " x " << size.columns << " for " << size.targets;
}

const std::vector<small_terminal> small_terminals{
    {24, 80, 300, 22}, {24, 20, 300, 22}, {24, 80, 21, 22}, {24, 80, 22, 22},
    {6, 80, 10, 4},    {5, 80, 10, 3},    {4, 80, 10, 2},   {3, 80, 10, 1},
    {2, 80, 10, 1},    {1, 80, 10, 0},    {24, 12, 4, 5},   {2, 12, 300, 1},
};

BOOST_DATA_TEST_CASE(what_does_not_fit_on_a_terminal_is_counted, data::make(small_terminals),
                     size) {
    const temporary_file file{nobodies(size.targets)};
    tool_process watch{{.arguments = watch_line({"--interval", "100ms", "--failure-threshold", "1",
                                                 "--targets", file.path}),
                        .secret = secret,
                        .environment = {"TERM=xterm", "NO_COLOR=1"},
                        .on_terminal = true,
                        .rows = size.rows,
                        .columns = size.columns}};
    watch.read_until(size.view_rows == 0 ? "DOWN" : std::to_string(size.targets) + " down  ");
    watch.signal(SIGTERM);
    BOOST_TEST(watch.wait() == 0);
    // Before the lines that say `stopped`.
    const std::string& out = watch.out();
    screen seen{size.rows, size.columns};
    seen.show(out.substr(0, out.rfind("\x1b[", out.find("Z stopped"))));
    const std::vector<std::string> view = seen.view();
    BOOST_TEST_CONTEXT(out.substr(out.size() > 3000 ? out.size() - 3000 : 0)) {
        BOOST_REQUIRE(view.size() == size.view_rows);
        if (view.empty())
            return;
        BOOST_TEST(view.front().rfind(std::to_string(size.targets) + " down  ", 0) == 0U);
        const std::size_t room = size.rows < 3 ? 0U : size.rows - 3U;
        const auto targets = static_cast<std::size_t>(size.targets);
        const bool counted = room >= 2 && targets > room;
        if (counted && size.columns >= 80)
            BOOST_TEST(view.back() == "and " + std::to_string(targets - room + 1) + " more down");
        for (std::size_t index = 1; index + (counted ? 1 : 0) < view.size(); ++index)
            BOOST_TEST(view[index].rfind("down    ", 0) == 0U, view[index]);
    }
}

// The rows of a narrower terminal may wrap, but the cursor stands at the beginning of the view.
BOOST_AUTO_TEST_CASE(a_terminal_that_becomes_narrower_shows_the_view_once_and_tells_rows_apart) {
    const std::string north = "http://127.0.0.1:1/shop-north/forest/health";
    const std::string south = "http://127.0.0.1:1/shop-south/forest/health";
    tool_process watch{
        {.arguments = watch_line({"--interval", "1h", "--failure-threshold", "1", north, south}),
         .secret = secret,
         .environment = {"TERM=xterm", "NO_COLOR=1", "LC_ALL=C"},
         .on_terminal = true,
         .rows = 24,
         .columns = 80}};
    watch.read_until("2 down  0 suspect  0 unknown  0 up  ");
    for (const unsigned short columns : std::array<unsigned short, 3>{20, 1, 20}) {
        const std::size_t before = watch.out().size();
        watch.resize(24, columns);
        const std::string summary = std::string{"2 down  0 suspect  0 unknown"}.substr(
            0, std::max<std::size_t>(columns - 1U, 1U));
        watch.read_until("\x1b[?7l" + summary + "\r\n", before);
    }
    watch.resize(24, 0); // It does not know its size any more.
    watch.signal(SIGTERM);
    BOOST_TEST(watch.wait() == 0);
    const std::string& out = watch.out();
    const std::string narrow = "\x1b[?7l2 down  0 suspect  \r\n";
    const std::size_t begin = out.rfind(narrow);
    BOOST_REQUIRE(begin != std::string::npos);
    std::istringstream rows{out.substr(begin, out.find("\x1b[?7h", begin) - begin)};
    std::string first;
    std::string second;
    std::getline(rows, first);
    std::getline(rows, first);
    std::getline(rows, second);
    BOOST_TEST(first.rfind("down    ", 0) == 0U);
    BOOST_TEST(first != second);
    BOOST_TEST(std::max(first.size(), second.size()) <= 20U); // with the carriage return

    // What was drawn for 80 columns is erased from where the cursor stands, which is its beginning.
    screen seen{24, 80};
    seen.show(out.substr(0, begin));
    BOOST_TEST(seen.view().empty());
}

BOOST_AUTO_TEST_SUITE_END()
