// SPDX-License-Identifier: BSL-1.0
#include "tool_process.hpp"

#include <tool/arguments/nearest_word.hpp>
#include <tool/arguments/wrapped_text.hpp>

#include <forest/version.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

// The words of a command line, before any of their values is read: which are known, which was
// meant, and how help fits the terminal.

namespace {

namespace data = boost::unit_test::data;

using forest::cli::edit_distance;
using forest::cli::nearest_words;
using forest::cli::wrapped;
using forest::test::refused_line;
using forest::test::run_tool;
using forest::test::temporary_file;
using forest::test::tool_process;
using forest::test::tool_result;
using strings = std::vector<std::string>;

const std::string target = "http://127.0.0.1:1/forest/health";

// All without a secret, many without a URL, and some with a value that would be refused: the word
// is named first.
const std::vector<refused_line> mistyped{
    {{"wacth"}, "there is no command 'wacth'; did you mean watch?"},
    {{"Watch", target}, "did you mean watch?"},
    {{"sim"}, "did you mean simulate?"},
    {{"s"}, "did you mean serve, sign or simulate?"},
    {{target}, "before a URL, as in forest-health check URL"},
    {{"watch", "--intervall", "10s", target}, "'--intervall'; did you mean --interval?"},
    {{"watch", target, "--intervall", "10s"}, "'--intervall'; did you mean --interval?"},
    {{"watch", "--interval", "10", target, "--jsn"}, "'--jsn'; did you mean --json?"},
    {{"watch", "--intervall=10s"}, "'--intervall'; did you mean --interval?"},
    {{"watch", "--secret_file", "/nowhere"}, "did you mean --secret-file?"},
    {{"watch", "--TARGETS", "x"}, "did you mean --targets?"},
    {{"watch", "-interval", "10s"}, "did you mean --interval?"},
    {{"watch", "--fail", "1"}, "did you mean --failure-threshold?"},
    {{"watch", "-j"}, "did you mean --json?"},
    {{"check", "-\xe2\x80\x93timeout", "5s"}, "did you mean --timeout?"},
    {{"check", "\xe2\x80\x94timeout", "5s"}, "did you mean --timeout?"},
    {{"check", "\xe2\x88\x92\xe2\x88\x92timeout", "5s"}, "did you mean --timeout?"},
    {{"check", "--interval", "10s"}, "check has no option '--interval'; watch and simulate have"},
    {{"check", "--intervall", "10s"}, "watch and simulate have --interval"},
    {{"watch", "--grace", "1s", target}, "serve has --grace"},
    {{"serve", "--tls"}, "did you mean --tls-cert or --tls-key?"},
    {{"sign", "--unsigned"}, "check, watch and serve have --unsigned"},
    {{"--json", "check", target}, "have --json, behind the command"},
    {{"--jsn", "check", target}, "have --json, behind the command"},
    {{"--versoin"}, "did you mean --version?"},
    {{"check", "--polish", target},
     "check has no option '--polish'; see forest-health check --help"},
    {{"check", "--timeout", "--json", target}, "write --timeout=--json"},
    {{"check", target, "--timeout"}, "--timeout needs a value: DURATION"},
    {{"serve", "--verbose", "--version"}, "--version needs a value: V"},
    {{"check", target, "b"}, "check takes one URL; remove 'b'"},
    {{"check", target, "http://me:hunter2@x/"}, "check takes one URL; remove the last"},
    {{"serve", "now"}, "serve takes no argument; remove 'now'"},
    {{"sign", "--", "now"}, "sign takes no argument; remove 'now'"},
    {{"help", "wacth"}, "did you mean watch?"},
    {{"watch", "--json=yes", target}, "--json takes no value; see forest-health watch --help"},
    {{"watch", "--timeout", "1s", target, "--timeout=2s"}, "--timeout is given twice; see"},
    {{"check", "--unsigned"}, "URL is required; see forest-health check --help"},
    {{"watch", "--secret-file", "/nowhere", "--targets", "/nowhere", "--verbos"}, "--verbose?"},
};

const std::vector<refused_line> mistyped_elsewhere{
    {{"FOREST_MASTER", "--intervall", "10s"}, "master: there is no option '--intervall'; did"},
    {{"FOREST_MASTER", target, "--introspect", "/nowhere"}, "did you mean --introspection?"},
    {{"FOREST_WAREHOUSE", "--databse", "/nowhere/x"}, "did you mean --database?"},
    {{"FOREST_WAREHOUSE", "now"}, "warehouse: it takes no argument; remove 'now'"},
};

struct plain_request {
    strings words; ///< the program's variable first
    std::string begin;
};

std::ostream& operator<<(std::ostream& out, const plain_request& asked) {
    for (const std::string& word : asked.words)
        out << word << ' ';
    return out;
}

const std::string version{forest::version};
const std::string watch_help = "Poll servers until";

const std::vector<plain_request> plain_requests{
    {{"FOREST_HEALTH", "--version"}, "forest-health " + version + "\n"},
    {{"FOREST_HEALTH", "version"}, "forest-health " + version + "\n"},
    {{"FOREST_HEALTH", "check", "--version"}, "forest-health " + version + "\n"},
    {{"FOREST_HEALTH", "watch", "--version"}, "forest-health " + version + "\n"},
    {{"FOREST_HEALTH", "watch", "version"}, "forest-health " + version + "\n"},
    {{"FOREST_HEALTH", "sign", "--version"}, "forest-health " + version + "\n"},
    {{"FOREST_HEALTH", "simulate", "--version"}, "forest-health " + version + "\n"},
    {{"FOREST_HEALTH", "serve", "--version"}, "forest-health " + version + "\n"},
    {{"FOREST_HEALTH", "help"}, "Checks the health of servers"},
    {{"FOREST_HEALTH", "--help"}, "Checks the health of servers"},
    {{"FOREST_HEALTH", "-h"}, "Checks the health of servers"},
    {{"FOREST_HEALTH", "watch", "help"}, watch_help},
    {{"FOREST_HEALTH", "help", "watch"}, watch_help},
    {{"FOREST_HEALTH", "--help", "watch"}, watch_help},
    {{"FOREST_HEALTH", "watch", "--help"}, watch_help},
    {{"FOREST_HEALTH", "watch", "-h"}, watch_help},
    {{"FOREST_HEALTH", "watch", "--timeout", "5", "--help"}, watch_help},
    {{"FOREST_HEALTH", "check", "help"}, "Check a server"},
    {{"FOREST_HEALTH", "serve", "help"}, "Answer health checks"},
    {{"FOREST_HEALTH", "sign", "help"}, "Print the two"},
    {{"FOREST_HEALTH", "simulate", "help"}, "Let clients"},
    {{"FOREST_MASTER", "--version"}, "master " + version + "\n"},
    {{"FOREST_MASTER", "version"}, "master " + version + "\n"},
    {{"FOREST_MASTER", "help"}, "Follows the schemas"},
    {{"FOREST_WAREHOUSE", "--version"}, "warehouse " + version + "\n"},
    {{"FOREST_WAREHOUSE", "version"}, "warehouse " + version + "\n"},
    {{"FOREST_WAREHOUSE", "help"}, "Serves the schema"},
};

void check_refused(const tool_result& result, const std::string& said) {
    BOOST_TEST(result.status == 2);
    BOOST_TEST(result.out.empty());
    BOOST_TEST(result.err.find(said) != std::string::npos, result.err);
    BOOST_TEST(result.err.find("hunter2") == std::string::npos);
    BOOST_TEST(result.err.find('\n') == result.err.size() - 1);
}

std::size_t widest_line(const std::string& text) {
    std::size_t widest = 0;
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);)
        widest = std::max(widest, line.size() - (!line.empty() && line.back() == '\r' ? 1U : 0U));
    return widest;
}

} // namespace

