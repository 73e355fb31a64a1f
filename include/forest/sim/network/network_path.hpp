// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_NETWORK_PATH_HPP
#define FOREST_SIM_NETWORK_NETWORK_PATH_HPP

#include <forest/core/url.hpp>
#include <forest/form.hpp>
#include <forest/sim/network/client_network.hpp>
#include <forest/sim/network/link.hpp>
#include <forest/sim/network/server_process.hpp>
#include <forest/sim/time/host.hpp>
#include <forest/sim/trace/trace.hpp>

#include <cstdint>
#include <functional>

// The way of one request through a simulated network.

namespace forest::inline FOREST_FORM::sim {

/// The host that sends, the link, and the server. All must outlive the transports; `lines`, `sent`
/// and `network` may be null.
struct network_path {
    host* client = nullptr;
    link* over = nullptr;
    server_process* server = nullptr;
    trace* lines = nullptr;
    const std::function<void(int)>* sent = nullptr; ///< gets the number of requests in flight
    std::uint16_t subject = 0;                      ///< for the lines of the trace
    client_network* network = nullptr;              ///< null: a check is one message and its answer
};

/// Returns the path of a request by its URL.
using path_chooser = std::function<network_path(const url&)>;

} // namespace forest::inline FOREST_FORM::sim

#endif
