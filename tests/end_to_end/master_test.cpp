// SPDX-License-Identifier: BSL-1.0
#include "master_process.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <cmath>
#include <csignal>
#include <cstddef>
#include <deque>
#include <fstream>
#include <map>
#include <string>
#include <vector>

// The master against real warehouses: what it knows of their schemas while they die and come back.

namespace {

using forest::test::count;
using forest::test::following_master;
using forest::test::mortal_warehouse;
using nlohmann::json;

std::string introspection(const mortal_warehouse& near, const std::string& text) {
    const std::string name = near.folder().file("introspection.json");
    std::ofstream{name, std::ios::binary} << text;
    return name;
}

const std::string add_column = "ALTER TABLE product ADD COLUMN weight_g INTEGER";
const std::string add_table = "CREATE TABLE shelf (id INTEGER PRIMARY KEY)";

} // namespace

BOOST_AUTO_TEST_SUITE(master_test)

// B30.
BOOST_AUTO_TEST_CASE(the_schema_of_a_server_that_runs_is_loaded_from_it) {
    mortal_warehouse warehouse;
    warehouse.start();
    const std::string file = introspection(warehouse, R"({"collections":[]})");
    following_master master{{"--introspection", file, warehouse.url()}};
    const json loaded = master.next_of_schema();
    BOOST_TEST(loaded.at("event") == "schema_loaded");
    BOOST_TEST(loaded.at("source") == "server");
    BOOST_TEST(loaded.at("etag") == warehouse.etag());
    BOOST_TEST(loaded.at("collections") == 2);
    BOOST_TEST(loaded.at("status") == 200);
    master.pass_checks();
    const std::vector<json> events = master.end();
    BOOST_TEST(count(events, "schema_loaded") == 1U);
    for (const json& each : events)
        BOOST_TEST(each.at("target") == warehouse.url());
}

BOOST_AUTO_TEST_CASE(a_target_is_named_as_it_was_given) {
    mortal_warehouse warehouse;
    warehouse.start();
    const std::string given = "HTTP" + warehouse.url().substr(4) + "//";
    following_master master{{given}};
    BOOST_TEST(master.next("schema_loaded").at("source") == "server");
    for (const json& each : master.end())
        BOOST_TEST(each.at("target") == given);
}

// B30.
BOOST_AUTO_TEST_CASE(a_server_that_is_absent_at_the_start_is_loaded_when_it_appears) {
    mortal_warehouse warehouse;
    following_master master{{warehouse.url()}};
    const json failed = master.next_of_schema();
    BOOST_TEST(failed.at("event") == "schema_failed");
    BOOST_TEST(failed.at("error") == "connection_refused");
    BOOST_TEST(!failed.contains("status"));
    const json loaded = master.next_of_schema();
    BOOST_TEST(loaded.at("event") == "schema_loaded");
    BOOST_TEST(loaded.at("source") == "none");
    BOOST_TEST(loaded.at("etag") == "");
    BOOST_TEST(loaded.at("collections") == 0);

    master.next("server_down");
    warehouse.start();
    master.next("server_up");
    const json reloaded = master.next_of_schema();
    BOOST_TEST(reloaded.at("event") == "schema_reloaded");
    BOOST_TEST(reloaded.at("etag") == warehouse.etag());
    BOOST_TEST(reloaded.at("collections") == 2);
    master.pass_checks();
    const std::vector<json> events = master.end();
    BOOST_TEST(count(events, "schema_loaded") == 1U);
    BOOST_TEST(count(events, "schema_reloaded") == 1U);
}

// B30.
BOOST_AUTO_TEST_CASE(a_server_may_appear_before_it_counts_as_down) {
    mortal_warehouse warehouse;
    following_master master{{"--failure-threshold", "1000000", warehouse.url()}};
    master.next("schema_loaded");
    master.next("check_failed");
    warehouse.start();
    master.next("schema_reloaded");
    master.pass_checks();
    const std::vector<json> events = master.end();
    BOOST_TEST(count(events, "server_down") == 0U);
    BOOST_TEST(count(events, "server_up") == 0U);
    BOOST_TEST(count(events, "schema_reloaded") == 1U);
}

