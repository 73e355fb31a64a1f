// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_OUTPUT_SERVICE_MANAGER_HPP
#define FOREST_EXAMPLES_TOOL_OUTPUT_SERVICE_MANAGER_HPP

#include <string_view>

// What systemd is told by a unit of Type=notify.

namespace forest::cli {

/// Sends a state, such as `READY=1` or `STOPPING=1`, to the socket that the variable
/// `NOTIFY_SOCKET` names (sd_notify(3)). Does nothing without that variable. If the state cannot be
/// sent, the log says so, since systemd ends a unit that is never ready. Never blocks.
void notify_service_manager(std::string_view state);

} // namespace forest::cli

#endif
