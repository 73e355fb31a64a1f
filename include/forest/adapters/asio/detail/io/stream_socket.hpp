// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_IO_STREAM_SOCKET_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_IO_STREAM_SOCKET_HPP

#include <forest/form.hpp>

#include <asio/error.hpp>
#include <asio/generic/stream_protocol.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

// A socket that uses the calls of the system directly. Asio's socket makes twelve system calls for
// one exchange over a fresh connection, but eight are enough. These calls are nearly the whole cost
// of a check.

namespace forest::inline FOREST_FORM::detail {

/// How many bytes were sent or received, or the reason why none were, as a code of Asio. The end of
/// the stream is `asio::error::eof`.
struct transfer {
    std::error_code ec{};
    std::size_t bytes = 0;

    /// Returns whether to try again when the socket is ready. It compares only the number of the
    /// code, because comparing the category takes as long as the rest of a transfer. `eof` has
    /// another number.
    [[nodiscard]] bool would_block() const noexcept { return ec.value() == EAGAIN; }
};

/// A stream socket that never blocks. Not thread-safe.
class stream_socket {
public:
    using endpoint = asio::generic::stream_protocol::endpoint;

    stream_socket() noexcept = default;
    stream_socket(stream_socket&& other) noexcept
        : descriptor_{std::exchange(other.descriptor_, -1)} {}
    stream_socket& operator=(stream_socket&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~stream_socket() { close(); }

    [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }
    [[nodiscard]] int native_handle() const noexcept { return descriptor_; }

    /// Begins to connect. Without an error the connection is made or under way. The first `send`
    /// shows the state: it would block if the connection is under way, and fails if the connection
    /// has failed.
    [[nodiscard]] std::error_code connect(const endpoint& address) noexcept {
        close();
        const int family = address.protocol().family();
        descriptor_ = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
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

    /// Sends as many of `bytes` as there is room for. Without bytes it checks whether the socket is
    /// connected.
    [[nodiscard]] transfer send(std::string_view bytes) noexcept {
        return transfer_of(::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
    }

    /// Receives the available bytes into `room`, which must not be empty.
    [[nodiscard]] transfer receive(std::span<char> room) noexcept {
        const ssize_t count = ::recv(descriptor_, room.data(), room.size(), 0);
        if (count == 0)
            return {.ec = asio::error::eof};
        return transfer_of(count);
    }

    /// Returns whether the connection is open and all its bytes were received.
    [[nodiscard]] bool is_silent() const noexcept {
        char byte = 0;
        return ::recv(descriptor_, &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN;
    }

    /// Makes the next `close` reset the connection. Bytes that were sent but have not arrived are
    /// then lost.
    void reset_when_closed() noexcept {
        set_option(SOL_SOCKET, SO_LINGER, linger{.l_onoff = 1, .l_linger = 0});
    }

    void close() noexcept {
        if (const int descriptor = std::exchange(descriptor_, -1); descriptor >= 0)
            ::close(descriptor);
    }

private:
    // Returns whether this machine has an address from which `address` can be reached. A machine
    // without IPv6 reports the same error for `::1` as when all its ports are taken. So this uses a
    // datagram socket: it shares no ports with streams, and sends nothing.
    static bool has_source_for(const endpoint& address) noexcept {
        stream_socket probe;
        probe.descriptor_ = ::socket(address.protocol().family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
        const auto size = static_cast<socklen_t>(address.size());
        return !probe.is_open() || ::connect(probe.descriptor_, address.data(), size) == 0 ||
               errno != EADDRNOTAVAIL;
    }

    static std::error_code last_error() noexcept {
        return {errno, asio::error::get_system_category()};
    }

    static transfer transfer_of(ssize_t count) noexcept {
        if (count < 0)
            return {.ec = last_error()};
        return {.bytes = static_cast<std::size_t>(count)};
    }

    // Ignores an option that cannot be set.
    template <typename Value>
    void set_option(int level, int name, const Value& value) noexcept {
        ::setsockopt(descriptor_, level, name, &value, sizeof value);
    }

    int descriptor_ = -1;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
