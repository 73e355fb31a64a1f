// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_COMMANDS_HPP
#define FOREST_EXAMPLES_TOOL_COMMANDS_HPP

#include <tool/arguments/arguments.hpp>
#include <tool/arguments/exit_status.hpp>

// The five commands. Each throws usage_error if the user must change something, and runtime_failure
// if the system refuses.

namespace forest::cli {

[[nodiscard]] exit_status run(const check_arguments& check);
[[nodiscard]] exit_status run(watch_arguments watch); // may have many targets
[[nodiscard]] exit_status run(const serve_arguments& serve);
[[nodiscard]] exit_status run(const sign_arguments& sign);
[[nodiscard]] exit_status run(const simulate_arguments& simulate);

} // namespace forest::cli

#endif
