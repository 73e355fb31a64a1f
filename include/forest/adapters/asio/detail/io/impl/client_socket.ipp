// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_IO_IMPL_CLIENT_SOCKET_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_IO_IMPL_CLIENT_SOCKET_IPP

#include <forest/adapters/asio/detail/io/client_socket.hpp>
#include <forest/core/detail/container/fnv_1a.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL void limit_age(client_socket& client, std::chrono::steady_clock::time_point made,
                           duration age_max) noexcept {
    if (client.kept_until != std::chrono::steady_clock::time_point{})
        return;
    const auto moment = static_cast<std::uint64_t>(made.time_since_epoch().count());
    const std::uint64_t drawn = fnv_1a(fnv_1a(fnv_1a_begin, moment), client.peer) >> 32U;
    const double share = static_cast<double>(drawn) / 0x100000000;
    const duration fifth = age_max / 5;
    client.kept_until =
        made + age_max -
        duration{static_cast<duration::rep>(static_cast<double>(fifth.count()) * share)};
    if (client.tls)
        client.valid_until = client.tls->valid_until();
}

FOREST_DECL bool is_usable(const client_socket& client,
                           std::chrono::steady_clock::time_point now) noexcept {
    return now < client.kept_until &&
           (!client.tls || std::chrono::system_clock::now() < client.valid_until);
}

FOREST_DECL void end_tls(client_socket& client) noexcept {
    if (client.tls && client.tls->output().empty() && !client.made.in_child() &&
        client.tls->goodbye())
        (void)client.socket.send(client.tls->output());
    client.tls.reset();
}

} // namespace forest::inline FOREST_FORM::detail

#endif
