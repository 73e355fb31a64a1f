// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_ARGUMENTS_USAGE_ERROR_HPP
#define FOREST_EXAMPLES_TOOL_ARGUMENTS_USAGE_ERROR_HPP

#include <stdexcept>

// The ways in which a command ends early. They have different types, because their exit statuses
// differ (`exit_status.hpp`).

namespace forest::cli {

/// The command line cannot be followed. The sentence names the option and what to do.
struct usage_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The command line was fine but the system refused, a port in use for example.
struct runtime_failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// This machine could not make a check.
struct check_not_made : std::runtime_error {
    using std::runtime_error::runtime_error;
};

} // namespace forest::cli

#endif
