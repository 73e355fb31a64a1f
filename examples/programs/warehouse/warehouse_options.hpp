// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_PROGRAMS_WAREHOUSE_WAREHOUSE_OPTIONS_HPP
#define FOREST_EXAMPLES_PROGRAMS_WAREHOUSE_WAREHOUSE_OPTIONS_HPP

#include "warehouse_schema.hpp"

#include <tool/arguments/arguments.hpp>

#include <forest/core/time.hpp>
#include <forest/version.hpp>

#include <optional>
#include <string>

// The command line of the warehouse.

namespace forest::warehouse {

struct options {
    std::string database = "warehouse.sqlite";
    cli::secret_source secret;
    cli::listen_address address;
    std::string version{forest::version};
    duration grace{};
    duration hold_max{}; ///< 0: answers are not held
    schema_form form = schema_form::current;
    bool accept_http_dates = false;
    bool verbose = false;
};

/// Reads the command line. Returns nothing if only help was requested. Throws cli::usage_error.
[[nodiscard]] std::optional<options> parse_options(int argc, const char* const* argv);

} // namespace forest::warehouse

#endif