BOOST_AUTO_TEST_SUITE(tool_words_test)

BOOST_AUTO_TEST_CASE(the_distance_of_words_counts_letters_and_swapped_neighbours) {
    BOOST_TEST(edit_distance("", "") == 0U);
    BOOST_TEST(edit_distance("", "abc") == 3U);
    BOOST_TEST(edit_distance("watch", "wacth") == 1U);
    BOOST_TEST(edit_distance("interval", "intervall") == 1U);
    BOOST_TEST(edit_distance("timeout", "tomeuot") == 2U);
    BOOST_TEST(edit_distance(std::string(100'000, 'a'), std::string(100'000, 'b')) ==
               forest::cli::compared_bytes_max);
}

BOOST_AUTO_TEST_CASE(the_nearest_words_are_those_that_were_likely_meant) {
    const strings known{"interval", "initial-delay-max", "timeout", "tls-cert", "tls-key"};
    BOOST_TEST(nearest_words("intervall", known) == strings{"interval"});
    BOOST_TEST(nearest_words("INITIAL_DELAY_MAX", known) == strings{"initial-delay-max"});
    BOOST_TEST(nearest_words("tls", known) == (strings{"tls-cert", "tls-key"}));
    BOOST_TEST(nearest_words("polish", known).empty());
    BOOST_TEST(nearest_words("", known).empty());
}

