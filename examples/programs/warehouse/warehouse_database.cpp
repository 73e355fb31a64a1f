// SPDX-License-Identifier: BSL-1.0
#include "warehouse_database.hpp"

#include <tool/arguments/usage_error.hpp>
#include <tool/output/text.hpp>

#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>

#include <fmt/format.h>

#include <sqlite3.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <vector>

namespace forest::warehouse {

namespace {

// Another warehouse that creates the same database takes milliseconds.
constexpr int lock_wait_max_ms = 5000;

// Types of every kind that a schema distinguishes, and a key from a product to its owner.
constexpr auto creation = R"(
CREATE TABLE manufacturer (
    id INTEGER PRIMARY KEY,
    name VARCHAR(80) NOT NULL UNIQUE,
    country VARCHAR(40) NOT NULL,
    website TEXT,
    certified BOOLEAN NOT NULL DEFAULT FALSE,
    registered_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE product (
    id INTEGER PRIMARY KEY,
    name VARCHAR(80) NOT NULL,
    price DECIMAL(10, 2) NOT NULL,
    stock INTEGER NOT NULL DEFAULT 0,
    released DATE,
    attributes JSON,
    manufacturer_id INTEGER NOT NULL REFERENCES manufacturer (id) ON DELETE CASCADE
);
CREATE INDEX product_manufacturer_id ON product (manufacturer_id);
INSERT INTO manufacturer (id, name, country, website, certified) VALUES
    (1, 'Birch & Sons', 'Finland', 'https://birch.example', TRUE),
    (2, 'Larch Tools', 'Austria', NULL, FALSE),
    (3, 'Atelier Saule', 'France', 'https://saule.example', TRUE);
INSERT INTO product (name, price, stock, released, attributes, manufacturer_id) VALUES
    ('Axe', 49.90, 120, '2023-03-01', '{"weight_g":1400}', 1),
    ('Bow saw', 32.50, 80, '2023-09-15', '{"blade_mm":760}', 1),
    ('Splitting wedge', 18.00, 240, '2021-05-20', NULL, 1),
    ('Pruning shears', 27.75, 64, '2024-02-10', '{"left_handed":true}', 2),
    ('Tape measure', 9.20, 310, NULL, NULL, 2),
    ('Willow basket', 41.00, 15, '2025-04-01', '{"litres":30}', 3);
)";

cli::usage_error unusable(const std::string& file, std::string_view why) {
    return cli::usage_error(fmt::format("--database: '{}' {}", cli::ascii_escape(file), why));
}

// For all of these, SQLite only reports that it is unable to open the database file.
void require_usable(const std::string& file, const std::filesystem::path& path) {
    std::error_code ignored;
    const auto found = std::filesystem::status(path, ignored);
    if (std::filesystem::is_directory(found))
        throw unusable(file, "is a directory; name a file in it");
    if (std::filesystem::exists(found) && !std::filesystem::is_regular_file(found))
        throw unusable(file, "is no regular file; name another, or one that does not exist yet");
    if (!std::filesystem::is_directory(path.parent_path(), ignored))
        throw unusable(file, "lies in a folder that does not exist; create the folder, or name a "
                             "file elsewhere");
}

bool is_empty(SQLite::Database& database) {
    return database.execAndGet("SELECT NOT EXISTS (SELECT 1 FROM sqlite_master)").getInt() != 0;
}

// When two warehouses find the database empty at once, the second one waits for the first and
// changes nothing.
void create(SQLite::Database& database) {
    SQLite::Transaction creating{database, SQLite::TransactionBehavior::IMMEDIATE};
    if (is_empty(database))
        database.exec(creation);
    creating.commit();
}

// From now on nothing is written, not even the changes that another program has left in its log.
void keep_as_it_is(SQLite::Database& database) {
    database.exec("PRAGMA query_only = ON");
    (void)::sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

// A file of this size takes SQLite some 20 ms to check. In this time the program answers no
// request.
constexpr std::uintmax_t checked_bytes_max = 8 * 1024 * 1024;

// A row that breaks a constraint can still be read. Damaged pages are reported first, and their
// reports begin with `***`.
void check_pages(SQLite::Database& database) {
    constexpr std::string_view damage = "*** in database";
    const std::string found = database.execAndGet("PRAGMA quick_check(1)").getString();
    if (std::string_view{found}.substr(0, damage.size()) == damage)
        throw SQLite::Exception(::sqlite3_errstr(SQLITE_CORRUPT), SQLITE_CORRUPT);
}

void read_first_rows(SQLite::Database& database) {
    std::vector<std::string> names;
    {
        // Only tables with pages; virtual tables have none.
        SQLite::Statement rows{database, "SELECT name FROM sqlite_master WHERE rootpage > 0 AND "
                                         "type = 'table'"};
        while (rows.executeStep())
            names.push_back(rows.getColumn(0).getString());
    }
    for (const std::string& name : names) {
        std::string quoted;
        for (const char byte : name)
            quoted.append(byte == '"' ? 2 : 1, byte);
        SQLite::Statement row{database, "SELECT 1 FROM \"" + quoted + "\" LIMIT 1"};
        (void)row.executeStep();
    }
}

} // namespace

SQLite::Database open_database(const std::string& file) {
    // Absolute, because SQLite gives names such as `:memory:` a meaning of their own.
    const std::filesystem::path path = std::filesystem::absolute(file);
    require_usable(file, path);
    try {
        SQLite::Database database{path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE,
                                  lock_wait_max_ms};
        if (is_empty(database))
            create(database);
        keep_as_it_is(database);
        return database;
    } catch (const SQLite::Exception& failed) {
        throw_refused(file, failed);
    }
}

bool operator==(const file_state& left, const file_state& right) noexcept {
    const auto same = [](const timespec& one, const timespec& other) {
        return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
    };
    return left.device == right.device && left.number == right.number && left.size == right.size &&
           same(left.written, right.written) && same(left.changed, right.changed);
}

file_state state_of(const std::string& file) {
    struct stat found{};
    if (::stat(file.c_str(), &found) != 0)
        throw std::runtime_error(std::generic_category().message(errno));
    if (!S_ISREG(found.st_mode))
        throw std::runtime_error("it is no regular file any more");
    // SQLite treats an empty file as a database without tables. But dropping all tables leaves no
    // empty file.
    if (found.st_size == 0)
        throw std::runtime_error("the file is empty");
    return {found.st_dev, found.st_ino, found.st_size, found.st_mtim, found.st_ctim};
}

SQLite::Database reopen_database(const std::string& file) {
    const std::filesystem::path path = std::filesystem::absolute(file);
    SQLite::Database database{path.string(), SQLite::OPEN_READWRITE};
    keep_as_it_is(database);
    if (std::filesystem::file_size(path) <= checked_bytes_max)
        check_pages(database);
    else
        read_first_rows(database);
    return database;
}

void throw_refused(const std::string& file, const SQLite::Exception& failed) {
    switch (failed.getErrorCode()) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        throw unusable(file, fmt::format("cannot be read as an SQLite database ({}); name another "
                                         "file, or one that does not exist yet",
                                         failed.what()));
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
        throw unusable(file, fmt::format("cannot be opened or created ({}); let this user read and "
                                         "write it and its folder, or name another file",
                                         failed.what()));
    case SQLITE_BUSY:
        throw cli::runtime_failure(
            fmt::format("--database: '{}' has been locked by another program for {} s; end that "
                        "one, or wait for it",
                        cli::ascii_escape(file), lock_wait_max_ms / 1000));
    default:
        throw cli::runtime_failure(
            fmt::format("--database: '{}': {}", cli::ascii_escape(file), failed.what()));
    }
}

} // namespace forest::warehouse
