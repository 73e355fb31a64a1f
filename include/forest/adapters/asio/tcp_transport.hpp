// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_TCP_TRANSPORT_HPP
#define FOREST_ADAPTERS_ASIO_TCP_TRANSPORT_HPP

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/asio/transport_options.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>

#include <concepts>
#include <utility>

// Checks of servers that speak no HTTP: a connection that opens is healthy.

namespace forest::inline FOREST_FORM {

/// Connects to a server and sends nothing: a model of `transport`.
///
/// From examples/recipes/watch_a_port.cpp:
///     forest::basic_health_client client{
///         forest::tcp_transport{clock}, clock,  forest::unsigned_requests{},
///         forest::constant_backoff{},   target, often};
///
/// A connection that is made is closed at once, and the reply is that of a healthy server: the
/// status 200 and the body `{"status":"ok"}`. The target may have any scheme: `tcp://host:port`, a
/// unix socket, or http and https, of which only host and port are used. All addresses of a name
/// are tried (RFC 8305). It needs no secret, because there is no request that could be signed.
///
/// **Thread safety:** all members may be called from any thread. The handlers of the transport and
/// of the clock run one at a time.
///
/// **Lifetime:** the execution context must outlive the transport, and the request must stay valid
/// until the handler is called. Destroying the transport cancels a pending GET. A transport that
/// was moved from may only be destroyed.
///
/// **Errors:** those of an asio_transport until the connection is made: `resolve_failed`,
/// `connection_refused`, `unreachable`, `timed_out`, `local_resources_exhausted` and
/// `resolver_unavailable`. The constructors throw std::bad_alloc.
template <typename Resolver>
class basic_tcp_transport {
public:
    using names = typename basic_asio_transport<Resolver>::names;

    /// Makes a transport on the execution context of the clock. It looks names up with
    /// `name_source`.
    basic_tcp_transport(const asio_clock& clock, const names& name_source)
        : connector_{clock, name_source, {.connect_only = true}} {}

    /// Makes a transport with the names that all clients of the clock's context share.
    explicit basic_tcp_transport(const asio_clock& clock)
        requires std::constructible_from<basic_asio_transport<Resolver>, const asio_clock&,
                                         const transport_options&>
        : connector_{clock, {.connect_only = true}} {}

    /// Shortens longer timeouts to `options::duration_max`.
    template <typename Handler>
    void async_get(const request& http_request, duration timeout, Handler&& handler) {
        connector_.async_get(http_request, timeout, std::forward<Handler>(handler));
    }

    /// Ends the pending attempts to connect.
    void cancel() noexcept { connector_.cancel(); }

private:
    basic_asio_transport<Resolver> connector_;
};

/// A transport that looks names up as the system does.
using tcp_transport = basic_tcp_transport<getaddrinfo_resolver>;

static_assert(transport<tcp_transport>);

} // namespace forest::inline FOREST_FORM

#endif
