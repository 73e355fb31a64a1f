// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_PEER_HPP
#define FOREST_SIM_CONFORMANCE_PEER_HPP

#include <forest/core/ip_address.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/resolver.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/conformance/harness.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// The other side of a model. It does what the battery plans: the peer of a transport is an HTTP
// server, and the peer of a resolver is a name service.

namespace forest::inline FOREST_FORM::sim::conformance {

/// What a peer does with each request.
enum class peer_act {
    answer,   ///< answers at once
    hold,     ///< keeps the answer ready, and sends it at `release()`
    silence,  ///< accepts the connection, and sends nothing
    drip,     ///< answers byte by byte, so slowly that it takes many seconds
    refuse,   ///< accepts no connection
    reset,    ///< resets the connection in the middle of the answer
    truncate, ///< closes the connection in the middle of the answer
    garbage,  ///< sends bytes that are no HTTP, and closes the connection
};

/// What a peer does from now on, and the answer that it sends.
struct peer_plan {
    peer_act act = peer_act::answer;
    int status = 200;
    std::string fields{}; ///< header lines, each ended by CRLF
    std::string body{};   ///< without framing
    bool chunked = false; ///< whether the body is sent in several chunks
};

/// A request as it arrived at the peer.
struct peer_request {
    std::string target{};         ///< the path, and the query if there is one
    std::string fields{};         ///< header lines, each ended by CRLF
    std::uint64_t connection = 0; ///< the number of the connection on which it came
};

/// A harness for transports: time, and
///
/// - `make()`: returns a transport that reaches the peer;
/// - `target()`: returns the URL of the peer, as it is now;
/// - `plan(plan)`: gives the peer its plan for the requests to come. Returns whether the peer can
///   follow the plan; if not, the battery leaves the plan out. A peer that can answer only in
///   another way, for example with another status, changes `plan` to that answer;
/// - `release()`: sends the answers that are held back, on all connections that are still open;
/// - `received()`: returns all requests that have arrived; none if the peer cannot see them.
template <typename T>
concept transport_harness = time_harness<T> && requires(T& harness, peer_plan& plan) {
    { harness.make() } -> transport;
    { harness.target() } -> std::convertible_to<std::string>;
    { harness.plan(plan) } -> std::convertible_to<bool>;
    harness.release();
    { harness.received() } -> std::convertible_to<std::vector<peer_request>>;
};

/// The answer of the name service for a name.
struct planned_name {
    enum class answer_kind : std::uint8_t {
        addresses, ///< the addresses
        none,      ///< there is no such name
        failure,   ///< the name service reports that it cannot answer
        silence,   ///< nothing, for much longer than any battery takes
    };

    answer_kind kind{};
    std::vector<ip_address> addresses{};
    std::optional<duration> lifetime{}; ///< how long the addresses may be used; empty: not known
};

/// A harness for resolvers: time, and
///
/// - `make()`: returns a new resolver, as a std::unique_ptr, because a resolver need not be
/// movable;
/// - `plan(name, plan)`: from now on the name service answers `plan` for the name. Returns false if
///   the name service cannot. Other names do not exist. Names are in lower case and end in `.test`.
template <typename T>
concept resolver_harness =
    time_harness<T> && requires(T& harness, const std::string& name, const planned_name& plan) {
        requires resolver<typename decltype(harness.make())::element_type>;
        { harness.plan(name, plan) } -> std::convertible_to<bool>;
    };

} // namespace forest::inline FOREST_FORM::sim::conformance

#endif