// B30, B31.
BOOST_DATA_TEST_CASE(an_introspection_is_replaced_only_if_the_server_says_something_else,
                     boost::unit_test::data::make({false, true}), changed) {
    mortal_warehouse warehouse;
    warehouse.start();
    const std::string etag = warehouse.etag();
    const std::string file = introspection(warehouse, warehouse.running().get_schema().body);
    warehouse.kill();

    following_master master{{"--introspection", file, warehouse.url()}};
    const json loaded = master.next("schema_loaded");
    BOOST_TEST(loaded.at("source") == "introspection");
    BOOST_TEST(loaded.at("etag") == etag);
    BOOST_TEST(loaded.at("collections") == 2);
    BOOST_TEST(!loaded.contains("status"));
    master.next("server_down");
    if (changed)
        warehouse.change(add_table);
    warehouse.start();
    const json settled = master.next_of_schema();
    BOOST_TEST(settled.at("event") == (changed ? "schema_reloaded" : "schema_unchanged"));
    BOOST_TEST(settled.at("status") == (changed ? 200 : 304));
    BOOST_TEST(settled.at("etag") == warehouse.etag());
    BOOST_TEST(settled.at("collections") == (changed ? 3 : 2));
    BOOST_TEST(count(master.end(), "schema_loaded") == 1U);
}

// B31.
BOOST_AUTO_TEST_CASE(each_recovery_asks_for_the_schema_and_reloads_only_what_has_changed) {
    mortal_warehouse warehouse;
    warehouse.start();
    following_master master{{warehouse.url()}};
    const std::string before = master.next("schema_loaded").at("etag");

    warehouse.kill();
    BOOST_TEST(master.next("server_down").at("outage") == 1);
    warehouse.start();
    BOOST_TEST(master.next("server_up").at("outage") == 1);
    const json unchanged = master.next_of_schema();
    BOOST_TEST(unchanged.at("event") == "schema_unchanged");
    BOOST_TEST(unchanged.at("etag") == before);

    warehouse.kill();
    master.next("server_down");
    warehouse.change(add_column);
    warehouse.start();
    BOOST_TEST(master.next("server_up").at("outage") == 2);
    const json reloaded = master.next_of_schema();
    BOOST_TEST(reloaded.at("event") == "schema_reloaded");
    BOOST_TEST(reloaded.at("etag") == warehouse.etag());
    BOOST_TEST(reloaded.at("etag") != before);
    master.pass_checks();

    warehouse.kill();
    master.next("server_down");
    warehouse.start();
    BOOST_TEST(master.next_of_schema().at("event") == "schema_unchanged");

    const std::vector<json> events = master.end();
    BOOST_TEST(count(events, "schema_reloaded") == 1U);
    BOOST_TEST(count(events, "schema_unchanged") == 2U);
    BOOST_TEST(count(events, "schema_failed") == 0U);
    BOOST_TEST(count(events, "server_down") == 3U);
    BOOST_TEST(count(events, "server_up") == 3U);
}

// B31: what changes while the server is up is not looked for before the next recovery.
BOOST_AUTO_TEST_CASE(a_change_without_an_outage_is_found_at_the_next_recovery) {
    mortal_warehouse warehouse;
    warehouse.start({"--verbose"});
    following_master master{{warehouse.url()}};
    master.next("schema_loaded");
    warehouse.change(add_column);
    warehouse.running().process.read_error_until("the schema has changed");
    master.pass_checks();
    warehouse.kill();
    master.next("server_down");
    warehouse.start();
    BOOST_TEST(master.next_of_schema().at("event") == "schema_reloaded");
    master.end();
}

// B9, B21.
BOOST_AUTO_TEST_CASE(an_announced_end_is_a_down_at_the_next_check) {
    mortal_warehouse warehouse;
    warehouse.start({"--grace", "1m"});
    following_master master{{"--failure-threshold", "1000000", warehouse.url()}};
    master.next("schema_loaded");
    warehouse.signal(SIGTERM);
    const json down = master.next("server_down");
    BOOST_TEST(down.at("error") == "stopping");
    BOOST_TEST(down.at("failures") == 1);
    BOOST_TEST(down.at("status") == 503);
    warehouse.signal(SIGTERM); // Another one ends the grace period.
    warehouse.wait();
    warehouse.start();
    BOOST_TEST(master.next("server_up").at("error") == "stopping");
    BOOST_TEST(master.next_of_schema().at("event") == "schema_unchanged");
    master.end();
}

