// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_PROGRAMS_WAREHOUSE_WAREHOUSE_DATABASE_HPP
#define FOREST_EXAMPLES_PROGRAMS_WAREHOUSE_WAREHOUSE_DATABASE_HPP

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>

#include <sys/stat.h>

#include <string>

// The file with the warehouse's data. Other programs may read and write it at the same time.

namespace forest::warehouse {

/// Opens the database. If it is empty, creates tables with a few rows first. A database with tables
/// is never changed: the connection refuses that. Waits for locks of other programs, for a bounded
/// time. Throws cli::usage_error that names `--database` if the user must name another file, and
/// cli::runtime_failure if the system refuses.
[[nodiscard]] SQLite::Database open_database(const std::string& file);

/// The state of the file as the system reports it. If two states are equal, it is the same file and
/// was not written to.
struct file_state {
    dev_t device{};
    ino_t number{};
    off_t size{};
    timespec written{};
    timespec changed{};

    friend bool operator==(const file_state& left, const file_state& right) noexcept;
};

/// Throws std::runtime_error when the file is gone, is empty, or is no file any more.
[[nodiscard]] file_state state_of(const std::string& file);

/// Opens a database that existed before, and reads all its pages, or a part of each table if it is
/// large. So a truncated or overwritten file is noticed. Waits for no lock and creates nothing.
/// Throws SQLite::Exception.
[[nodiscard]] SQLite::Database reopen_database(const std::string& file);

/// Translates an exception of SQLite about `file` into one that `open_database` throws.
[[noreturn]] void throw_refused(const std::string& file, const SQLite::Exception& failed);

} // namespace forest::warehouse

#endif
