// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_PROGRAMS_WAREHOUSE_MASTER_OPTIONS_HPP
#define FOREST_EXAMPLES_PROGRAMS_WAREHOUSE_MASTER_OPTIONS_HPP

#include <tool/arguments/arguments.hpp>

#include <forest/core/datasource_options.hpp>
#include <forest/core/time.hpp>

#include <optional>
#include <vector>

// The command line of the master.

namespace forest::master {

struct options {
    cli::request_arguments request;
    std::vector<datasource_options> datasources; ///< one for each URL; without the secret
    bool constant_backoff = false;
    bool verbose = false;
    std::optional<duration> stop_after;
};

/// Reads the command line and the introspection. Returns nothing if only help was requested. Throws
/// cli::usage_error.
[[nodiscard]] std::optional<options> parse_options(int argc, const char* const* argv);

} // namespace forest::master

#endif