BOOST_AUTO_TEST_CASE(text_is_wrapped_between_words_and_a_word_that_is_too_long_is_divided) {
    BOOST_TEST(wrapped("one two  three four", 16, 2, 0) == "one two three\n  four\n");
    BOOST_TEST(wrapped("one two", 16, 2, 12) == "one\n  two\n");
    BOOST_TEST(wrapped("one two", 16, 2, 16) == "\n  one two\n");
    BOOST_TEST(wrapped("first\nsecond", 16, 2, 0) == "first\n  second\n");
    BOOST_TEST(wrapped("--a-long-option-name", 16, 2, 0) == "--a-long-option-\n  name\n");
    BOOST_TEST(wrapped(std::string(20, 'x'), 16, 2, 0) ==
               std::string(16, 'x') + "\n  " + std::string(4, 'x') + "\n");
    for (std::size_t width = 0; width < 40; ++width)
        BOOST_TEST(widest_line(wrapped("some words, and averyveryverylongwordwithoutanymark-in-it",
                                       width, 36, 0)) <=
                   std::max(width, forest::cli::wrap_width_min));
}

BOOST_DATA_TEST_CASE(a_word_that_is_not_known_is_named_before_any_value_is_read,
                     data::make(mistyped), line) {
    check_refused(run_tool(line.arguments), line.said);
}

BOOST_DATA_TEST_CASE(the_other_programs_name_mistyped_words_too, data::make(mistyped_elsewhere),
                     line) {
    strings arguments = line.arguments;
    const std::string program = arguments.front();
    arguments.erase(arguments.begin());
    check_refused(run_tool(arguments, {}, program), line.said);
}

// A FIFO without a writer, and a standard input that never ends, would be waited for.
BOOST_AUTO_TEST_CASE(a_mistyped_word_is_named_before_a_fifo_or_standard_input_is_read) {
    const temporary_file place{""};
    const std::string fifo = place.path + ".fifo";
    BOOST_REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    for (const strings& line : {strings{"watch", "--targets", fifo, "--verbos"},
                                strings{"watch", "--secret-file", fifo, target, "--verbos"},
                                strings{"watch", "--targets", "-", "--verbos"}}) {
        tool_process tool{{.arguments = line, .input_file = "/dev/zero"}};
        BOOST_TEST(tool.wait() == 2);
        BOOST_TEST(tool.err().find("did you mean --verbose?") != std::string::npos, tool.err());
    }
    ::unlink(fifo.c_str());
}

BOOST_DATA_TEST_CASE(help_and_the_version_are_found_wherever_they_are_asked_for,
                     data::make(plain_requests), asked) {
    strings words = asked.words;
    const std::string program = words.front();
    words.erase(words.begin());
    const tool_result result = run_tool(words, {}, program);
    BOOST_TEST(result.status == 0);
    BOOST_TEST(result.err.empty());
    BOOST_TEST(result.out.rfind(asked.begin, 0) == 0U, result.out);
}

BOOST_AUTO_TEST_CASE(help_fits_the_terminal_and_a_page_that_is_no_terminal) {
    const auto widest = [](const std::string& program, strings words, int columns) {
        words.emplace_back("--help");
        tool_process tool{{.arguments = words,
                           .on_terminal = columns != 0,
                           .program = program,
                           .rows = 24,
                           .columns = static_cast<unsigned short>(columns)}};
        BOOST_TEST(tool.wait() == 0);
        BOOST_TEST(tool.out().find("--help") != std::string::npos);
        return widest_line(tool.out());
    };
    for (const auto& [program, words] : {std::pair<std::string, strings>{"FOREST_HEALTH", {}},
                                         {"FOREST_HEALTH", {"watch"}},
                                         {"FOREST_HEALTH", {"simulate"}},
                                         {"FOREST_MASTER", {}},
                                         {"FOREST_WAREHOUSE", {}}}) {
        for (const int columns : {20, 40, 80, 100})
            BOOST_TEST(widest(program, words, columns) <= static_cast<std::size_t>(columns));
        BOOST_TEST(widest(program, words, 0) <= 80U);
        BOOST_TEST(widest(program, words, 200) <= 100U);
        BOOST_TEST(widest(program, words, 1) <= forest::cli::wrap_width_min);
    }
}

BOOST_AUTO_TEST_SUITE_END()
