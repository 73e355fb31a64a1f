// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SERVER_EVICTION_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SERVER_EVICTION_HPP

#include <forest/adapters/asio/detail/server/server_connection.hpp>
#include <forest/adapters/asio/detail/server/server_state.hpp>
#include <forest/form.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>

// Chooses the connections that a server closes to make room. All functions are called under the
// server's lock.

namespace forest::inline FOREST_FORM::detail {

// A stranger stays at least this time, multiplied by the number of the server's strangers. So a
// client can send its request during a burst of connections. Four thousand connections a second are
// still accepted, which is the whole backlog.
inline constexpr std::chrono::microseconds stranger_stay{250};
inline constexpr std::chrono::milliseconds stranger_stay_max{250};

// How long the kernel holds back connections that send nothing, after a stranger was closed to make
// room for another one.
inline constexpr std::chrono::seconds pressure_lasts{10};

// Returns the first connection of a list that gives way and is not `asking`; null if there is none.
inline std::shared_ptr<server_connection> first_to_give_way(const connection_list& list,
                                                            const server_connection* asking) {
    const auto now = server_connection::clock::now();
    const auto found = std::find_if(list.begin(), list.end(), [&](const auto& each) {
        return each.get() != asking && each->gives_way(now);
    });
    return found == list.end() ? nullptr : *found;
}

// Returns the next connection to close for another one; null if there is none. If `asking` is a
// stranger, only strangers are closed for it.
inline std::shared_ptr<server_connection> next_to_give_way(const server_state& server,
                                                           const server_connection* asking = {}) {
    if (auto stranger = first_to_give_way(server.strangers, asking))
        return stranger;
    if (asking != nullptr && asking->is_stranger())
        return nullptr;
    if (auto waiting = first_to_give_way(server.idle, asking))
        return waiting;
    return first_to_give_way(server.busy, asking);
}

/// The result of the attempt to make room for one more connection.
struct accept_room {
    enum class kind { made, not_yet, none } result;
    server_connection::clock::time_point when{}; ///< when to try again, after `not_yet`
};

/// Closes one connection to make a place and to free a descriptor. Called in a turn. Releases the
/// lock while a handler runs.
inline accept_room make_place(server_state& server, std::unique_lock<std::mutex>& lock) {
    while (true) {
        const auto next = next_to_give_way(server);
        if (next == nullptr)
            return {accept_room::kind::none};
        if (!next->is_stranger()) {
            next->close();
            return {accept_room::kind::made};
        }
        const auto stay = std::min<server_connection::clock::duration>(
            server.strangers.size() * stranger_stay, stranger_stay_max);
        const auto now = server_connection::clock::now();
        if (now < next->accepted_at() + stay)
            return {accept_room::kind::not_yet, next->accepted_at() + stay};
        next->look_once_more(lock);
        if (server.stopping)
            return {accept_room::kind::none};
        if (next->closed())
            return {accept_room::kind::made};
        if (!next->is_stranger() || !next->gives_way(now))
            continue; // A handler has taken its request.
        next->close();
        server.pressed_until = now + pressure_lasts;
        return {accept_room::kind::made};
    }
}

inline bool make_room(server_state& server, std::size_t bytes, const server_connection& asking) {
    while (!server.memory.fits(bytes)) {
        const auto next = next_to_give_way(server, &asking);
        if (next == nullptr)
            return false;
        next->close();
    }
    return true;
}

// Closes the connections on which no request has begun.
inline void close_idle(server_state& server) {
    for (connection_list* list : {&server.strangers, &server.idle}) {
        for (auto next = list->begin(); next != list->end();) {
            const std::shared_ptr<server_connection> connection = *next++;
            if (connection->idle())
                connection->close();
        }
    }
}

// Closes every connection, even during an answer.
inline void close_all(server_state& server) {
    for (connection_list* list : {&server.strangers, &server.idle, &server.busy}) {
        while (!list->empty()) {
            const std::shared_ptr<server_connection> connection = list->front();
            connection->close();
        }
    }
}

} // namespace forest::inline FOREST_FORM::detail

#endif
