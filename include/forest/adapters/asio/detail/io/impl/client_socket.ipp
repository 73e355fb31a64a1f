// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_IO_IMPL_CLIENT_SOCKET_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_IO_IMPL_CLIENT_SOCKET_IPP

#include <forest/adapters/asio/detail/io/client_socket.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL void end_tls(client_socket& client) noexcept {
    if (client.tls && client.tls->output().empty() && !client.made.in_child() &&
        client.tls->goodbye())
        (void)client.socket.send(client.tls->output());
    client.tls.reset();
}

} // namespace forest::inline FOREST_FORM::detail

#endif
