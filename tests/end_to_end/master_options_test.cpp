// SPDX-License-Identifier: BSL-1.0
#include "master_process.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

// The command line of the master, and its text for people.

namespace {

using forest::test::count;
using forest::test::events_of;
using forest::test::following_master;
using forest::test::master_setup;
using forest::test::mortal_warehouse;
using forest::test::run_master;
using forest::test::secret;
using forest::test::temporary_folder;
using forest::test::tool_process;
using forest::test::tool_result;
using nlohmann::json;

const std::string nobody = "http://127.0.0.1:1";

void write_file(const std::string& name, const std::string& text) {
    std::ofstream{name, std::ios::binary} << text;
}

// One sentence about what is to be mended, and nothing else.
void check_refused(const tool_result& result, const std::string& said) {
    BOOST_TEST(result.status == 2);
    BOOST_TEST(result.out.empty());
    BOOST_TEST(result.err.rfind("master: ", 0) == 0, result.err);
    BOOST_TEST(result.err.find('\n') == result.err.size() - 1, result.err);
    BOOST_TEST(result.err.find(said) != std::string::npos, result.err);
}

const std::vector<forest::test::refused_line> refused_lines{
    {{}, "URL is required"},
    {{""}, "URL '': the URL must begin with http://"},
    {{"localhost:3000"}, "URL 'localhost:3000': the URL must begin with http://"},
    {{"http:///forest"}, "URL 'http:///forest': the URL names no host"},
    {{"http://127.0.0.1:99999"}, "the port of the URL"},
    {{"http://x?a=b"}, "URL 'http://x?a=b': must be a base URL, without query and fragment"},
    {{"http://x#a"}, "URL 'http://x#a': must be a base URL, without query and fragment"},
    {{nobody, "http://a b"}, "URL 'http://a b': "},
    {{"http://user:pw-3f9a@x"}, "URL: the URL must not carry a user name or password"},
    {{"http://user:pw-3f9a@x?a=b"}, "URL: must be a base URL"},
    {{"--interval", "0s", nobody}, "--interval must be greater than 0"},
    {{"--interval", "-1s", nobody}, "--interval: '-1s' is negative"},
    {{"--interval", "1s", "--interval", "2s", nobody},
     "--interval is given twice; see master --help"},
    {{"--interval", "5", nobody}, "--interval: '5' has no unit"},
    {{"--timeout", "0s", nobody}, "--timeout must be greater than 0"},
    {{"--failure-threshold", "0", nobody}, "--failure-threshold must be at least 1"},
    {{"--failure-threshold", "-1", nobody}, "--failure-threshold must be at least 1"},
    {{"--success-threshold", "0", nobody}, "--success-threshold must be at least 1"},
    {{"--success-threshold", "one", nobody}, "--success-threshold: 'one' is no whole number"},
    {{"--backoff", "linear", nobody}, "--backoff: 'linear' is neither exponential nor constant"},
    {{"--for", "0s", nobody}, "--for must be greater than 0"},
    {{"--for", "soon", nobody}, "--for: 'soon' is no duration"},
    {{"--schema-poll", "0.5s", nobody}, "--schema-poll must be from 1 s to 3600 s"},
    {{"--schema-poll", "2h", nobody}, "--schema-poll must be from 1 s to 3600 s"},
    {{"--schema-settle", "367d", nobody},
     "--schema-settle: '367d' is too long; 366 days (8784h) is the most"},
    {{"--schema-settle", "-1s", nobody}, "--schema-settle: '-1s' is negative"},
    {{"--mode", "push", nobody}, "--mode: 'push' is neither automatic, health nor schema_poll"},
    {{"--mode", "", nobody}, "--mode: '' is neither automatic, health nor schema_poll"},
    {{"--schema-bytes-max", "0", nobody}, "--schema-bytes-max must be from 1 byte to 1 GiB"},
    {{"--schema-bytes-max", "-5", nobody}, "--schema-bytes-max must be from 1 byte to 1 GiB"},
    {{"--schema-bytes-max", "1073741825", nobody}, "--schema-bytes-max must be from 1 byte"},
    {{"--schema-bytes-max", "99999999999", nobody}, "--schema-bytes-max: '99999999999' is too"},
    {{"--introspection", "", nobody}, "--introspection needs the name of a file"},
    {{"--introspection", "/nowhere.json", nobody}, "--introspection: '/nowhere.json' cannot be"},
    {{"--introspection", "/", nobody}, "--introspection: '/' cannot be read: Is a directory"},
    {{"--introspection", "/dev/null", nobody}, "--introspection: '/dev/null' is empty"},
    {{"--secret-file", "/nowhere", nobody}, "--secret-file: '/nowhere' cannot be read"},
    {{"--secret-file", "x", "--unsigned", nobody}, "--unsigned and --secret-file contradict"},
    {{"--header-style", "none", nobody}, "--header-style: 'none' is neither"},
    {{"--cert", "x", nobody}, "--cert and --key belong together"},
    {{"--frequency", "1s", nobody}, "--frequency"},
};

} // namespace

