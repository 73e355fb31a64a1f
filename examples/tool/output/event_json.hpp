// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_OUTPUT_EVENT_JSON_HPP
#define FOREST_EXAMPLES_TOOL_OUTPUT_EVENT_JSON_HPP

#include "event_text.hpp"
#include "line_queue.hpp"

#include <forest/core/event.hpp>
#include <forest/core/time.hpp>

#include <string>

// Events for scripts; docs/tool.md is the contract.

namespace forest::cli {

/// One JSON object and a line end. A member that does not apply is left out; none is null. `down`
/// is the current outage of a server that is no longer watched, if any.
[[nodiscard]] std::string event_json(const event& happened, wall_time now,
                                     const ongoing_outage* down = nullptr);

/// Returns a line about the lines that were left out because nobody read them.
[[nodiscard]] std::string omitted_json(const left_out& gap);

} // namespace forest::cli

#endif
