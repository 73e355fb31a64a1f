// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_COMMANDS_HPP
#define FOREST_EXAMPLES_TOOL_COMMANDS_HPP

#include <tool/arguments/arguments.hpp>
#include <tool/arguments/exit_status.hpp>

// The five commands. Each throws usage_error for what the user must change, and runtime_failure for
// what the system refuses.

namespace forest::cli {

[[nodiscard]] exit_status run(const check_arguments& check);
[[nodiscard]] exit_status run(watch_arguments watch); // whose targets may be many
[[nodiscard]] exit_status run(const serve_arguments& serve);
[[nodiscard]] exit_status run(const sign_arguments& sign);
[[nodiscard]] exit_status run(const simulate_arguments& simulate);

} // namespace forest::cli

#endif
