// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_PROGRAMS_WAREHOUSE_WAREHOUSE_COLUMNS_HPP
#define FOREST_EXAMPLES_PROGRAMS_WAREHOUSE_WAREHOUSE_COLUMNS_HPP

#include "warehouse_schema.hpp"
#include "warehouse_tables.hpp"

#include <nlohmann/json.hpp>

// Columns in the form that agents serve: the type of a column, and its filter operators.

namespace forest::warehouse {

/// The column as a field of a collection. `read_only` means that the whole table is read-only.
[[nodiscard]] nlohmann::ordered_json column_field(const column& described, bool read_only,
                                                  schema_form form);

} // namespace forest::warehouse

#endif
