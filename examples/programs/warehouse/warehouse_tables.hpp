// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_PROGRAMS_WAREHOUSE_WAREHOUSE_TABLES_HPP
#define FOREST_EXAMPLES_PROGRAMS_WAREHOUSE_WAREHOUSE_TABLES_HPP

#include <SQLiteCpp/Database.h>

#include <compare>
#include <optional>
#include <set>
#include <string>
#include <vector>

// The tables of a database, as SQLite describes them.

namespace forest::warehouse {

/// A column of a table or view.
struct column {
    std::string name;
    std::string declared_type;                  ///< as written; may be empty
    std::optional<std::string> default_value{}; ///< an SQL expression
    bool required = false;                      ///< NOT NULL
    bool primary_key = false;                   ///< the whole key or a part
    bool computed = false;                      ///< by SQLite, and not writable
};

/// A reference from one column to one column of a table that exists.
struct foreign_key {
    std::string column;
    std::string target_table;
    std::string target_column;

    auto operator<=>(const foreign_key&) const = default;
};

/// A table or view.
struct table {
    std::string name;
    bool read_only = false;          ///< a view
    std::vector<column> columns{};   ///< by name
    std::vector<foreign_key> keys{}; ///< by column, then target
    std::set<std::string> unique{};  ///< columns that alone identify a row
};

/// Returns all tables and views by name, in the state of one moment. SQLite's own tables are left
/// out, and views of tables that do not exist, and foreign keys without a target or of several
/// columns. Throws SQLite::Exception.
[[nodiscard]] std::vector<table> read_tables(SQLite::Database& database);

/// Returns the table of that name, or null. Names are compared case-insensitively, as SQLite does.
[[nodiscard]] const table* find_table(const std::vector<table>& tables, const std::string& name);

} // namespace forest::warehouse

#endif
