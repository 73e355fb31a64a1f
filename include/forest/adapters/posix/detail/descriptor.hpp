// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_POSIX_DETAIL_DESCRIPTOR_HPP
#define FOREST_ADAPTERS_POSIX_DETAIL_DESCRIPTOR_HPP

#include <forest/form.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

// The few calls on POSIX sockets that the peers of the conformance batteries need.

namespace forest::inline FOREST_FORM::detail {

/// Owns a file descriptor, or none, and closes it.
class descriptor {
public:
    descriptor() = default;
    explicit descriptor(int open) noexcept : number_{open} {}
    descriptor(descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
    descriptor& operator=(descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~descriptor() { close(); }

    void close() noexcept {
        if (number_ >= 0)
            ::close(std::exchange(number_, -1));
    }

    [[nodiscard]] int number() const noexcept { return number_; }
    explicit operator bool() const noexcept { return number_ >= 0; }

private:
    int number_ = -1;
};

/// Throws std::system_error with the error of the system call that has just failed.
[[noreturn]] inline void throw_last_error(const char* call) {
    throw std::system_error(errno, std::generic_category(), call);
}

/// Throws std::system_error.
inline void set_nonblocking(const descriptor& socket) {
    const int flags = ::fcntl(socket.number(), F_GETFL);
    if (flags < 0 || ::fcntl(socket.number(), F_SETFL, flags | O_NONBLOCK) < 0)
        throw_last_error("fcntl");
}

[[nodiscard]] inline sockaddr_in loopback(std::uint16_t port) noexcept {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/// Returns a TCP socket that child processes do not inherit. Throws std::system_error.
[[nodiscard]] inline descriptor tcp_socket() {
    descriptor opened{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!opened)
        throw_last_error("socket");
    return opened;
}

/// Returns a TCP socket at a free port of 127.0.0.1. It does not listen yet. Throws
/// std::system_error.
[[nodiscard]] inline descriptor bound_socket() {
    descriptor bound = tcp_socket();
    const sockaddr_in address = loopback(0);
    if (::bind(bound.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw_last_error("bind");
    return bound;
}

/// The port to which a socket is bound. Throws std::system_error.
[[nodiscard]] inline std::uint16_t port_of(const descriptor& socket) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    if (::getsockname(socket.number(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw_last_error("getsockname");
    return ntohs(address.sin_port);
}

} // namespace forest::inline FOREST_FORM::detail

#endif
