// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_IO_IMPL_STREAM_SOCKET_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_IO_IMPL_STREAM_SOCKET_IPP

#include <forest/adapters/asio/detail/io/stream_socket.hpp>

#include <algorithm>
#include <chrono>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL stream_socket& stream_socket::operator=(stream_socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

FOREST_DECL std::error_code stream_socket::connect(const endpoint& address) noexcept {
    close();
    const int family = address.protocol().family();
    descriptor_ = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor_ < 0 && family == AF_UNSPEC) // see literal_endpoint
        return {EMFILE, asio::error::get_system_category()};
    if (descriptor_ < 0)
        return last_error();
#if defined(TCP_QUICKACK)
    // This lets the system send the last message of the handshake with the request. That saves
    // one packet, and one wake-up of the server.
    if (family != AF_UNIX)
        set_option(IPPROTO_TCP, TCP_QUICKACK, 0);
#endif
    if (::connect(descriptor_, address.data(), static_cast<socklen_t>(address.size())) == 0 ||
        errno == EINPROGRESS)
        return {};
    if (errno == EADDRNOTAVAIL && !has_source_for(address))
        return {ENETUNREACH, asio::error::get_system_category()};
    return last_error();
}

FOREST_DECL transfer stream_socket::send(std::string_view bytes) noexcept {
    return transfer_of(::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

FOREST_DECL transfer stream_socket::receive(std::span<char> room) noexcept {
    const ssize_t count = ::recv(descriptor_, room.data(), room.size(), 0);
    if (count == 0)
        return {.ended = true};
    return transfer_of(count);
}

FOREST_DECL bool stream_socket::is_silent() const noexcept {
    char byte = 0;
    return ::recv(descriptor_, &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN;
}

FOREST_DECL duration stream_socket::connect_time(duration at_most) const noexcept {
    constexpr std::chrono::milliseconds not_worth_asking{1};
    if (at_most < not_worth_asking)
        return at_most;
    tcp_info info{};
    socklen_t size = sizeof info;
    const bool known = ::getsockopt(descriptor_, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
                       info.tcpi_rtt > 0 && info.tcpi_total_retrans == 0;
    return known ? std::min<duration>(at_most, std::chrono::microseconds{info.tcpi_rtt}) : at_most;
}

FOREST_DECL void stream_socket::reset_when_closed() noexcept {
    set_option(SOL_SOCKET, SO_LINGER, linger{.l_onoff = 1, .l_linger = 0});
}

FOREST_DECL void stream_socket::close() noexcept {
    if (const int descriptor = std::exchange(descriptor_, -1); descriptor >= 0)
        ::close(descriptor);
}

FOREST_DECL bool stream_socket::has_source_for(const endpoint& address) noexcept {
    stream_socket probe;
    probe.descriptor_ = ::socket(address.protocol().family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const auto size = static_cast<socklen_t>(address.size());
    return !probe.is_open() || ::connect(probe.descriptor_, address.data(), size) == 0 ||
           errno != EADDRNOTAVAIL;
}

FOREST_DECL transfer stream_socket::transfer_of(ssize_t count) noexcept {
    if (count < 0)
        return {.error = errno};
    return {.bytes = static_cast<std::size_t>(count)};
}

} // namespace forest::inline FOREST_FORM::detail

#endif
