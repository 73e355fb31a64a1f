// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_GET_CLIENT_STREAM_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_GET_CLIENT_STREAM_HPP

#include <forest/adapters/asio/detail/io/client_socket.hpp>
#include <forest/core/error.hpp>
#include <forest/form.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <system_error>

// The bytes of one GET over a connected socket, with TLS or without. It never waits.

namespace forest::inline FOREST_FORM::detail {

/// What a call has achieved.
enum class stream_progress : std::uint8_t {
    done,
    wants_input, ///< call again when the socket can be read
    wants_room,  ///< call again when the socket can be written
    busy,        ///< call again later: the peer never stops sending, and others have to get a turn
    ended,       ///< the peer has ended the connection in order
    broken,      ///< see `error()`
};

/// Not thread-safe.
class client_stream {
public:
    /// Begins with a connection. `fresh`: it is not a kept one, which has ended its handshake.
    void begin(bool fresh) noexcept;

    /// The wait for the socket has ended, so there may be bytes to read.
    void woke() noexcept;

    /// Makes TLS. `socket.tls` must have been made. On failure it sends an alert that informs the
    /// peer, if the socket takes it at once.
    [[nodiscard]] stream_progress handshake(client_socket& socket);

    /// Sends what is left of `message` behind the first `sent` bytes; call it with the same message
    /// until it is done. A connection that breaks meanwhile is done, too: the peer may have sent
    /// the reason before, and it must still be read. `broken` means that TLS cannot send.
    [[nodiscard]] stream_progress send(client_socket& socket, std::string_view message);

    /// The first `bytes` of the message were sent together with the connect.
    void sent(std::size_t bytes) noexcept { sent_ = bytes; }

    /// Receives available bytes into `room`, which must not be empty; `count` is above 0 when done.
    [[nodiscard]] stream_progress receive(client_socket& socket, std::span<char> room,
                                          std::size_t& count);

    [[nodiscard]] errc error() const noexcept { return error_; }

private:
    // Sends what TLS has for the peer.
    stream_progress flush(client_socket& socket);

    // Gives TLS what has arrived.
    stream_progress feed(client_socket& socket);

    // Reads what has arrived. Some I/O backends do not repeat a report of arrived bytes, so all
    // bytes in the socket are read before the next wait.
    stream_progress read(client_socket& socket, std::span<char> room, std::size_t& count);

    stream_progress break_off(errc why) noexcept;

    static constexpr std::size_t tls_input_bytes = 4096;
    static constexpr unsigned reads_per_turn = 4; // 4 reads hold up to 600 messages of TLS

    std::size_t sent_ = 0;    // of the message, or of the output of TLS
    unsigned reads_left_ = 0; // in this turn
    bool fresh_ = true;
    bool silent_ = true;     // all bytes that arrived have been received
    bool encrypted_ = false; // the message is in the output of TLS
    errc error_{};
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/get/impl/client_stream.ipp>
#endif

#endif
