// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_ARGUMENTS_USAGE_ERROR_HPP
#define FOREST_EXAMPLES_TOOL_ARGUMENTS_USAGE_ERROR_HPP

#include <stdexcept>

// The ways in which a command ends early. They have different types, because their exit statuses
// differ (`exit_status.hpp`).

namespace forest::cli {

/// The command line is wrong. The sentence names the option and says what to do.
struct usage_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The command line is right, but the system refused, for example because a port is in use.
struct runtime_failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// This machine could not make a check.
struct check_not_made : std::runtime_error {
    using std::runtime_error::runtime_error;
};

} // namespace forest::cli

#endif
