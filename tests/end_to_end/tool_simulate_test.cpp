// SPDX-License-Identifier: BSL-1.0
#include "tool_process.hpp"

#include <forest/core/timestamp.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

// `forest-health simulate` as a script meets it: what it prints, that it prints the same again, and
// what it draws.

namespace {

using forest::test::refused_line;
using forest::test::run_tool;
using forest::test::serving_tool;
using forest::test::tool_result;
using nlohmann::json;

tool_result simulate(std::vector<std::string> arguments) {
    return run_tool(serving_tool::prepended("simulate", std::move(arguments)));
}

std::vector<json> lines_of(const tool_result& result) {
    std::vector<json> lines;
    std::istringstream text{result.out};
    for (std::string line; std::getline(text, line);)
        lines.push_back(json::parse(line));
    return lines;
}

json summary(std::vector<std::string> arguments) {
    arguments.push_back("--json");
    const tool_result result = simulate(std::move(arguments));
    BOOST_TEST(result.status == 0);
    BOOST_TEST(result.err.empty(), result.err);
    const std::vector<json> lines = lines_of(result);
    BOOST_REQUIRE(!lines.empty());
    return lines.back();
}

std::string digest(std::vector<std::string> arguments) {
    return summary(std::move(arguments)).at("digest");
}

// A folder of its own for each test, and nothing left of it.
class temporary_folder {
public:
    temporary_folder() {
        std::string name = (std::filesystem::temp_directory_path() / "forest-XXXXXX").string();
        BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
    ~temporary_folder() { std::filesystem::remove_all(path_); }

    [[nodiscard]] std::string file(const char* name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

std::string content_of(const std::string& file) {
    std::ifstream in{file, std::ios::binary};
    BOOST_REQUIRE(in.is_open());
    return {std::istreambuf_iterator<char>{in}, {}};
}

// Walks through a document and says what is wrong with it: tags that do not balance, attributes
// without quotes, or characters that had to be escaped.
class xml_walk {
public:
    explicit xml_walk(std::string_view text) : rest_{text} {
        while (!rest_.empty() && fault.empty())
            rest_.front() == '<' ? tag() : content();
        if (fault.empty() && !open_.empty())
            fault = open_.back() + " is not closed";
    }

    std::string fault;
    std::size_t elements = 0;

private:
    void content() {
        const std::string_view text = take(rest_.find('<'));
        const bool blank = text.find_first_not_of(" \n") == std::string_view::npos;
        if (open_.empty() && !blank)
            fault = "text outside of all elements";
        check_escapes(text);
    }

    void check_escapes(std::string_view text) {
        for (std::size_t at = 0; (at = text.find('&', at)) != std::string_view::npos; ++at) {
            const std::string_view name = text.substr(at, text.find(';', at) - at + 1);
            if (name != "&amp;" && name != "&lt;" && name != "&gt;" && name != "&quot;")
                fault = "a bare ampersand";
        }
        if (text.find('<') != std::string_view::npos)
            fault = "a bare <";
    }

    void tag() {
        const std::size_t end = rest_.find('>');
        if (end == std::string_view::npos) {
            fault = "a tag does not end";
            return;
        }
        std::string_view inside = take(end + 1).substr(1, end - 1);
        if (inside.substr(0, 1) == "/") {
            if (open_.empty() || open_.back() != inside.substr(1))
                fault = std::string{inside} + " closes what is not open";
            else
                open_.pop_back();
            return;
        }
        const bool empty = inside.substr(inside.size() - 1) == "/";
        if (empty)
            inside.remove_suffix(1);
        const std::size_t name_end = std::min(inside.find(' '), inside.size());
        if (open_.empty() && elements > 0)
            fault = "a second root";
        ++elements;
        if (!empty)
            open_.emplace_back(inside.substr(0, name_end));
        attributes(inside.substr(name_end));
    }

    void attributes(std::string_view text) {
        while (!(text = text.substr(std::min(text.find_first_not_of(' '), text.size()))).empty()) {
            const std::size_t quote = text.find("=\"");
            const std::size_t end =
                quote == std::string_view::npos ? quote : text.find('"', quote + 2);
            if (end == std::string_view::npos) {
                fault = "an attribute without quotes";
                return;
            }
            check_escapes(text.substr(quote + 2, end - quote - 2));
            text.remove_prefix(end + 1);
        }
    }

    std::string_view take(std::size_t size) {
        const std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(taken.size());
        return taken;
    }

    std::string_view rest_;
    std::vector<std::string> open_;
};

std::size_t count(std::string_view text, std::string_view what) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string_view::npos; ++at)
        ++found;
    return found;
}

// The numbers between `before` and `after`, wherever they stand in a text.
std::vector<std::size_t> numbers_behind(std::string_view text, std::string_view before,
                                        std::string_view after) {
    std::vector<std::size_t> found;
    for (std::size_t at = 0; (at = text.find(before, at)) != std::string_view::npos;) {
        at += before.size();
        const std::size_t end = text.find_first_not_of("0123456789", at);
        if (end != at && text.substr(end, after.size()) == after)
            found.push_back(std::stoul(std::string{text.substr(at, end - at)}));
    }
    return found;
}

// How many downs a picture shows: each bar has their number as its title; a triangle is one down,
// or as many as its label says. The legend has two triangles.
std::size_t drawn_downs(std::string_view picture) {
    std::size_t drawn = 0;
    for (const std::size_t each : numbers_behind(picture, "<title>", " down"))
        drawn += each;
    if (picture.find("calls of on_server_down") != std::string_view::npos)
        return drawn;
    constexpr std::string_view down = "h9l-4.5 8z\" class=\"";
    drawn += count(picture, std::string{down} + "reported") +
             count(picture, std::string{down} + "false");
    for (const std::string_view where : {"halo\">", "halo end\">"})
        for (const std::size_t each : numbers_behind(picture, where, "x"))
            drawn += each - 1;
    return drawn - 2;
}

const std::vector<refused_line> refused_lines{
    {{"simulate", "--polish"}, "--polish"},
    {{"simulate", "here"}, "here"},
    {{"simulate", "--seed", "-1"}, "--seed: '-1' is no whole number"},
    {{"simulate", "--seed", "0x1"}, "--seed"},
    {{"simulate", "--seed", "18446744073709551616"}, "18446744073709551615 is the most"},
    {{"simulate", "--runs", "0"}, "--runs must be from 1 to 1000000"},
    {{"simulate", "--runs", "1000001"}, "--runs must be from 1 to 1000000"},
    {{"simulate", "--runs", "many"}, "--runs"},
    {{"simulate", "--targets", "0"}, "--targets must be from 1 to 1000"},
    {{"simulate", "--targets", "1001"}, "--targets must be from 1 to 1000"},
    {{"simulate", "--for", "0s"}, "--for must be greater than 0"},
    {{"simulate", "--for", "1"}, "--for: '1' has no unit"},
    {{"simulate", "--for", "-1d"}, "--for: '-1d' is negative"},
    {{"simulate", "--for", "101y"}, "36500 days"},
    {{"simulate", "--interval", "25h"}, "--interval: '25h' is too long; 24h is the most"},
    {{"simulate", "--timeout", "2d"}, "24h is the most"},
    {{"simulate", "--failure-threshold", "1001"}, "--failure-threshold must be from 1 to 1000"},
    {{"simulate", "--success-threshold", "1001"}, "--success-threshold must be from 1 to 1000"},
    {{"simulate", "--interval", "0s"}, "--interval must be greater than 0"},
    {{"simulate", "--timeout", "0s"}, "--timeout must be greater than 0"},
    {{"simulate", "--failure-threshold", "0"}, "--failure-threshold must be at least 1"},
    {{"simulate", "--success-threshold", "0"}, "--success-threshold must be at least 1"},
    {{"simulate", "--backoff", "linear"}, "--backoff"},
    {{"simulate", "--faults", "earthquake"}, "'earthquake' is no fault; known are crash, restart,"},
    {{"simulate", "--faults", "crash,"}, "'' is no fault"},
    {{"simulate", "--faults", ""}, "'' is no fault"},
    {{"simulate", "--faults", "none,crash"}, "'none' cannot be combined with other faults"},
    {{"simulate", "--replay", "1", "--seed", "2"}, "--replay"},
    {{"simulate", "--replay", "1", "--runs", "2"}, "--replay"},
    {{"simulate", "--replay", "x"}, "--replay"},
    {{"simulate", "--svg", ""}, "--svg"},
    {{"simulate", "--svg", "/nowhere/a.svg"}, "--svg: '/nowhere/a.svg' cannot be written"},
};

} // namespace

BOOST_AUTO_TEST_SUITE(tool_simulate_test)

BOOST_AUTO_TEST_CASE(help_names_every_option) {
    const tool_result help = simulate({"--help"});
    BOOST_TEST(help.status == 0);
    BOOST_TEST(help.err.empty());
    for (const char* const option :
         {"--seed", "--runs", "--for", "--targets", "--faults", "--json", "--replay", "--svg",
          "--interval", "--timeout", "--failure-threshold", "--success-threshold", "--backoff",
          "--connections", "--verbose"})
        BOOST_TEST(help.out.find(option) != std::string::npos, option);
}

BOOST_DATA_TEST_CASE(a_line_that_cannot_be_followed_is_refused_in_one_sentence,
                     boost::unit_test::data::make(refused_lines), line) {
    const tool_result result = run_tool(line.arguments);
    BOOST_TEST(result.status == 2);
    BOOST_TEST(result.out.empty());
    BOOST_TEST(result.err.find(line.said) != std::string::npos, result.err);
    BOOST_TEST(result.err.find('\n') == result.err.size() - 1);
}

BOOST_AUTO_TEST_CASE(people_get_a_few_lines) {
    const tool_result result = simulate({});
    BOOST_TEST(result.status == 0);
    BOOST_TEST(result.err.empty());
    for (const char* const label :
         {"simulated ", "1 world of 24 h with 1 target, seed 1,", "checks ", "true outages ",
          "false positives ", "bound 51 s", "digest "})
        BOOST_TEST(result.out.find(label) != std::string::npos, label);
}

// The contract of docs/tool.md.
BOOST_AUTO_TEST_CASE(the_summary_has_all_members) {
    const json line = summary({"--runs", "2", "--targets", "3", "--for", "12h", "--seed", "7"});
    for (const char* const number : {"seed",
                                     "runs",
                                     "targets",
                                     "simulated_s",
                                     "simulated_s_per_s",
                                     "checks",
                                     "checks_failed",
                                     "checks_inconclusive",
                                     "outages_true",
                                     "outages_detected",
                                     "outages_missed",
                                     "outages_excused",
                                     "outages_excused_detected",
                                     "false_positives",
                                     "told_again",
                                     "detections",
                                     "latency_median_ms",
                                     "latency_p99_ms",
                                     "latency_worst_ms",
                                     "bound_ms",
                                     "bound_refused_ms",
                                     "beyond_bound",
                                     "rules_broken"})
        BOOST_TEST((line.contains(number) && line.at(number).is_number()), number);
    BOOST_TEST(line.size() == 25U);
    BOOST_TEST(line.at("event") == "summary");
    const std::string hex = line.at("digest");
    BOOST_TEST(hex.size() == 16U);
    BOOST_TEST(hex.find_first_not_of("0123456789abcdef") == std::string::npos);

    BOOST_TEST(line.at("seed") == 7);
    BOOST_TEST(line.at("runs") == 2);
    BOOST_TEST(line.at("targets") == 3);
    BOOST_TEST(line.at("simulated_s") == 2 * 12 * 3600);
    BOOST_TEST(line.at("bound_ms") == 51000);
    BOOST_TEST(line.at("bound_refused_ms") == 36000);
    BOOST_TEST(line.at("checks").get<int>() > 2 * 3 * 1300);
    BOOST_TEST(line.at("outages_detected") == line.at("outages_true"));
    BOOST_TEST(line.at("outages_missed") == 0);
    BOOST_TEST(line.at("latency_median_ms") <= line.at("latency_p99_ms"));
    BOOST_TEST(line.at("latency_p99_ms") <= line.at("latency_worst_ms"));
}

BOOST_AUTO_TEST_CASE(the_same_seed_and_options_give_the_same_digest) {
    const std::string first = digest({"--seed", "42"});
    BOOST_TEST(digest({"--seed", "42"}) == first);
    BOOST_TEST(digest({"--seed", "42", "--verbose"}) == first);
    BOOST_TEST(digest({"--replay", "42"}) == first);
    BOOST_TEST(digest({"--seed", "42", "--faults", "all"}) == first);
    BOOST_TEST(digest({"--seed", "42", "--faults", "crash,all"}) == first);
    BOOST_TEST(digest({"--seed", "43"}) != first);
    BOOST_TEST(digest({"--seed", "42", "--interval", "31s"}) != first);
    // In the world of seed 42 no delay after a failure matters.
    BOOST_TEST(digest({"--seed", "43", "--backoff", "constant"}) != digest({"--seed", "43"}));
    BOOST_TEST(digest({"--seed", "42", "--faults", "crash"}) != first);
    BOOST_TEST(digest({"--seed", "42", "--targets", "2"}) != first);
}

// The sentences of the page: the faults of a seed stay the same, and the script has the
// connections.
BOOST_AUTO_TEST_CASE(connections_are_drawn_only_if_they_are_asked_for) {
    const std::vector<std::string> plain{"--replay", "7", "--for", "8h", "--targets", "5"};
    const auto with = [&plain] {
        std::vector<std::string> arguments = plain;
        arguments.emplace_back("--connections");
        return arguments;
    }();
    BOOST_TEST(simulate(plain).out.find("connection_setup") == std::string::npos);
    const tool_result stepwise = simulate(with);
    BOOST_TEST(stepwise.status == 0, stepwise.out);
    for (const char* const member : {".connections = forest::sim::connection_setup",
                                     ".addresses = ", ".tls_flights = ", ".kept = true"})
        BOOST_TEST(stepwise.out.find(member) != std::string::npos, member);
    const std::string first = digest(with);
    BOOST_TEST(digest(with) == first);
    BOOST_TEST(digest(plain) != first);
}

BOOST_AUTO_TEST_CASE(a_check_that_opens_connections_step_by_step_is_judged_by_the_same_rules) {
    const json all = summary({"--connections", "--runs", "3", "--targets", "2"});
    BOOST_TEST(all.at("rules_broken") == 0);
    BOOST_TEST(all.at("outages_missed") == 0);
    BOOST_TEST(all.at("outages_detected") > 10);
    const json none = summary({"--connections", "--faults", "none", "--targets", "4"});
    BOOST_TEST(none.at("checks") >= 4 * 24 * 120); // some end in the last moment
    BOOST_TEST(none.at("checks_failed") == 0);
}

BOOST_AUTO_TEST_CASE(several_worlds_have_one_digest) {
    const std::vector<std::string> all{"--seed", "42", "--runs", "3", "--for", "2h"};
    const std::string three = digest(all);
    BOOST_TEST(digest(all) == three);
    BOOST_TEST(digest({"--seed", "42", "--runs", "2", "--for", "2h"}) != three);
    BOOST_TEST(digest({"--seed", "41", "--runs", "3", "--for", "2h"}) != three);

    std::size_t checks = 0;
    for (const char* const seed : {"42", "43", "44"})
        checks += summary({"--seed", seed, "--for", "2h"}).at("checks").get<std::size_t>();
    BOOST_TEST(summary(all).at("checks") == checks);
}

BOOST_AUTO_TEST_CASE(without_faults_nothing_fails) {
    const json line = summary({"--faults", "none", "--for", "1d", "--targets", "2"});
    BOOST_TEST(line.at("checks") == 2 * 24 * 120);
    for (const char* const none : {"checks_failed", "outages_true", "outages_excused",
                                   "false_positives", "detections", "latency_worst_ms"})
        BOOST_TEST(line.at(none) == 0, none);
}

BOOST_AUTO_TEST_CASE(only_the_faults_that_were_named_happen) {
    const tool_result result =
        simulate({"--replay", "1", "--for", "4d", "--json", "--faults", "crash,loss,quit"});
    BOOST_TEST(result.status == 0);
    std::size_t faults = 0;
    for (const json& line : lines_of(result)) {
        if (line.at("event") != "fault")
            continue;
        ++faults;
        const std::string kind = line.at("fault");
        BOOST_TEST((kind == "crash" || kind == "loss" || kind == "quit"), kind);
    }
    BOOST_TEST(faults > 5U);
}

BOOST_AUTO_TEST_CASE(a_replay_prints_its_script_and_its_events) {
    const tool_result text = simulate({"--replay", "1", "--for", "20m"});
    BOOST_TEST(text.status == 0);
    for (const char* const part :
         {"forest::sim::world world{", "auto& client0 = world.add_client(server0", "world.between(",
          "world.run_for(1200s);\n", "2026-01-01T00:00:00.000Z started", " fault ", " healed ",
          " DOWN ", " UP ", "digest "})
        BOOST_TEST(text.out.find(part) != std::string::npos, part);
    BOOST_TEST(text.out.find(" ok ") == std::string::npos);
    const tool_result verbose = simulate({"--replay", "1", "--for", "20m", "--verbose"});
    BOOST_TEST(count(verbose.out, " ok ") > 30U);

    const tool_result fixed = simulate({"--replay", "1", "--for", "20m", "--backoff", "constant"});
    BOOST_TEST(fixed.out.find("using backoff = forest::constant_backoff;") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_replay_in_json_has_the_script_first_and_the_summary_last) {
    const tool_result result = simulate({"--replay", "1", "--for", "20m", "--json"});
    BOOST_TEST(result.status == 0);
    const std::vector<json> lines = lines_of(result);
    BOOST_REQUIRE(lines.size() > 4U);
    BOOST_TEST(lines.front().at("event") == "script");
    BOOST_TEST(lines.front().at("code").get<std::string>().find("world.run_for(1200s);") !=
               std::string::npos);
    BOOST_TEST(lines.back().at("event") == "summary");
    std::size_t downs = 0;
    for (auto line = lines.begin() + 1; line + 1 != lines.end(); ++line) {
        BOOST_TEST(forest::parse_timestamp(line->at("time").get<std::string>()).has_value());
        if (line->at("event") == "fault" || line->at("event") == "healed")
            BOOST_TEST((line->contains("fault") && line->contains("subject")));
        else
            BOOST_TEST(line->at("target") == "http://server0.example/forest/health");
        downs += line->at("event") == "server_down" ? 1 : 0;
    }
    BOOST_TEST(downs == 1U);
}

BOOST_AUTO_TEST_CASE(a_year_ends) {
    const json line = summary({"--for", "1y", "--interval", "10m"});
    BOOST_TEST(line.at("simulated_s") == 365 * 86400);
    BOOST_TEST(line.at("checks").get<int>() > 50'000);
    BOOST_TEST(line.at("outages_true").get<int>() > 100);
    BOOST_TEST(line.at("outages_missed") == 0);
}

BOOST_AUTO_TEST_CASE(ten_years_are_accepted) {
    const json line =
        summary({"--for", "10y", "--runs", "1", "--interval", "2h", "--faults", "none"});
    BOOST_TEST(line.at("simulated_s") == 3650 * 86400);
}

// The sum of four centuries is no duration in 64 bits of nanoseconds.
BOOST_AUTO_TEST_CASE(several_centuries_are_summed) {
    const std::vector<std::string> centuries{"--runs",     "4",   "--for",    "100y",
                                             "--interval", "24h", "--faults", "none"};
    const json line = summary(centuries);
    BOOST_TEST(line.at("simulated_s") == 4 * 36500 * 86400.0);
    BOOST_TEST(line.at("simulated_s_per_s") > 0);
    BOOST_TEST(simulate(centuries).out.find("4 worlds of 36500 d ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_picture_is_well_formed_and_no_larger_for_longer_worlds) {
    const temporary_folder folder;
    for (const std::vector<std::string>& world : std::vector<std::vector<std::string>>{
             {"--for", "10m"},
             {"--for", "24h", "--targets", "3"},
             {"--for", "1y", "--interval", "10m"},
             {"--for", "1ms"},
             {"--for", "1h", "--interval", "1s", "--faults", "loss", "--failure-threshold", "1"},
             {"--for", "1h", "--faults", "none"}}) {
        const std::string file = folder.file("a.svg");
        std::vector<std::string> arguments = world;
        arguments.insert(arguments.end(), {"--svg", file});
        BOOST_TEST(summary(arguments).at("event") == "summary");
        const std::string picture = content_of(file);
        const xml_walk walked{picture};
        BOOST_TEST(walked.fault == "");
        BOOST_TEST(walked.elements > 30U);
        BOOST_TEST(picture.size() < 200'000U);
        BOOST_TEST(picture.find("@media (prefers-color-scheme:dark)") != std::string::npos);
        BOOST_TEST(picture.find(">server0</text>") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(the_picture_shows_twenty_targets_and_says_how_many_more_there_are) {
    const temporary_folder folder;
    const std::string file = folder.file("a.svg");
    (void)summary({"--for", "10m", "--targets", "23", "--svg", file});
    const std::string picture = content_of(file);
    BOOST_TEST(xml_walk{picture}.fault == "");
    BOOST_TEST(picture.find(">server19</text>") != std::string::npos);
    BOOST_TEST(picture.find(">server20</text>") == std::string::npos);
    BOOST_TEST(picture.find("3 more targets are not drawn") != std::string::npos);
}

// Far apart and near to each other, at both ends, and without an outage.
BOOST_AUTO_TEST_CASE(as_many_downs_are_drawn_as_were_reported) {
    const temporary_folder folder;
    const std::string file = folder.file("a.svg");
    std::size_t pictures_with_marks = 0;
    std::size_t pictures_with_bars = 0;
    std::size_t most = 0;
    const auto expect_same = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), {"--json", "--svg", file});
        const tool_result result = simulate(arguments);
        BOOST_TEST(result.status == 0);
        std::size_t told = 0;
        for (const json& line : lines_of(result))
            told += line.at("event") == "server_down" ? 1 : 0;
        const std::string picture = content_of(file);
        BOOST_TEST_CONTEXT(arguments[2]) {
            BOOST_TEST(drawn_downs(picture) == told);
            BOOST_TEST(picture.find(", " + std::to_string(told) + " down") != std::string::npos);
            std::size_t said = 0;
            for (const std::size_t each : numbers_behind(picture, "faint end\">", " down"))
                said += each;
            BOOST_TEST(said == told);
        }
        const bool bars = picture.find("calls of on_server_down") != std::string::npos;
        ++(bars ? pictures_with_bars : pictures_with_marks);
        most = std::max(most, told);
    };
    for (int seed = 1; seed <= 24; ++seed)
        expect_same({"--replay", std::to_string(seed), "--for", "20h", "--failure-threshold", "1"});
    for (int seed = 1; seed <= 6; ++seed) {
        expect_same({"--replay", std::to_string(seed), "--for", "1h", "--interval", "1s",
                     "--failure-threshold", "1", "--faults", "loss", "--targets", "3"});
        expect_same({"--replay", std::to_string(seed), "--for", "5m", "--interval", "1s"});
    }
    expect_same({"--replay", "1", "--for", "90d", "--interval", "5m"});
    BOOST_TEST(pictures_with_marks > 0U);
    BOOST_TEST(pictures_with_bars > 0U);
    BOOST_TEST(most > 18U);
}

BOOST_AUTO_TEST_CASE(the_picture_is_of_the_first_world) {
    const temporary_folder folder;
    const std::string alone = digest({"--seed", "5", "--for", "1h"});
    (void)summary({"--seed", "5", "--runs", "3", "--for", "1h", "--svg", folder.file("a.svg")});
    BOOST_TEST(content_of(folder.file("a.svg")).find("digest " + alone) != std::string::npos);
}

// The walk above has to be able to fail.
BOOST_AUTO_TEST_CASE(what_is_not_well_formed_is_noticed) {
    BOOST_TEST(xml_walk{"<a b=\"c\"><d/>&amp;</a>"}.fault == "");
    for (const char* const wrong : {"<a>", "<a></b>", "</a>", "<a b=c/>", "<a>&</a>",
                                    "<a b=\"&x;\"/>", "<a/><b/>", "x<a/>", "<a"})
        BOOST_TEST(xml_walk{wrong}.fault != "", wrong);
}

BOOST_AUTO_TEST_SUITE_END()
