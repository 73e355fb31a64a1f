// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_IO_STREAM_SOCKET_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_IO_STREAM_SOCKET_HPP

#include <forest/core/time.hpp>
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

/// How many bytes were sent or received, or the reason why none were. It has the number of an error
/// and no std::error_code: the category of each of these would take a call.
struct transfer {
    std::size_t bytes = 0;
    int error = 0;      ///< of the system; 0 if there is none
    bool ended = false; ///< the peer has ended the stream

    /// Returns whether to try again when the socket is ready.
    [[nodiscard]] bool would_block() const noexcept { return error == EAGAIN; }

    [[nodiscard]] std::error_code code() const noexcept {
        return {error, asio::error::get_system_category()};
    }
};

/// A stream socket that never blocks. Not thread-safe.
class stream_socket {
public:
    using endpoint = asio::generic::stream_protocol::endpoint;

    stream_socket() noexcept = default;
    stream_socket(stream_socket&& other) noexcept
        : descriptor_{std::exchange(other.descriptor_, -1)} {}
    stream_socket& operator=(stream_socket&& other) noexcept;
    ~stream_socket() { close(); }

    [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }
    [[nodiscard]] int native_handle() const noexcept { return descriptor_; }

    /// Begins to connect. Without an error the connection is made or under way. The first `send`
    /// shows the state: it would block if the connection is under way, and fails if the connection
    /// has failed.
    [[nodiscard]] std::error_code connect(const endpoint& address) noexcept;

    /// Sends as many of `bytes` as there is room for. Without bytes it checks whether the socket is
    /// connected.
    [[nodiscard]] transfer send(std::string_view bytes) noexcept;

    /// Receives the available bytes into `room`, which must not be empty.
    [[nodiscard]] transfer receive(std::span<char> room) noexcept;

    /// Returns how long the connect took, of which `at_most` is known. A thread that was preempted
    /// notices the end of the connect late, but the system has measured it.
    [[nodiscard]] duration connect_time(duration at_most) const noexcept;

    /// Returns whether the connection is open and all its bytes were received.
    [[nodiscard]] bool is_silent() const noexcept;

    /// Makes the next `close` reset the connection. Bytes that were sent but have not arrived are
    /// then lost.
    void reset_when_closed() noexcept;

    void close() noexcept;

private:
    // Returns whether this machine has an address from which `address` can be reached. A machine
    // without IPv6 reports the same error for `::1` as when all its ports are taken. So this uses a
    // datagram socket: it shares no ports with streams, and sends nothing.
    static bool has_source_for(const endpoint& address) noexcept;

    static std::error_code last_error() noexcept {
        return {errno, asio::error::get_system_category()};
    }

    static transfer transfer_of(ssize_t count) noexcept;

    // Ignores an option that cannot be set.
    template <typename Value>
    void set_option(int level, int name, const Value& value) noexcept {
        ::setsockopt(descriptor_, level, name, &value, sizeof value);
    }

    int descriptor_ = -1;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/io/impl/stream_socket.ipp>
#endif

#endif