BOOST_AUTO_TEST_CASE(a_frozen_server_is_down_by_timeouts_and_up_when_it_goes_on) {
    mortal_warehouse warehouse;
    warehouse.start();
    following_master master{{"--timeout", "300ms", warehouse.url()}};
    master.next("schema_loaded");
    warehouse.signal(SIGSTOP);
    const json down = master.next("server_down");
    BOOST_TEST(down.at("error") == "timed_out");
    BOOST_TEST(down.at("failures") == 2);
    BOOST_TEST(down.at("latency_ms").get<double>() >= 300.0);
    warehouse.signal(SIGCONT);
    BOOST_TEST(master.next("server_up").at("outage") == 1);
    BOOST_TEST(master.next_of_schema().at("event") == "schema_unchanged");
    BOOST_TEST(count(master.end(), "server_down") == 1U);
}

// B33: the schema is the health check, too, so a change needs no outage to be seen.
BOOST_AUTO_TEST_CASE(polling_the_schema_sees_a_change_and_an_outage) {
    mortal_warehouse warehouse;
    warehouse.start({"--verbose", "--grace", "0s"});
    following_master master{{"--mode", "schema_poll", "--schema-poll", "1s", "--failure-threshold",
                             "1", warehouse.url()}};
    BOOST_TEST(master.next_of_schema().at("source") == "server");
    BOOST_TEST(master.next_of_schema().at("event") == "schema_unchanged");
    warehouse.change(add_column);
    const json reloaded = master.next("schema_reloaded");
    BOOST_TEST(reloaded.at("etag") == warehouse.etag());
    BOOST_TEST(master.next_of_schema().at("event") == "schema_unchanged");

    // It ends by itself to have its log.
    warehouse.signal(SIGTERM);
    warehouse.running().process.wait();
    const std::string log = warehouse.running().process.err();
    BOOST_TEST(log.find("GET /forest/rpc-schema 304") != std::string::npos);
    BOOST_TEST(log.find("GET /forest/health") == std::string::npos);
    BOOST_TEST(master.next("server_down").at("error") == "connection_refused");
    warehouse.start();
    master.next("server_up");
    BOOST_TEST(master.next_of_schema().at("event") == "schema_unchanged");
    const std::vector<json> events = master.end();
    BOOST_TEST(count(events, "server_down") == 1U);
    BOOST_TEST(count(events, "schema_reloaded") == 1U);
}

BOOST_AUTO_TEST_CASE(two_masters_follow_one_server_without_disturbing_each_other) {
    mortal_warehouse warehouse;
    warehouse.start();
    following_master first{{warehouse.url()}};
    following_master second{{warehouse.url()}};
    for (following_master* const each : {&first, &second})
        each->next("schema_loaded");
    warehouse.kill();
    for (following_master* const each : {&first, &second})
        each->next("server_down");
    warehouse.change(add_column);
    warehouse.start();
    for (following_master* const each : {&first, &second}) {
        BOOST_TEST(each->next("schema_reloaded").at("etag") == warehouse.etag());
        each->pass_checks();
        BOOST_TEST(count(each->end(), "schema_reloaded") == 1U);
    }
}

BOOST_AUTO_TEST_CASE(of_ten_servers_only_those_that_died_are_reloaded) {
    constexpr std::size_t servers = 10;
    std::deque<mortal_warehouse> warehouses(servers);
    std::vector<std::string> arguments;
    for (mortal_warehouse& each : warehouses) {
        each.start();
        arguments.push_back(each.url());
    }
    following_master master{arguments};
    std::map<json, std::string> etags;
    while (etags.size() < servers) {
        const json loaded = master.next("schema_loaded");
        BOOST_TEST(loaded.at("source") == "server");
        etags[loaded.at("target")] = loaded.at("etag");
    }

    const std::vector<std::size_t> killed{2, 3, 7};
    for (const std::size_t each : killed) {
        warehouses[each].kill();
        master.next("server_down");
        warehouses[each].change(each == 3 ? "SELECT 1" : add_column);
    }
    for (const std::size_t each : killed) {
        warehouses[each].start();
        const json settled = master.next_of_schema();
        BOOST_TEST(settled.at("event") == (each == 3 ? "schema_unchanged" : "schema_reloaded"));
        BOOST_TEST(settled.at("target") == warehouses[each].url());
        etags[settled.at("target")] = settled.at("etag");
    }
    const std::vector<json> events = master.end();
    BOOST_TEST(count(events, "schema_reloaded") == 2U);
    BOOST_TEST(count(events, "server_down") == killed.size());
    BOOST_TEST(count(events, "stopped") == servers);
    BOOST_TEST(count(events, "summary") == servers);
    for (const json& each : events) {
        if (each.at("event") == "summary")
            BOOST_TEST(each.at("etag") == etags.at(each.at("target")));
    }
    for (mortal_warehouse& each : warehouses)
        BOOST_TEST(each.etag() == etags.at(each.url()));
}

