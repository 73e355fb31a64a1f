// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_CLI_EVENT_JSON_HPP
#define FOREST_EXAMPLES_CLI_EVENT_JSON_HPP

#include <forest/core/event.hpp>
#include <forest/core/time.hpp>

#include <string>

// Events for scripts; docs/tool.md is the contract.

namespace forest::cli {

/// One JSON object and a line end. A member that does not apply is left out; none is null.
[[nodiscard]] std::string event_json(const event& happened, wall_time now);

} // namespace forest::cli

#endif
