// SPDX-License-Identifier: BSL-1.0
#include "warehouse_process.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Transaction.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

// The warehouse as a process: its database, its schema while others change the tables, its end.

namespace {

using forest::test::change;
using forest::test::eventually;
using forest::test::other_connection;
using forest::test::raw_answer;
using forest::test::run_tool;
using forest::test::secret;
using forest::test::serving_warehouse;
using forest::test::temporary_folder;
using forest::test::tool_process;
using forest::test::tool_result;
using forest::test::tool_setup;
using json = nlohmann::ordered_json;

tool_result run_warehouse(std::vector<std::string> arguments, std::string with = secret) {
    return run_tool(std::move(arguments), std::move(with), "FOREST_WAREHOUSE");
}

std::string content(const std::string& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

int count(const std::string& database, const std::string& table) {
    SQLite::Database connection = other_connection(database);
    return connection.execAndGet("SELECT count(*) FROM " + table).getInt();
}

bool has_open(const tool_process& process, const std::string& file) {
    const std::filesystem::path open_files = "/proc/" + std::to_string(process.id()) + "/fd";
    std::error_code closed_meanwhile;
    for (const auto& each : std::filesystem::directory_iterator{open_files, closed_meanwhile}) {
        if (std::filesystem::read_symlink(each, closed_meanwhile) == file)
            return true;
    }
    return false;
}

std::size_t occurrences(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos;
         at = text.find(part, at + 1))
        ++found;
    return found;
}

// Again and again while the warehouse looks at its database, which it does every 200 ms.
template <typename Do>
void for_some_looks(const Do& something) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds{700};
    while (std::chrono::steady_clock::now() < end)
        something();
}

int end(serving_warehouse& warehouse) {
    warehouse.process.signal(SIGTERM);
    return warehouse.process.wait();
}

const std::vector<forest::test::refused_line> refused_lines{
    {{"--database", ""}, "--database needs the name of a file"},
    {{"--database", "/dev/null"}, "--database: '/dev/null' is no regular file"},
    {{"--database", "/proc/new.sqlite"}, "--database: '/proc/new.sqlite' cannot be opened"},
    {{"--database", "/nowhere/at/all/a.sqlite"}, "create the folder, or name a file elsewhere"},
    {{"--listen", "localhost"}, "--listen: 'localhost' needs a host and a port"},
    {{"--grace", "5"}, "--grace: '5' has no unit"},
    {{"--hold-max", "500ms"}, "--hold-max must be 0s or from 1s to 240s"},
    {{"--unsigned", "--secret-file", "x"}, "--unsigned and --secret-file contradict"},
    {{"--wrong"}, "warehouse: there is no option '--wrong'; see warehouse --help"},
    {{"more"}, "warehouse: it takes no argument; remove 'more'; see warehouse --help"},
};

} // namespace

BOOST_AUTO_TEST_SUITE(warehouse_test)

BOOST_AUTO_TEST_CASE(the_first_start_makes_a_database_and_the_second_leaves_it_alone) {
    const temporary_folder folder;
    const std::string database = folder.file("new one.sqlite");
    std::string first_etag;
    {
        serving_warehouse first{database, {"--grace", "0s"}};
        first_etag = first.etag();
        BOOST_TEST(end(first) == 0);
    }
    BOOST_TEST(count(database, "manufacturer") == 3);
    BOOST_TEST(count(database, "product") == 6);
    const std::string before = content(database);

    serving_warehouse second{database, {"--grace", "0s"}};
    BOOST_TEST(second.etag() == first_etag);
    BOOST_TEST(end(second) == 0);
    BOOST_TEST((content(database) == before));
    BOOST_TEST(std::distance(std::filesystem::directory_iterator{folder.path}, {}) == 1);
}

BOOST_AUTO_TEST_CASE(B51_a_held_fetch_gets_the_changed_schema_at_once) {
    const temporary_folder folder;
    const std::string database = folder.file("a.sqlite");
    serving_warehouse warehouse{database, {"--hold-max", "240s", "--grace", "0s"}};
    const std::string fields = "Prefer: wait=240\r\nIf-None-Match: " + warehouse.etag() + "\r\n";
    auto held = std::async(std::launch::async, [&] { return warehouse.get_schema(fields); });
    BOOST_TEST((held.wait_for(std::chrono::milliseconds{700}) == std::future_status::timeout));
    change(database, "CREATE TABLE supplier (id INTEGER PRIMARY KEY)");
    const raw_answer answer = held.get();
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.body.find("supplier") != std::string::npos);
    BOOST_TEST(end(warehouse) == 0);
}

