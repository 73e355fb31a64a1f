// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_PEER_HPP
#define FOREST_SIM_CONFORMANCE_PEER_HPP

#include <forest/policy/transport.hpp>
#include <forest/sim/conformance/harness.hpp>

#include <concepts>
#include <cstdint>
#include <string>
#include <vector>

// Whom a transport talks to while it is examined: a server that does what the battery says.

namespace forest::sim::conformance {

/// What a peer does with each request.
enum class peer_act {
    answer,   ///< answers at once
    hold,     ///< has the answer ready, and sends it when it is released
    silence,  ///< accepts, and says nothing
    drip,     ///< answers byte by byte, so slowly that it takes many seconds
    refuse,   ///< accepts no connection
    reset,    ///< resets the connection in the middle of the answer
    truncate, ///< closes it there
    garbage,  ///< sends bytes that are no HTTP, and closes
};

/// What a peer is to do from now on, and what it answers.
struct peer_plan {
    peer_act act = peer_act::answer;
    int status = 200;
    std::string fields{}; ///< header lines, each ended by CRLF
    std::string body{};   ///< without framing
    bool chunked = false; ///< whether it is sent in several chunks
};

/// A request as it arrived at the peer.
struct peer_request {
    std::string target{};         ///< the path, and the query if there is one
    std::string fields{};         ///< header lines, each ended by CRLF
    std::uint64_t connection = 0; ///< on which it came; of each a number of its own
};

/// A harness for transports: time, and
///
/// - `make()`: answers a transport to the peer;
/// - `target()`: the URL of the peer, as it is now;
/// - `plan(what)`: tells the peer what to do with the requests to come, and answers whether it can:
///   what a peer cannot do is not checked. If it can but answers something else, it says so in
///   `what`, as one that knows one status only does;
/// - `release()`: sends the answers that are held back, to whoever still listens;
/// - `received()`: all requests that have arrived; if the peer cannot see them, none.
template <typename T>
concept transport_harness = time_harness<T> && requires(T& harness, peer_plan& what) {
    { harness.make() } -> transport;
    { harness.target() } -> std::convertible_to<std::string>;
    { harness.plan(what) } -> std::convertible_to<bool>;
    harness.release();
    { harness.received() } -> std::convertible_to<std::vector<peer_request>>;
};

} // namespace forest::sim::conformance

#endif
