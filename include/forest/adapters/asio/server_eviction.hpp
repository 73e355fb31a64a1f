// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_SERVER_EVICTION_HPP
#define FOREST_ADAPTERS_ASIO_SERVER_EVICTION_HPP

#include <forest/adapters/asio/server_connection.hpp>
#include <forest/adapters/asio/server_state.hpp>

#include <memory>

// Which connections a server closes of its own accord. All are called under its lock.

namespace forest::detail {

// Makes room: closes the connection that has waited the longest for a complete request, if any.
inline void close_longest_waiting(server_state& server) {
    if (server.waiting.empty())
        return;
    const std::shared_ptr<server_connection> longest = server.waiting.front();
    longest->close();
}

// Closes the connections on which no request has begun.
inline void close_idle(server_state& server) {
    for (auto next = server.waiting.begin(); next != server.waiting.end();) {
        const std::shared_ptr<server_connection> connection = *next++;
        if (connection->idle())
            connection->close();
    }
}

// Closes every connection, also those that are being answered.
inline void close_all(server_state& server) {
    for (connection_list* list : {&server.waiting, &server.busy}) {
        while (!list->empty()) {
            const std::shared_ptr<server_connection> connection = list->front();
            connection->close();
        }
    }
}

} // namespace forest::detail

#endif