BOOST_AUTO_TEST_CASE(warehouses_that_start_at_once_on_one_file_seed_it_once) {
    const temporary_folder folder;
    const std::string database = folder.file("a.sqlite");
    std::vector<std::unique_ptr<tool_process>> all;
    {
        // All find it empty before any of them may write.
        SQLite::Database other = other_connection(database);
        const SQLite::Transaction reserved{other, SQLite::TransactionBehavior::IMMEDIATE};
        for (int n = 0; n < 6; ++n)
            all.push_back(std::make_unique<tool_process>(tool_setup{
                {"--database", database, "--grace", "0s"}, secret, {}, false, "FOREST_WAREHOUSE"}));
        BOOST_TEST(eventually([&] {
            return std::all_of(all.begin(), all.end(),
                               [&](const auto& each) { return has_open(*each, database); });
        }));
    }
    for (const auto& each : all)
        BOOST_TEST(each->line().has_value(), each->err());
    for (const auto& each : all) {
        each->signal(SIGTERM);
        BOOST_TEST(each->wait() == 0);
    }
    BOOST_TEST(count(database, "manufacturer") == 3);
    BOOST_TEST(count(database, "product") == 6);
}

BOOST_AUTO_TEST_CASE(a_database_with_tables_is_never_changed) {
    const temporary_folder folder;
    const std::string database = folder.file("mine.sqlite");
    change(database, "CREATE TABLE note (id INTEGER PRIMARY KEY, text)");
    const std::string before = content(database);
    serving_warehouse warehouse{database, {"--grace", "0s"}};
    BOOST_TEST(warehouse.schema().at("collections").size() == 1U);
    BOOST_TEST(end(warehouse) == 0);
    BOOST_TEST((content(database) == before));
}

BOOST_AUTO_TEST_CASE(a_file_without_a_byte_is_an_empty_database) {
    const temporary_folder folder;
    std::ofstream{folder.file("empty")};
    serving_warehouse warehouse{folder.file("empty")};
    BOOST_TEST(warehouse.schema().at("collections").size() == 2U);
}

// SQLite would take the second for a database in memory, and the third for a URI.
BOOST_AUTO_TEST_CASE(a_file_lies_in_the_working_directory_whatever_its_name) {
    const temporary_folder folder;
    for (const std::string& name :
         {std::string{}, std::string{":memory:"}, std::string{"file:a"}}) {
        const std::vector<std::string> arguments{"--database", name, "--grace", "0s"};
        forest::test::serving_process warehouse{
            {{arguments.begin() + (name.empty() ? 2 : 0), arguments.end()},
             secret,
             {},
             false,
             "FOREST_WAREHOUSE",
             folder.path.string()}};
        BOOST_TEST(count(folder.file(name.empty() ? "warehouse.sqlite" : name), "product") == 6);
    }
}

BOOST_DATA_TEST_CASE(what_must_be_changed_first_is_said_in_one_sentence, refused_lines) {
    const temporary_folder folder;
    std::vector<std::string> arguments = sample.arguments;
    if (arguments.front() != "--database")
        arguments.insert(arguments.end(), {"--database", folder.file("a.sqlite")});
    const tool_result result = run_warehouse(arguments);
    BOOST_TEST(result.status == 2);
    BOOST_TEST(result.out.empty());
    BOOST_TEST(result.err.rfind("warehouse: ", 0) == 0U);
    BOOST_TEST(result.err.find(sample.said) != std::string::npos, result.err);
    BOOST_TEST(std::count(result.err.begin(), result.err.end(), '\n') == 1);
    BOOST_TEST(std::filesystem::is_empty(folder.path));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_database_is_refused_and_left_alone) {
    const temporary_folder folder;
    const std::string letter = folder.file("letter.txt");
    for (const std::string& text : {std::string{"Dear Sir"}, std::string(10000, 'x')}) {
        std::ofstream{letter} << text;
        const tool_result result = run_warehouse({"--database", letter});
        BOOST_TEST(result.status == 2);
        BOOST_TEST(result.out.empty());
        BOOST_TEST(result.err.find("--database: '" + letter + "' cannot be read as an SQLite") !=
                       std::string::npos,
                   result.err);
        BOOST_TEST(content(letter) == text);
    }
    const tool_result on_folder = run_warehouse({"--database", folder.path.string()});
    BOOST_TEST(on_folder.status == 2);
    BOOST_TEST(on_folder.err.find("is a directory") != std::string::npos);
    BOOST_TEST(std::distance(std::filesystem::directory_iterator{folder.path}, {}) == 1);
}

