// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_PROGRAMS_WAREHOUSE_WAREHOUSE_DATABASE_HPP
#define FOREST_EXAMPLES_PROGRAMS_WAREHOUSE_WAREHOUSE_DATABASE_HPP

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>

#include <sys/stat.h>

#include <string>

// The file with the warehouse's data. Other programs may read and write it at the same time.

namespace forest::warehouse {

/// Opens the database, and first creates it, with a few rows, when there is nothing in it. One that
/// has tables is never changed, and the connection refuses to. It waits for locks of other
/// programs, but only for a bounded time. Throws cli::usage_error that names `--database` when
/// another file is to be given, and cli::runtime_failure when the system refuses.
[[nodiscard]] SQLite::Database open_database(const std::string& file);

/// The state of the file as the system knows it: while two are equal, nobody has written to it, and
/// it is the same file.
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

/// Opens a database that was there before, and reads all pages or, of a large one, something of
/// each table, so that one that was truncated or overwritten is found out. It waits for no lock and
/// creates nothing. Throws SQLite::Exception.
[[nodiscard]] SQLite::Database reopen_database(const std::string& file);

/// Throws what SQLite said of `file` as `open_database` does.
[[noreturn]] void throw_refused(const std::string& file, const SQLite::Exception& failed);

} // namespace forest::warehouse

#endif
