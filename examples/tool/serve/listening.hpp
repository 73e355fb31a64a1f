// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_SERVE_LISTENING_HPP
#define FOREST_EXAMPLES_TOOL_SERVE_LISTENING_HPP

#include <tool/output/terminal.hpp>

#include <forest/adapters/asio/asio_server.hpp>

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

// The announcement of the addresses at which a program listens.

namespace forest::cli {

/// Returns `listening on WHERE`, and a line for each address unless the first line has the only
/// address. Logs the addresses that this machine lacks.
inline std::string announcement(const asio_server& server, std::string_view where) {
    for (const std::string& each : server.skipped_endpoints())
        log(fmt::format("not listening on {}: this machine has no such address", each));
    std::string text = fmt::format("listening on {}\n", where);
    const std::vector<std::string> endpoints = server.endpoints();
    if (endpoints.size() == 1 && endpoints.front() == where)
        return text;
    for (const std::string& each : endpoints)
        text += fmt::format("  {}\n", each);
    return text;
}

} // namespace forest::cli

#endif
