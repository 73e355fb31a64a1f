// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_IO_CLIENT_SOCKET_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_IO_CLIENT_SOCKET_HPP

#include <forest/adapters/asio/detail/io/stream_socket.hpp>
#include <forest/adapters/openssl/tls_session.hpp>

#include <chrono>
#include <optional>

// What leads to a server, and is all that has to be kept of a connection between two checks.

namespace forest::detail {

/// For how long a connection is kept that nobody uses. Long enough for an interval of some minutes;
/// what stands between it and its server may have forgotten it by then, and a target that is no
/// longer watched should not hold a descriptor for ever.
inline constexpr std::chrono::minutes kept_idle_max{10};

struct client_socket {
    stream_socket socket;
    std::optional<tls_session> tls; ///< within the socket, when there is TLS
};

/// Says the goodbye that RFC 8446, 6.1 asks for, if the socket takes it at once, and ends TLS.
inline void end_tls(client_socket& of) noexcept {
    if (of.tls && of.tls->output().empty() && of.tls->goodbye())
        (void)of.socket.send(of.tls->output());
    of.tls.reset();
}

} // namespace forest::detail

#endif
