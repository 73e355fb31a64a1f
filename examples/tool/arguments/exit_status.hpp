// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_ARGUMENTS_EXIT_STATUS_HPP
#define FOREST_EXAMPLES_TOOL_ARGUMENTS_EXIT_STATUS_HPP

// The exit statuses of the tool, of `warehouse` and of `master`.

namespace forest::cli {

/// The exit statuses of the tool; scripts rely on them.
enum class exit_status {
    success = 0,      ///< healthy, or ended as asked
    failure = 1,      ///< unhealthy, or could not continue
    usage_error = 2,  ///< the command line, a file or the environment must be changed first
    inconclusive = 3, ///< the check could not be made here, and so says nothing of the server
};

} // namespace forest::cli

#endif
