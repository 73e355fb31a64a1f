// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_PROGRAMS_WAREHOUSE_WAREHOUSE_SCHEMA_HPP
#define FOREST_EXAMPLES_PROGRAMS_WAREHOUSE_WAREHOUSE_SCHEMA_HPP

#include <SQLiteCpp/Database.h>

#include <string>

// The schema that the warehouse serves, in the form of the agents for Ruby and Node.

namespace forest::warehouse {

/// The members of a schema.
enum class schema_form {
    current,
    without_is_groupable, ///< for Ruby clients before 1.25.0, which fail at it
};

/// One line of JSON with the collections of the database: tables and views with their columns, and
/// foreign keys as relations. Databases with the same tables have the same schema, with any
/// content. Throws SQLite::Exception.
[[nodiscard]] std::string schema_text(SQLite::Database& database,
                                      schema_form form = schema_form::current);

} // namespace forest::warehouse

#endif
