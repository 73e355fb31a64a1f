// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_ARGUMENTS_USAGE_ERROR_HPP
#define FOREST_EXAMPLES_TOOL_ARGUMENTS_USAGE_ERROR_HPP

#include <stdexcept>

// The ways in which a command ends early, apart because their exit statuses are.

namespace forest::cli {

/// The exit statuses of the tool; scripts rely on them.
enum class exit_status {
    success = 0,      ///< healthy, or ended as asked
    failure = 1,      ///< unhealthy, or could not go on
    usage_error = 2,  ///< the command line, a file or the environment must be changed first
    inconclusive = 3, ///< the check could not be made here, and so says nothing of the server
};

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
