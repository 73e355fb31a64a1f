// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_LINK_HPP
#define FOREST_ADAPTERS_ASIO_LINK_HPP

#include <forest/adapters/asio/stream_socket.hpp>
#include <forest/adapters/openssl/tls_session.hpp>

#include <optional>

// What leads to a server, and is all that has to be kept of a connection between two checks.

namespace forest::detail {

struct link {
    stream_socket socket;
    std::optional<tls_session> tls; ///< within the socket, when there is TLS
};

/// Says the goodbye that RFC 8446, 6.1 asks for, if the socket takes it at once, and ends TLS.
inline void end_tls(link& of) noexcept {
    if (of.tls && of.tls->output().empty() && of.tls->goodbye())
        (void)of.socket.send(of.tls->output());
    of.tls.reset();
}

} // namespace forest::detail

#endif
