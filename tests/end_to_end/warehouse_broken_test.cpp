// SPDX-License-Identifier: BSL-1.0
#include "warehouse_process.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

// What becomes of a warehouse whose database cannot be read any more: it says so once, answers that
// it fails, and is well again when the database is (B21).

namespace {

using forest::test::change;
using forest::test::eventually;
using forest::test::run_tool;
using forest::test::secret;
using forest::test::serving_warehouse;
using forest::test::temporary_folder;
namespace data = boost::unit_test::data;
namespace fs = std::filesystem;

constexpr std::string_view health = "/forest/health";

void overwrite(const std::string& file, std::streamoff from) {
    const auto size = static_cast<std::streamoff>(fs::file_size(file));
    std::fstream out{file, std::ios::in | std::ios::out | std::ios::binary};
    out.seekp(from);
    for (std::streamoff at = from; at < size; ++at)
        out.put(static_cast<char>(at * 37 + 11));
}

struct damage {
    const char* name;
    std::function<void(const std::string& file)> happens;

    friend std::ostream& operator<<(std::ostream& out, const damage& shown) {
        return out << shown.name;
    }
};

const std::vector<damage> damages{
    {"deleted", [](const std::string& file) { fs::remove(file); }},
    {"renamed", [](const std::string& file) { fs::rename(file, file + ".away"); }},
    {"truncated to nothing", [](const std::string& file) { fs::resize_file(file, 0); }},
    {"truncated to its first page", [](const std::string& file) { fs::resize_file(file, 4096); }},
    {"truncated to a part of a page", [](const std::string& file) { fs::resize_file(file, 50); }},
    {"garbage", [](const std::string& file) { overwrite(file, 0); }},
    {"garbage behind the header", [](const std::string& file) { overwrite(file, 100); }},
    {"garbage behind the first page", [](const std::string& file) { overwrite(file, 4096); }},
    {"text", [](const std::string& file) { std::ofstream{file} << "no database\n"; }},
    {"a directory",
     [](const std::string& file) {
         fs::remove(file);
         fs::create_directory(file);
     }},
    {"a pipe",
     [](const std::string& file) {
         fs::remove(file);
         forest::test::require_system(::mkfifo(file.c_str(), 0600) == 0, "mkfifo");
     }},
    {"empty and new",
     [](const std::string& file) {
         fs::remove(file);
         std::ofstream{file};
     }},
};

bool says(serving_warehouse& warehouse, int status, std::string_view word) {
    const auto answer = warehouse.get(health);
    return answer.status == status && answer.body.find(word) != std::string::npos;
}

std::size_t count_of(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++count;
    return count;
}

// What it has said when it ends.
std::string said_by(serving_warehouse& warehouse) {
    warehouse.process.signal(SIGTERM);
    BOOST_TEST(warehouse.process.wait() == 0);
    return warehouse.process.err();
}

} // namespace

BOOST_AUTO_TEST_SUITE(warehouse_broken_test)

BOOST_DATA_TEST_CASE(B21_a_database_that_cannot_be_read_is_a_failure_until_it_can,
                     data::make(damages)) {
    const temporary_folder folder;
    const std::string file = folder.file("a.sqlite");
    serving_warehouse warehouse{file, {"--grace", "1ms"}};
    BOOST_TEST(says(warehouse, 200, R"("status":"ok")"));
    const std::string etag = warehouse.etag();
    const std::string good = folder.file("good.sqlite");
    fs::copy_file(file, good);

    sample.happens(file);
    BOOST_TEST(eventually([&] { return says(warehouse, 503, R"("status":"fail")"); }));
    // A real client counts it as any other failure, and the schema is served on.
    const auto checked = run_tool({"check", warehouse.url(), "--json"}, secret);
    BOOST_TEST(checked.status == 1);
    BOOST_TEST(checked.out.find(R"("error":"unexpected_status")") != std::string::npos,
               checked.out);
    BOOST_TEST(warehouse.etag() == etag);

    fs::remove_all(file);
    fs::copy_file(good, file);
    BOOST_TEST(eventually([&] { return says(warehouse, 200, R"("status":"ok")"); }));
    BOOST_TEST(warehouse.etag() == etag);
    // Changes are found as before.
    change(file, "CREATE TABLE added (id INTEGER PRIMARY KEY)");
    BOOST_TEST(eventually([&] { return warehouse.etag() != etag; }));

    const std::string said = said_by(warehouse);
    const std::size_t again = said.find("can be read again");
    BOOST_TEST_REQUIRE(again != std::string::npos, said);
    // On a busy machine, what changes the table may lock it for longer than the warehouse waits.
    BOOST_TEST(count_of(said.substr(0, again), "cannot be read (") == 1U, said);
}

BOOST_AUTO_TEST_CASE(B21_a_database_that_is_restored_in_place_is_read_again) {
    const temporary_folder folder;
    const std::string file = folder.file("a.sqlite");
    serving_warehouse warehouse{file};
    const std::string good = folder.file("good.sqlite");
    fs::copy_file(file, good);
    for (int round = 0; round < 2; ++round) {
        overwrite(file, 0);
        BOOST_TEST(eventually([&] { return says(warehouse, 503, "fail"); }));
        std::ofstream{file, std::ios::binary} << std::ifstream{good, std::ios::binary}.rdbuf();
        BOOST_TEST(eventually([&] { return says(warehouse, 200, "ok"); }));
    }
}