BOOST_AUTO_TEST_CASE(a_schema_that_is_too_large_is_refused_and_the_old_one_kept) {
    mortal_warehouse warehouse;
    warehouse.start();
    const std::size_t size = warehouse.running().get_schema().body.size();
    following_master master{{"--schema-bytes-max", std::to_string(size), warehouse.url()}};
    const json loaded = master.next_of_schema();
    BOOST_TEST(loaded.at("source") == "server");
    warehouse.kill();
    master.next("server_down");
    warehouse.change(add_column);
    warehouse.start();
    // It is tried again while the server is up, which it is in spite of this.
    for (int n = 0; n < 3; ++n) {
        const json failed = master.next_of_schema();
        BOOST_TEST(failed.at("event") == "schema_failed");
        BOOST_TEST(failed.at("error") == "response_too_large");
        BOOST_TEST(failed.at("status") == 200);
    }
    master.pass_checks();
    // What is taken back was never a change.
    warehouse.change("ALTER TABLE product DROP COLUMN weight_g");
    BOOST_TEST(master.next("schema_unchanged").at("etag") == loaded.at("etag"));
    const std::vector<json> events = master.end();
    BOOST_TEST(count(events, "schema_reloaded") == 0U);
    BOOST_TEST(count(events, "server_down") == 1U);
    BOOST_TEST(events.back().at("etag") == loaded.at("etag"));
    BOOST_TEST(events.back().at("collections") == 2);
}

BOOST_AUTO_TEST_CASE(a_schema_that_is_too_large_at_the_start_leaves_none) {
    mortal_warehouse warehouse;
    warehouse.start();
    following_master master{{"--schema-bytes-max", "1", warehouse.url()}};
    BOOST_TEST(master.next_of_schema().at("error") == "response_too_large");
    BOOST_TEST(master.next_of_schema().at("source") == "none");
    const std::vector<json> events = master.end();
    BOOST_TEST(count(events, "schema_reloaded") == 0U);
    BOOST_TEST(events.back().at("state") != "down");
}

// What came of all that was reported, counted again.
BOOST_AUTO_TEST_CASE(the_summary_counts_what_was_reported) {
    mortal_warehouse warehouse;
    following_master master{{warehouse.url()}};
    master.next("server_down");
    warehouse.start();
    master.next("schema_reloaded");
    for (int n = 0; n < 2; ++n) {
        warehouse.kill();
        master.next("server_down");
        warehouse.start();
        master.next("schema_unchanged");
    }
    const std::vector<json> events = master.end();
    const json& summary = events.back();
    BOOST_TEST(summary.at("event") == "summary");
    BOOST_TEST(summary.at("state") == "up");
    BOOST_TEST(summary.at("checks") ==
               count(events, "check_succeeded") + count(events, "check_failed"));
    BOOST_TEST(summary.at("failures") == count(events, "check_failed"));
    BOOST_TEST(summary.at("outages") == 3);
    BOOST_TEST(summary.at("reloads") == 1);
    BOOST_TEST(summary.at("unchanged") == 2);
    BOOST_TEST(summary.at("schema_failures") == count(events, "schema_failed"));
    BOOST_TEST(summary.at("etag") == warehouse.etag());
    BOOST_TEST(summary.at("collections") == 2);
    double down_ms = 0;
    for (const json& each : events) {
        if (each.at("event") == "server_up")
            down_ms += each.at("duration_ms").get<double>();
    }
    BOOST_TEST(std::abs(summary.at("down_ms").get<double>() - down_ms) < 1.0);
    BOOST_TEST((events[events.size() - 2].at("event") == "stopped"));
}

BOOST_AUTO_TEST_SUITE_END()