BOOST_AUTO_TEST_SUITE(master_options_test)

BOOST_DATA_TEST_CASE(what_cannot_be_meant_is_refused_in_one_sentence, refused_lines) {
    const tool_result result = run_master(sample.arguments);
    check_refused(result, sample.said);
    BOOST_TEST(result.err.find("pw-3f9a") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_introspection_must_be_a_schema_of_a_size_that_is_allowed) {
    const temporary_folder folder;
    const std::string file = folder.file("introspection.json");
    for (const std::string text :
         {"{", "[]", "{}", R"({"collections":{}})", R"({"collections":[{"fields":{}}]})"}) {
        write_file(file, text);
        check_refused(run_master({"--introspection", file, nobody}),
                      "--introspection must be a schema");
    }
    const std::string schema = R"({"collections":[{"name":"a"}]})";
    write_file(file, schema);
    const auto arguments = [&](std::size_t bytes_max) {
        return std::vector<std::string>{
            "--json", "--introspection", file, "--schema-bytes-max", std::to_string(bytes_max),
            nobody};
    };
    check_refused(run_master(arguments(schema.size() - 1)),
                  "has more than 29 bytes; see --schema-bytes-max");
    tool_process fits{master_setup(arguments(schema.size()))};
    BOOST_TEST(fits.event("schema_loaded").at("collections") == 1);
}

BOOST_AUTO_TEST_CASE(without_a_secret_it_says_where_to_put_it) {
    check_refused(run_master({nobody}, ""), "give --secret-file FILE or set FOREST_AUTH_SECRET");
}

BOOST_AUTO_TEST_CASE(the_secret_may_come_from_a_file_or_be_none) {
    mortal_warehouse warehouse;
    warehouse.start();
    const std::string file = warehouse.folder().file("secret");
    const auto loaded = [&](std::vector<std::string> how, const std::string& with) {
        how.insert(how.end(), {"--json", warehouse.url()});
        tool_process master{master_setup(how, with)};
        master.event("started");
        const json failed_or_loaded = master.event();
        master.signal(SIGTERM);
        BOOST_TEST(master.wait() == 0);
        BOOST_TEST((master.out() + master.err()).find(secret) == std::string::npos);
        return failed_or_loaded;
    };
    write_file(file, secret + "\n");
    BOOST_TEST(loaded({"--secret-file", file}, "").at("event") == "schema_loaded");
    BOOST_TEST(loaded({"--secret-file", file}, "wrong-31").at("event") == "schema_loaded");
    BOOST_TEST(loaded({"--header-style", "dash"}, secret).at("event") == "schema_loaded");
    for (const json& refused : {loaded({}, "wrong-31"), loaded({"--unsigned"}, secret)}) {
        BOOST_TEST(refused.at("event") == "schema_failed");
        BOOST_TEST(refused.at("error") == "unauthorized");
        BOOST_TEST(refused.at("status") == 401);
    }
}

BOOST_AUTO_TEST_CASE(the_interval_and_the_verbosity_are_as_given) {
    mortal_warehouse warehouse;
    warehouse.start();
    const auto checks = [&](std::vector<std::string> how) {
        how.insert(how.end(), {"--json", "--for", "1s", warehouse.url()});
        const tool_result result = run_master(how);
        BOOST_TEST(result.status == 0);
        const std::vector<json> events = events_of(result.out);
        BOOST_TEST(events.back().at("event") == "summary");
        const bool verbose = std::find(how.begin(), how.end(), "--verbose") != how.end();
        const json& counted = events.back().at("checks");
        BOOST_TEST(count(events, "check_succeeded") == (verbose ? counted.get<std::size_t>() : 0));
        return counted.get<int>();
    };
    BOOST_TEST(checks({}) == 1);
    BOOST_TEST(checks({"--verbose"}) == 1);
    for (const int made :
         {checks({"--interval", "100ms"}), checks({"--interval", "100ms", "--verbose"})}) {
        BOOST_TEST(made >= 3); // A busy machine may be late, but never early.
        BOOST_TEST(made <= 11);
    }
}

// B7, B8.
BOOST_AUTO_TEST_CASE(the_thresholds_are_as_given) {
    mortal_warehouse warehouse;
    tool_process master{
        master_setup({"--json", "--verbose", "--interval", "50ms", "--failure-threshold", "4",
                      "--success-threshold", "3", warehouse.url()})};
    BOOST_TEST(master.event("server_down").at("failures") == 4);
    warehouse.start();
    master.event("server_up");
    master.signal(SIGINT);
    BOOST_TEST(master.wait() == 0);
    const std::vector<json> events = events_of(master.out());
    const auto at = [&](const char* name) {
        return std::find_if(events.begin(), events.end(),
                            [&](const json& each) { return each.at("event") == name; });
    };
    BOOST_TEST(count({events.begin(), at("server_down")}, "check_failed") == 4U);
    BOOST_TEST(count({at("server_down"), at("server_up")}, "check_succeeded") == 3U);
}

// B3: by default the second check comes after 2 s, and not after the interval.
BOOST_AUTO_TEST_CASE(the_backoff_is_chosen_by_name) {
    const auto setup = [](const std::string& backoff) {
        return master_setup({"--json", "--verbose", "--interval", "20s", "--for", "3s", "--backoff",
                             backoff, nobody});
    };
    tool_process exponential{setup("exponential")};
    tool_process constant{setup("constant")};
    BOOST_TEST(exponential.wait() == 0);
    BOOST_TEST(constant.wait() == 0);
    BOOST_TEST(count(events_of(exponential.out()), "check_failed") == 2U);
    BOOST_TEST(count(events_of(constant.out()), "check_failed") == 1U);
}

// One deadline for the check and for the schema.
BOOST_AUTO_TEST_CASE(the_timeout_is_as_given) {
    mortal_warehouse warehouse;
    warehouse.start();
    warehouse.signal(SIGSTOP);
    for (const char* const name : {"schema_failed", "check_failed"}) {
        following_master master{{"--timeout", "200ms", warehouse.url()}};
        const json failed = master.next(name);
        BOOST_TEST(failed.at("error") == "timed_out");
        BOOST_TEST(failed.at("latency_ms").get<double>() >= 200.0);
        BOOST_TEST(failed.at("latency_ms").get<double>() < 4000.0);
    }
}

BOOST_DATA_TEST_CASE(both_signals_end_it_with_0_and_a_summary,
                     boost::unit_test::data::make({SIGINT, SIGTERM})) {
    tool_process master{master_setup({"--json", nobody})};
    master.event("schema_loaded");
    master.signal(sample);
    BOOST_TEST(master.wait() == 0);
    BOOST_TEST(master.err().empty());
    const std::vector<json> events = events_of(master.out());
    BOOST_TEST(events.back().at("event") == "summary");
    BOOST_TEST(count(events, "stopped") == 1U);
}

BOOST_AUTO_TEST_CASE(a_summary_of_a_server_that_is_down_says_for_how_long_so_far) {
    const auto line = [](std::vector<std::string> others) {
        others.insert(others.end(),
                      {"--interval", "50ms", "--failure-threshold", "1", "--for", "600ms", nobody});
        return others;
    };
    const tool_result text = run_master(line({}));
    BOOST_TEST(text.out.find("summary of " + nobody + ": down for ") != std::string::npos);
    BOOST_TEST(text.out.find(" so far\n") != std::string::npos, text.out);
    const std::vector<json> events = events_of(run_master(line({"--json"})).out);
    BOOST_TEST(events.back().at("state") == "down");
    BOOST_TEST(events.back().at("down_ms") == 0);
    BOOST_TEST(events.back().at("down_so_far_ms").get<int>() > 0);
}

// The pipe and what the system calls hold is far less than what is printed.
BOOST_AUTO_TEST_CASE(a_signal_ends_it_while_its_reader_stands_still) {
    std::vector<std::string> arguments{"--json", "--verbose", "--interval",
                                       "1ms",    "--backoff", "constant"};
    arguments.resize(arguments.size() + 50, nobody);
    tool_process master{master_setup(arguments)};
    master.event("schema_loaded");
    BOOST_TEST(forest::test::eventually([&] {
        const int before = master.unread();
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
        return before > 32 * 1024 && master.unread() == before; // The pipe is full.
    }));
    master.signal(SIGTERM);
    BOOST_TEST(forest::test::eventually([&] {
        siginfo_t info{};
        ::waitid(P_PID, static_cast<id_t>(master.id()), &info, WEXITED | WNOHANG | WNOWAIT);
        return info.si_pid == master.id();
    }));
    BOOST_TEST(master.wait() == 0);
}

BOOST_AUTO_TEST_CASE(a_reader_that_leaves_ends_it_cleanly) {
    mortal_warehouse warehouse;
    warehouse.start();
    for (const bool verbose : {false, true}) {
        std::vector<std::string> arguments{"--json", "--interval", "50ms", warehouse.url()};
        if (verbose)
            arguments.emplace_back("--verbose");
        tool_process master{master_setup(arguments)};
        master.event("schema_loaded");
        master.stop_reading();
        BOOST_TEST(master.wait() == 0);
        BOOST_TEST(master.err().empty());
    }
}

BOOST_AUTO_TEST_CASE(people_read_a_table_after_each_load_and_a_summary) {
    mortal_warehouse warehouse;
    warehouse.start();
    tool_process master{
        master_setup({"--interval", "50ms", "--failure-threshold", "2", warehouse.url()})};
    const auto read_to = [&](const std::string& text) {
        for (;;) {
            const auto line = master.line();
            BOOST_REQUIRE_MESSAGE(line, "no '" << text << "' in: " << master.out());
            if (line->find(text) != std::string::npos)
                return;
        }
    };
    const auto read_table = [&](const std::vector<std::string>& rows) {
        for (const std::string& row : rows)
            BOOST_TEST(master.line().value_or("") == row);
    };
    read_to("schema  " + warehouse.url() + "  loaded 2 collections, etag " + warehouse.etag());
    read_table({"    collection    columns  relations", "    manufacturer        6  product",
                "    product             7  manufacturer"});
    warehouse.kill();
    read_to("DOWN    " + warehouse.url() + "  after 2 failures");
    warehouse.start();
    read_to("UP      " + warehouse.url() + "  after ");
    read_to("schema  " + warehouse.url() + "  unchanged, 2 collections, etag " + warehouse.etag());
    warehouse.kill();
    read_to("DOWN");
    warehouse.change("CREATE TABLE shelf (id INTEGER PRIMARY KEY,"
                     " product_id INTEGER REFERENCES product (id))");
    warehouse.start();
    read_to("RELOAD  " + warehouse.url() + "  3 collections, etag " + warehouse.etag());
    read_table({"    collection    columns  relations", "    manufacturer        6  product",
                "    product             7  manufacturer, shelf",
                "    shelf               2  product"});
    master.signal(SIGTERM);
    BOOST_TEST(master.wait() == 0);
    read_to("stopped " + warehouse.url());
    read_table({"summary of " + warehouse.url() + ": up"});
    read_to("; 2 outages, ");
    read_table({"    3 collections; 1 reload, 1 unchanged, 0 fetches failed"});
    BOOST_TEST(!master.line());
    BOOST_TEST(master.out().find('\x1b') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_terminal_is_coloured_by_default) {
    struct look {
        std::vector<std::string> environment;
        bool colour;
    };
    for (const look& expected :
         {look{{"TERM=xterm"}, true}, look{{"TERM=xterm", "NO_COLOR=1"}, false},
          look{{"TERM=dumb"}, false}}) {
        forest::test::tool_setup setup = master_setup({nobody});
        setup.environment = expected.environment;
        setup.on_terminal = true;
        tool_process master{setup};
        master.read_until("loaded from nowhere");
        master.signal(SIGTERM);
        BOOST_TEST(master.wait() == 0);
        BOOST_TEST((master.out().find("\x1b[") != std::string::npos) == expected.colour);
    }
}

BOOST_AUTO_TEST_CASE(help_tells_the_defaults) {
    const tool_result help = run_master({"--help"}, "");
    BOOST_TEST(help.status == 0);
    for (const char* const part :
         {"--interval DURATION=30s", "--failure-threshold N=3", "--success-threshold N=1",
          "--timeout DURATION=5s", "--backoff exponential|constant=exponential",
          "--schema-bytes-max N=16777216", "--introspection FILE", "--schema-poll DURATION",
          "--schema-settle DURATION=60s", "--mode automatic|health|schema_poll=automatic"})
        BOOST_TEST(help.out.find(part) != std::string::npos, part);
    BOOST_TEST(run_master({"--version"}, "").out.rfind("master ", 0) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