BOOST_AUTO_TEST_CASE(without_a_secret_nothing_is_written) {
    const temporary_folder folder;
    const tool_result result = run_warehouse({"--database", folder.file("a.sqlite")}, "");
    BOOST_TEST(result.status == 2);
    BOOST_TEST(result.err.find("FOREST_AUTH_SECRET") != std::string::npos);
    BOOST_TEST(std::filesystem::is_empty(folder.path));
}

BOOST_AUTO_TEST_CASE(an_address_in_use_ends_it_with_1) {
    const temporary_folder folder;
    const serving_warehouse first{folder.file("a.sqlite")};
    const tool_result second =
        run_warehouse({"--database", folder.file("a.sqlite"), "--listen", first.address()});
    BOOST_TEST(second.status == 1);
    BOOST_TEST(second.out.empty());
    BOOST_TEST(second.err.find("--listen " + first.address()) != std::string::npos, second.err);
}

BOOST_AUTO_TEST_CASE(both_routes_answer_those_who_know_the_secret) {
    const temporary_folder folder;
    serving_warehouse warehouse{folder.file("a.sqlite"),
                                {"--version", "1.16.10", "--verbose", "--grace", "0s"}};
    const raw_answer health = warehouse.get("/forest/health");
    BOOST_TEST(health.status == 200);
    BOOST_TEST(health.body == R"({"status":"ok","version":"1.16.10"})");
    BOOST_TEST(warehouse.get_schema().status == 200);
    const auto port = static_cast<std::uint16_t>(warehouse.port());
    for (const std::string path : {"/forest/health", "/forest/rpc-schema"}) {
        const raw_answer stranger =
            forest::test::raw_client{port}.ask("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
        BOOST_TEST(stranger.status == 401);
        BOOST_TEST(stranger.body == R"({"error":"Unauthorized"})");
    }
    BOOST_TEST(end(warehouse) == 0);
    const std::string& log = warehouse.process.err();
    BOOST_TEST(occurrences(log, "GET /forest/health 200\n") == 1U);
    BOOST_TEST(occurrences(log, "GET /forest/rpc-schema 200\n") == 1U);
    BOOST_TEST(occurrences(log, "GET /forest/rpc-schema 401: ") == 1U);
}

BOOST_AUTO_TEST_CASE(without_a_secret_everyone_is_answered_if_that_is_wanted) {
    const temporary_folder folder;
    serving_warehouse warehouse{folder.file("a.sqlite"), {"--unsigned"}, ""};
    BOOST_TEST(warehouse.get_schema().status == 200);
}

BOOST_DATA_TEST_CASE(a_changed_table_is_noticed_without_a_restart,
                     boost::unit_test::data::make({"DELETE", "WAL"})) {
    const temporary_folder folder;
    const std::string database = folder.file("a.sqlite");
    serving_warehouse warehouse{database, {"--grace", "0s"}};
    const std::string before = warehouse.etag();
    change(database, std::string{"PRAGMA journal_mode = "} + sample);

    const auto changed = std::chrono::steady_clock::now();
    change(database, "ALTER TABLE product ADD COLUMN weight_g INTEGER");
    const std::string if_none_match = "If-None-Match: " + before + "\r\n";
    raw_answer answer;
    BOOST_TEST(eventually([&] {
        answer = warehouse.get_schema(if_none_match);
        return answer.status == 200;
    }));
    BOOST_TEST((std::chrono::steady_clock::now() - changed < std::chrono::seconds{5}));
    const json schema = json::parse(answer.body);
    BOOST_TEST(schema.at("etag") != before);
    BOOST_TEST(schema.at("collections")[1].at("fields").contains("weight_g"));

    change(database, "ALTER TABLE product DROP COLUMN weight_g");
    BOOST_TEST(eventually([&] { return warehouse.get_schema(if_none_match).status == 304; }));
    BOOST_TEST(end(warehouse) == 0);
    const std::string& log = warehouse.process.err();
    BOOST_TEST(occurrences(log, "the schema has changed") == 2U);
    BOOST_TEST(log.find("its etag is " + schema.at("etag").get<std::string>() + "\n") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_in_the_tables_changes_nothing) {
    const temporary_folder folder;
    const std::string database = folder.file("a.sqlite");
    std::string before;
    {
        serving_warehouse warehouse{database, {"--grace", "0s"}};
        before = warehouse.etag();
        // These count as changes of the schema for SQLite, and not for clients.
        change(database, "CREATE INDEX by_price ON product (price); VACUUM; ANALYZE");
        // Each in a transaction of its own, and none may fail for the one who looks.
        for_some_looks([&] {
            change(database, "UPDATE product SET stock = stock + 1");
            BOOST_TEST(warehouse.etag() == before);
        });
        change(database, "CREATE TABLE shelf (id INTEGER PRIMARY KEY)");
        BOOST_TEST(eventually([&] { return warehouse.etag() != before; }));
        BOOST_TEST(end(warehouse) == 0);
        BOOST_TEST(occurrences(warehouse.process.err(), "the schema has changed") == 1U);
    }
    change(database, "DROP TABLE shelf");
    BOOST_TEST(serving_warehouse{database}.etag() == before);
}

BOOST_AUTO_TEST_CASE(while_the_database_is_locked_the_old_schema_is_served) {
    const temporary_folder folder;
    const std::string database = folder.file("a.sqlite");
    serving_warehouse warehouse{database, {"--grace", "0s"}};
    const std::string before = warehouse.etag();
    {
        SQLite::Database other = other_connection(database);
        SQLite::Transaction locked{other, SQLite::TransactionBehavior::EXCLUSIVE};
        other.exec("ALTER TABLE product ADD COLUMN weight_g INTEGER");
        warehouse.process.read_error_until("cannot be read (database is locked)");
        for_some_looks([&] {
            const auto asked = std::chrono::steady_clock::now();
            BOOST_TEST(warehouse.etag() == before);
            BOOST_TEST(warehouse.get("/forest/health").status == 503);
            BOOST_TEST((std::chrono::steady_clock::now() - asked < std::chrono::seconds{2}));
        });
        locked.commit();
    }
    BOOST_TEST(eventually([&] { return warehouse.etag() != before; }));
    BOOST_TEST(end(warehouse) == 0);
    BOOST_TEST(occurrences(warehouse.process.err(), "cannot be read") == 1U);
}

BOOST_AUTO_TEST_CASE(a_locked_database_is_waited_for_at_the_start_but_not_for_ever) {
    const temporary_folder folder;
    const std::string database = folder.file("a.sqlite");
    change(database, "CREATE TABLE t (x)");
    SQLite::Database other = other_connection(database);
    SQLite::Transaction locked{other, SQLite::TransactionBehavior::EXCLUSIVE};
    const tool_result result = run_warehouse({"--database", database});
    BOOST_TEST(result.status == 1);
    BOOST_TEST(result.err.find("--database: '" + database + "' has been locked") !=
                   std::string::npos,
               result.err);
}

// B21.
BOOST_DATA_TEST_CASE(its_end_is_announced_for_the_grace_period,
                     boost::unit_test::data::make({SIGTERM, SIGINT})) {
    const temporary_folder folder;
    serving_warehouse warehouse{folder.file("a.sqlite"), {"--version", "1.16.10", "--grace", "1s"}};
    const auto signalled = std::chrono::steady_clock::now();
    warehouse.process.signal(sample);
    warehouse.process.read_error_until("stopping");
    const raw_answer health = warehouse.get("/forest/health");
    BOOST_TEST(health.status == 503);
    BOOST_TEST(health.body == R"({"status":"stopping","version":"1.16.10"})");
    BOOST_TEST(warehouse.get_schema().status == 200);
    BOOST_TEST(warehouse.process.wait() == 0);
    BOOST_TEST((std::chrono::steady_clock::now() - signalled >= std::chrono::seconds{1}));
}

BOOST_AUTO_TEST_CASE(a_second_signal_ends_it_at_once) {
    const temporary_folder folder;
    serving_warehouse warehouse{folder.file("a.sqlite"), {"--grace", "1h"}};
    warehouse.process.signal(SIGTERM);
    warehouse.process.read_error_until("another signal ends it at once");
    BOOST_TEST(warehouse.get("/forest/health").status == 503); // The callback has returned.
    warehouse.process.signal(SIGTERM);
    BOOST_TEST(warehouse.process.wait() == 128 + SIGTERM);
}

BOOST_AUTO_TEST_CASE(help_tells_the_defaults) {
    const tool_result help = run_warehouse({"--help"}, "");
    BOOST_TEST(help.status == 0);
    BOOST_TEST(help.out.find("FILE=warehouse.sqlite") != std::string::npos);
    BOOST_TEST(help.out.find("HOST:PORT=127.0.0.1:0") != std::string::npos);
    BOOST_TEST(help.out.find("DURATION=5s") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
