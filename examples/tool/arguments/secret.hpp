// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_ARGUMENTS_SECRET_HPP
#define FOREST_EXAMPLES_TOOL_ARGUMENTS_SECRET_HPP

#include "arguments.hpp"

#include <optional>
#include <string>
#include <string_view>

// Only this code uses the secret before the library gets it. No message contains it.

namespace forest::cli {

/// Takes the secret out of the environment: keeps a copy for `read_secret`, overwrites the value in
/// place, so that /proc/PID/environ does not show it, and removes the variable, so that no child
/// process inherits it. Call it in `main`, before any thread runs.
void take_secret_variable();

/// If `name` is a pipe, waits until something has come from it. Throws usage_error after 5 s. For
/// files that are read without a bound.
void await_pipe(std::string_view option, const std::string& name);

/// Warns on standard error when other users may read or change a file that holds a secret.
void warn_if_others_may_read(std::string_view option, const std::string& name);

/// The secret, or nothing with `--unsigned`. A file takes precedence over the variable
/// FOREST_AUTH_SECRET. Throws usage_error if there is no secret or the file cannot be used. A file
/// that is not regular must end within 5 s. Warns if others may read the file.
[[nodiscard]] std::optional<std::string> read_secret(const secret_source& source);

/// The same where `--unsigned` is no option.
[[nodiscard]] std::string require_secret(const secret_source& source);

} // namespace forest::cli

#endif
