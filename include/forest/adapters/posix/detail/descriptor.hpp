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
    descriptor& operator=(descriptor&& other) noexcept;
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
[[noreturn]] FOREST_DECL void throw_last_error(const char* call);

/// Throws std::system_error.
FOREST_DECL void set_nonblocking(const descriptor& socket);

[[nodiscard]] FOREST_DECL sockaddr_in loopback(std::uint16_t port) noexcept;

/// Returns a TCP socket that child processes do not inherit. Throws std::system_error.
[[nodiscard]] FOREST_DECL descriptor tcp_socket();

/// Returns a TCP socket at a free port of 127.0.0.1. It does not listen yet. Throws
/// std::system_error.
[[nodiscard]] FOREST_DECL descriptor bound_socket();

/// The port to which a socket is bound. Throws std::system_error.
[[nodiscard]] FOREST_DECL std::uint16_t port_of(const descriptor& socket);

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/posix/detail/impl/descriptor.ipp>
#endif

#endif
