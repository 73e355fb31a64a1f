// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_CLI_SECRET_HPP
#define FOREST_EXAMPLES_CLI_SECRET_HPP

#include "arguments.hpp"

#include <optional>
#include <string>

// The one place that touches the secret before the library has it; no message ever holds it.

namespace forest::cli {

/// The secret, or nothing with `--unsigned`. A file wins over the variable FOREST_AUTH_SECRET.
/// Throws usage_error when there is none or the file cannot be used.
[[nodiscard]] std::optional<std::string> read_secret(const secret_source& source);

/// The same where `--unsigned` is no option.
[[nodiscard]] std::string require_secret(const secret_source& source);

} // namespace forest::cli

#endif
