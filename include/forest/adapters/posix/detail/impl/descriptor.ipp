// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_POSIX_DETAIL_IMPL_DESCRIPTOR_IPP
#define FOREST_ADAPTERS_POSIX_DETAIL_IMPL_DESCRIPTOR_IPP

#include <forest/adapters/posix/detail/descriptor.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL descriptor& descriptor::operator=(descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
}

FOREST_DECL void throw_last_error(const char* call) {
    throw std::system_error(errno, std::generic_category(), call);
}

FOREST_DECL void set_nonblocking(const descriptor& socket) {
    const int flags = ::fcntl(socket.number(), F_GETFL);
    if (flags < 0 || ::fcntl(socket.number(), F_SETFL, flags | O_NONBLOCK) < 0)
        throw_last_error("fcntl");
}

FOREST_DECL sockaddr_in loopback(std::uint16_t port) noexcept {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

FOREST_DECL descriptor tcp_socket() {
    descriptor opened{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!opened)
        throw_last_error("socket");
    return opened;
}

FOREST_DECL descriptor bound_socket() {
    descriptor bound = tcp_socket();
    const sockaddr_in address = loopback(0);
    if (::bind(bound.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw_last_error("bind");
    return bound;
}

FOREST_DECL std::uint16_t port_of(const descriptor& socket) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    if (::getsockname(socket.number(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw_last_error("getsockname");
    return ntohs(address.sin_port);
}

} // namespace forest::inline FOREST_FORM::detail

#endif
