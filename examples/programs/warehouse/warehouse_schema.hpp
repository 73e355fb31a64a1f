// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_PROGRAMS_WAREHOUSE_WAREHOUSE_SCHEMA_HPP
#define FOREST_EXAMPLES_PROGRAMS_WAREHOUSE_WAREHOUSE_SCHEMA_HPP

#include <SQLiteCpp/Database.h>

#include <string>

// The schema that the warehouse serves, in the form of the agents for Ruby and Node.

namespace forest::warehouse {

/// Which members a schema has.
enum class schema_form {
    current,
    without_is_groupable, ///< for Ruby clients before 1.25.0, which fail at it
};

/// One line of JSON that says which collections the database has: tables and views with their
/// columns, and foreign keys as relations. The same for databases with the same tables, whatever
/// is in them. Throws SQLite::Exception.
[[nodiscard]] std::string schema_text(SQLite::Database& database,
                                      schema_form form = schema_form::current);

} // namespace forest::warehouse

#endif
