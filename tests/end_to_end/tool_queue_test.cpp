// SPDX-License-Identifier: BSL-1.0
#include "tool_process.hpp"

#include <tool/output/line_queue.hpp>
#include <tool/output/queued_output.hpp>
#include <tool/output/shortened.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

// What becomes of lines whose reader pauses, on a queue alone and on pipes; and how names are
// shortened so that they can be distinguished.

namespace {

using namespace std::chrono_literals;
using forest::target_id;
using forest::wall_time;
using forest::cli::left_out;
using forest::cli::line_queue;
using forest::cli::queued_output;
using forest::cli::reader_patience;
using forest::cli::shortened;
using forest::test::descriptor;
using forest::test::eventually;
using forest::test::poll_on;

std::string say(const left_out& gap) {
    return gap.target.empty() ? "[" + std::to_string(gap.events) + "]\n"
                              : "[" + gap.target + " " + std::to_string(gap.events) + "]\n";
}

wall_time at(int second) {
    return wall_time{std::chrono::seconds{second}};
}

constexpr std::size_t all = 1'000'000;

struct pipe_ends {
    descriptor reader;
    descriptor writer;
};

pipe_ends open_pipe() {
    std::array<int, 2> ends{};
    BOOST_REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    return {descriptor{ends[0]}, descriptor{ends[1]}};
}

// For a writer that is left behind in a write: never closed, so that it can go on using it.
const pipe_ends& open_pipe_for_good() {
    static std::deque<pipe_ends>& opened = *new std::deque<pipe_ends>;
    return opened.emplace_back(open_pipe());
}

// Until nothing comes for a moment, if `most` bytes have not come before.
std::string read_from(const descriptor& reader, std::size_t most) {
    std::string text;
    std::array<char, 4096> buffer{};
    std::array<pollfd, 1> readable{pollfd{reader.get(), POLLIN, 0}};
    while (text.size() < most && poll_on(readable, std::chrono::milliseconds{200}) == 1) {
        const ssize_t count = ::read(reader.get(), buffer.data(), buffer.size());
        if (count <= 0)
            break;
        text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return text;
}

bool never() {
    return false;
}

std::set<std::string> set_of(const std::vector<std::string>& names) {
    return {names.begin(), names.end()};
}

} // namespace

BOOST_AUTO_TEST_SUITE(tool_queue_test)

BOOST_AUTO_TEST_CASE(lines_are_taken_in_order_and_never_in_part) {
    line_queue lines{say};
    lines.add("started\n");
    lines.add_check("ok\n", at(1));
    lines.add_change(target_id{1}, "a", "DOWN\n", at(2));
    BOOST_TEST(lines.bytes() == 16U);
    BOOST_TEST(lines.take(11) == "started\nok\n");
    BOOST_TEST(lines.take(1) == "DOWN\n");
    BOOST_TEST(lines.empty());
    BOOST_TEST(lines.bytes() == 0U);
    BOOST_TEST(lines.take(1).empty());
}

BOOST_AUTO_TEST_CASE(checks_for_which_there_is_no_room_are_counted_where_they_are_missing) {
    line_queue lines{say, {.checks_bytes_max = 4, .changes_bytes_max = 100}};
    lines.add_check("1\n", at(1));
    lines.add_check("2\n", at(2));
    lines.add_check("3\n", at(3));
    lines.add_change(target_id{1}, "a", "DOWN\n", at(4));
    lines.add_check("4\n", at(5));
    BOOST_TEST(lines.take(2) == "1\n");
    lines.add_check("5\n", at(6)); // Half of it has been read.
    BOOST_TEST(lines.take(all) == "2\n[2]\nDOWN\n5\n");
    lines.add_check("6\n", at(7));
    BOOST_TEST(lines.take(all) == "6\n");
}

BOOST_AUTO_TEST_CASE(a_slow_reader_gets_one_notice_for_each_time_that_checks_were_left_out) {
    line_queue lines{say, {.checks_bytes_max = 2}};
    lines.add_check("1\n", at(1));
    lines.add_check("2\n", at(2));
    BOOST_TEST(lines.take(2) == "1\n[1]\n");
    lines.add_check("3\n", at(3));
    lines.add_check("4\n", at(4));
    BOOST_TEST(lines.take(all) == "3\n[1]\n");
    lines.leave_out(at(5));
    BOOST_TEST(lines.take(all) == "[1]\n");
}

BOOST_AUTO_TEST_CASE(outages_beyond_the_bound_leave_the_latest_of_each_target) {
    line_queue lines{say, {.checks_bytes_max = 0, .changes_bytes_max = 10}};
    lines.add_change(target_id{1}, "a", "a DOWN\n", at(1));
    lines.add_change(target_id{1}, "a", "a UP\n", at(2));
    lines.add_change(target_id{2}, "b", "b DOWN\n", at(3));
    lines.add_change(target_id{1}, "a", "a DOWN 2\n", at(4));
    lines.add_change(target_id{1}, "a", "a UP 2\n", at(5));
    // The latest stands last, and what came before it is counted.
    BOOST_TEST(lines.take(all) == "a DOWN\nb DOWN\n[a 2]\na UP 2\n");
}

BOOST_AUTO_TEST_CASE(memory_does_not_grow_while_nobody_reads) {
    line_queue lines{say, {.checks_bytes_max = 1000, .changes_bytes_max = 1000}};
    constexpr int targets = 10;
    for (int number = 0; number < 100'000; ++number) {
        lines.add_check("a check\n", at(number));
        lines.add_change(target_id{static_cast<std::uint64_t>(number % targets)}, "t",
                         "an outage\n", at(number));
    }
    BOOST_TEST(lines.bytes() <= 2100U);
    BOOST_TEST(lines.size() <= 300U);
    const std::string text = lines.take(all);
    BOOST_TEST(std::count(text.begin(), text.end(), '[') == 1 + targets);
    BOOST_TEST(lines.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(a_reader_that_pauses_stops_nobody_and_gets_whole_lines_later) {
    const pipe_ends pipe = open_pipe();
    std::string expected;
    queued_output output{pipe.writer.get(), say};
    for (int number = 0; number < 50'000; ++number) {
        const std::string line = "line " + std::to_string(number) + "\n";
        expected += line;
        output.change([&](line_queue& lines) { lines.add(line); });
    }
    BOOST_TEST(output.finish(never, {.stalled_max = 50ms, .total_max = 10s}) > 0U);
    std::string text;
    std::thread reader{[&] { text = read_from(pipe.reader, expected.size()); }};
    BOOST_TEST(output.finish(never, {.stalled_max = 10s, .total_max = 30s}) == 0U);
    reader.join();
    BOOST_TEST((text == expected));
    BOOST_TEST(!(::fcntl(pipe.writer.get(), F_GETFL) & O_NONBLOCK));
}

BOOST_AUTO_TEST_CASE(an_end_waits_for_a_reader_that_stands_still_until_it_is_hurried) {
    const pipe_ends& pipe = open_pipe_for_good();
    {
        queued_output output{pipe.writer.get(), say};
        output.change([](line_queue& lines) {
            for (int number = 0; number < 100'000; ++number)
                lines.add("a line\n");
        });
        int asked = 0;
        BOOST_TEST(
            output.finish([&] { return ++asked == 3; }, {.stalled_max = 1h, .total_max = 1h}) > 0U);
        BOOST_TEST(asked == 3);
    } // The thread that stands in a write is left behind.
    const std::string text = read_from(pipe.reader, all);
    BOOST_TEST(text.size() > 32U * 1024);
    BOOST_TEST(text.ends_with("a line\n"));
}

BOOST_AUTO_TEST_CASE(waiting_for_room_ends_when_the_reader_takes_nothing) {
    const pipe_ends& pipe = open_pipe_for_good();
    queued_output output{pipe.writer.get(), say};
    BOOST_TEST(output.wait_for_room());
    output.change([](line_queue& lines) {
        lines.add(std::string(2 * queued_output::room_bytes_max, 'x') + "\n");
        lines.add(std::string(2 * queued_output::room_bytes_max, 'x') + "\n");
    });
    BOOST_TEST(!output.wait_for_room());
    BOOST_TEST(!output.wait_for_room()); // and that at once
}

BOOST_AUTO_TEST_CASE(a_reader_that_has_gone_is_noticed_once_and_nothing_is_kept_for_it) {
    std::signal(SIGPIPE, SIG_IGN);
    pipe_ends pipe = open_pipe();
    std::atomic<int> failures{0};
    queued_output output{pipe.writer.get(), say, [&] { ++failures; }};
    pipe.reader.close();
    for (int number = 0; number < 100; ++number)
        output.change([](line_queue& lines) { lines.add("a line\n"); });
    BOOST_TEST(output.finish(never) == 0U);
    BOOST_TEST((output.error() == std::errc::broken_pipe));
    bool called = false;
    output.change([&](line_queue&) { called = true; });
    BOOST_TEST(!called);
    BOOST_TEST(eventually([&] { return failures == 1; }));
}

BOOST_AUTO_TEST_CASE(lines_of_many_threads_are_whole) {
    const pipe_ends pipe = open_pipe();
    queued_output output{pipe.writer.get(), say};
    std::vector<std::thread> threads;
    const std::string line(99, 'x');
    for (int number = 0; number < 4; ++number)
        threads.emplace_back([&] {
            for (int count = 0; count < 1000; ++count)
                output.change([&](line_queue& lines) { lines.add(line + "\n"); });
        });
    const std::string text = read_from(pipe.reader, 400'000);
    for (std::thread& each : threads)
        each.join();
    BOOST_TEST(text.size() == 400'000U);
    for (std::size_t index = 99; index < text.size(); index += 100)
        BOOST_REQUIRE(text[index] == '\n');
}

BOOST_AUTO_TEST_CASE(names_that_fit_stay_as_they_are) {
    BOOST_TEST(shortened({}, 10).empty());
    BOOST_TEST((shortened({"http://a/", "http://b/"}, 9) ==
                std::vector<std::string>{"http://a/", "http://b/"}));
}

BOOST_AUTO_TEST_CASE(names_are_shortened_where_they_are_the_same) {
    const auto two = [](std::string_view first, std::string_view second, std::size_t room) {
        return shortened({first, second}, room);
    };
    BOOST_TEST(two("http://shop.example/forest/health?1", "http://shop.example/forest/health?2",
                   11) == (std::vector<std::string>{"sho..alth?1", "sho..alth?2"}));
    BOOST_TEST(two("http://10.0.0.17:3000/forest/health", "http://10.0.0.18:3000/forest/health",
                   11) == (std::vector<std::string>{"10.0.0.17..", "10.0.0.18.."}));
    BOOST_TEST(two("http://www.shop-north.example/forest", "http://www.shop-south.example/forest",
                   11) == (std::vector<std::string>{"..north.e..", "..south.e.."}));
    BOOST_TEST(two("http://north.example/forest/health", "http://south.example/forest/health",
                   15) == (std::vector<std::string>{"north.exa..alth", "south.exa..alth"}));
}

// Every pair of lengths and places of the difference.
BOOST_AUTO_TEST_CASE(different_names_stay_different_in_every_width) {
    for (std::size_t length : {8U, 30U, 200U})
        for (std::size_t place = 0; place < length; ++place)
            for (std::size_t room = 5; room < 40; ++room) {
                std::string first(length, 'a');
                std::string second = first;
                second[place] = 'b';
                const auto names = shortened({first, second}, room);
                BOOST_REQUIRE(names[0] != names[1]);
                BOOST_REQUIRE(std::max(names[0].size(), names[1].size()) <= room);
            }
    std::vector<std::string> fleet;
    for (int number = 0; number < 250; ++number)
        fleet.push_back("http://host-" + std::to_string(number) + ".rack-" +
                        std::to_string(number % 7) + ".example.com:3000/forest/health");
    for (std::size_t room = 7; room < 60; ++room) {
        const auto names = shortened({fleet.begin(), fleet.end()}, room);
        BOOST_TEST(set_of(names).size() == fleet.size(), room);
        BOOST_TEST(std::all_of(names.begin(), names.end(),
                               [&](const std::string& name) { return name.size() <= room; }));
    }
}

BOOST_AUTO_TEST_CASE(a_name_that_stands_twice_may_be_shortened_twice) {
    const std::string long_name = "http://a.example/" + std::string(100, 'x');
    for (std::size_t room = 0; room < 130; ++room) {
        const auto names = shortened({long_name, long_name}, room);
        BOOST_TEST(names[0] == names[1]);
    }
}

BOOST_AUTO_TEST_SUITE_END()