// A table has its first row in one of its first pages.
BOOST_AUTO_TEST_CASE(B21_garbage_behind_the_first_rows_is_found) {
    const temporary_folder folder;
    const std::string file = folder.file("a.sqlite");
    change(file, "CREATE TABLE note (text TEXT NOT NULL); "
                 "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 1000) "
                 "INSERT INTO note SELECT hex(randomblob(100)) FROM n");
    serving_warehouse warehouse{file};
    BOOST_TEST(says(warehouse, 200, "ok"));
    overwrite(file, static_cast<std::streamoff>(fs::file_size(file) / 2));
    BOOST_TEST(eventually([&] { return says(warehouse, 503, "fail"); }));
}

// The program that wrote the row had turned the check off.
BOOST_AUTO_TEST_CASE(a_row_that_breaks_a_constraint_can_be_read) {
    const temporary_folder folder;
    const std::string file = folder.file("a.sqlite");
    change(file, "CREATE TABLE note (stars INTEGER CHECK (stars < 6)); "
                 "PRAGMA ignore_check_constraints = ON; INSERT INTO note VALUES (7)");
    serving_warehouse warehouse{file};
    change(file, "CREATE TABLE later (x)");
    BOOST_TEST(eventually([&] { return warehouse.schema().at("collections").size() == 2; }));
    BOOST_TEST(says(warehouse, 200, "ok"));
}

BOOST_AUTO_TEST_CASE(B21_a_database_that_is_locked_for_long_cannot_be_read) {
    const temporary_folder folder;
    const std::string file = folder.file("a.sqlite");
    serving_warehouse warehouse{file, {"--grace", "1ms"}};
    {
        auto other = forest::test::other_connection(file);
        other.exec("BEGIN EXCLUSIVE");
        BOOST_TEST(eventually([&] { return says(warehouse, 503, "fail"); }));
        other.exec("ROLLBACK");
    }
    BOOST_TEST(eventually([&] { return says(warehouse, 200, "ok"); }));
    const std::string said = said_by(warehouse);
    BOOST_TEST(count_of(said, "cannot be read (database is locked)") == 1U, said);
    BOOST_TEST(count_of(said, "can be read again") == 1U, said);
}

BOOST_AUTO_TEST_CASE(a_database_whose_tables_were_dropped_is_one_without_collections) {
    const temporary_folder folder;
    const std::string file = folder.file("a.sqlite");
    serving_warehouse warehouse{file};
    change(file, "DROP TABLE product; DROP TABLE manufacturer");
    BOOST_TEST(eventually([&] { return warehouse.schema().at("collections").empty(); }));
    BOOST_TEST(says(warehouse, 200, "ok"));
}

// Made by as many statements, so that SQLite counts the same version.
BOOST_DATA_TEST_CASE(another_database_in_its_place_is_served, data::make({false, true}), renamed) {
    const temporary_folder folder;
    const std::string file = folder.file("a.sqlite");
    const std::string other = folder.file("b.sqlite");
    change(file, "CREATE TABLE one (id INTEGER PRIMARY KEY)");
    change(other, "CREATE TABLE two (id INTEGER PRIMARY KEY)");
    serving_warehouse warehouse{file};
    if (renamed)
        fs::rename(other, file);
    else
        fs::copy_file(other, file, fs::copy_options::overwrite_existing);
    BOOST_TEST(
        eventually([&] { return warehouse.schema().at("collections").at(0).at("name") == "two"; }));
    BOOST_TEST(says(warehouse, 200, "ok"));
}

BOOST_AUTO_TEST_CASE(B21_a_database_that_may_not_be_read_any_more_is_a_failure) {
    if (::geteuid() == 0) {
        BOOST_TEST_MESSAGE("skipped: root may read everything");
        return;
    }
    const temporary_folder folder;
    const std::string file = folder.file("a.sqlite");
    serving_warehouse warehouse{file};
    BOOST_REQUIRE(::chmod(file.c_str(), 0) == 0);
    BOOST_TEST(eventually([&] { return says(warehouse, 503, "fail"); }));
    BOOST_REQUIRE(::chmod(file.c_str(), 0600) == 0);
    BOOST_TEST(eventually([&] { return says(warehouse, 200, "ok"); }));
}

BOOST_AUTO_TEST_CASE(an_announced_end_goes_before_a_failure) {
    const temporary_folder folder;
    const std::string file = folder.file("a.sqlite");
    serving_warehouse warehouse{file, {"--grace", "10s"}};
    fs::remove(file);
    BOOST_TEST(eventually([&] { return says(warehouse, 503, "fail"); }));
    warehouse.process.signal(SIGTERM);
    BOOST_TEST(eventually([&] { return says(warehouse, 503, R"("status":"stopping")"); }));
}

BOOST_AUTO_TEST_CASE(the_older_form_of_the_schema_has_no_is_groupable_and_nothing_else_is_missing) {
    const temporary_folder folder;
    auto current = serving_warehouse{folder.file("a.sqlite")}.schema();
    auto older = serving_warehouse{folder.file("a.sqlite"), {"--older-schema"}}.schema();
    BOOST_TEST(current.dump().find("is_groupable") != std::string::npos);
    BOOST_TEST(older.dump().find("is_groupable") == std::string::npos);
    BOOST_TEST(current.at("etag") != older.at("etag"));
    for (auto& collection : current.at("collections"))
        for (auto& field : collection.at("fields"))
            field.erase("is_groupable");
    current.erase("etag");
    older.erase("etag");
    BOOST_TEST(current == older);
}

BOOST_AUTO_TEST_SUITE_END()
