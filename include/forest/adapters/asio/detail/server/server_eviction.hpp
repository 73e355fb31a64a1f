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
FOREST_DECL std::shared_ptr<server_connection> first_to_give_way(const connection_list& list,
                                                                 const server_connection* asking);

// Returns the next connection to close for another one; null if there is none. If `asking` is a
// stranger, only strangers are closed for it.
FOREST_DECL std::shared_ptr<server_connection>
next_to_give_way(const server_state& server, const server_connection* asking = {});

/// The result of the attempt to make room for one more connection.
struct accept_room {
    enum class kind { made, not_yet, none } result;
    server_connection::clock::time_point when{}; ///< when to try again, after `not_yet`
};

/// Closes one connection to make a place and to free a descriptor. If there is none to close, the
/// answer that is held longest is asked for; its connection is closed after it. Called in a turn.
/// Releases the lock while a handler runs.
FOREST_DECL accept_room make_place(server_state& server, std::unique_lock<std::mutex>& lock);

FOREST_DECL bool make_room(server_state& server, std::size_t bytes,
                           const server_connection& asking);

// Asks for all answers that are held.
FOREST_DECL void end_holds(server_state& server);

// Closes the connections on which no request has begun.
FOREST_DECL void close_idle(server_state& server);

// Closes every connection, even during an answer.
FOREST_DECL void close_all(server_state& server);

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/server/impl/server_eviction.ipp>
#endif

#endif
