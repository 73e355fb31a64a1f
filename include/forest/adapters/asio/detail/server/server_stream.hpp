// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SERVER_STREAM_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SERVER_STREAM_HPP

#include <forest/adapters/openssl/tls_context.hpp>
#include <forest/adapters/openssl/tls_session.hpp>
#include <forest/form.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

// The bytes of an accepted connection, over TCP or a unix socket, plain or with TLS. This stream
// never waits. A server that reads only arrived bytes needs no buffer for a client that sends
// nothing. Before it closes a connection, it can also see at once whether bytes have arrived.

namespace forest::inline FOREST_FORM::detail {

/// One accepted connection as a stream of plain text. All members except the constructor are called
/// under the server's lock.
class server_stream {
public:
    /// The result of a call.
    enum class stream_result {
        done,
        wants_read,       ///< call again when the socket can be read
        wants_write,      ///< call again when the socket can be written
        wants_later_call, ///< call again in a later turn
        ended,            ///< by the client, or by an error
    };

    server_stream(const asio::any_io_executor& executor, const tls_context* tls)
        : socket_{executor} {
        if (tls != nullptr)
            tls_.emplace(*tls);
    }

    /// Takes the socket over. With an error it stays the caller's.
    std::error_code assign(int descriptor);

    /// For waits only.
    [[nodiscard]] asio::posix::stream_descriptor& socket() noexcept { return socket_; }

    /// Call it when bytes may have arrived since the last call of `receive`.
    void look_again() noexcept { emptied_ = false; }

    /// Receives the available bytes into `space`, which is not empty; `count` is above 0 when done.
    /// With TLS, `scratch` holds the encrypted bytes, and the first calls perform the handshake.
    stream_result receive(std::span<char> space, std::span<char> scratch, std::size_t& count);

    /// Receives bytes that are not needed any more.
    stream_result discard(std::span<char> scratch, std::size_t& count) {
        return read(scratch, count);
    }

    /// Begins to send `head` and then `body`. `head` and `body` must stay unchanged until all is
    /// sent. After bytes that are the `last` ones, only `discard` receives anything.
    void begin_sending(std::string_view head, std::string_view body, bool last) noexcept;

    [[nodiscard]] bool sending() const noexcept;

    /// Continues to send; `count` is the number of bytes that the system has taken.
    stream_result send(std::size_t& count);

    /// Informs the client that nothing more comes.
    void shutdown_sending() noexcept;

    [[nodiscard]] bool is_open() const noexcept { return socket_.is_open(); }

    void close() noexcept;

    /// Returns the number of bytes that the stream holds outside this object. OpenSSL does not
    /// report its share; it was measured.
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
        return tls_ ? tls_session_bytes + tls_->output().size() : 0;
    }

    static constexpr std::size_t tls_session_bytes = std::size_t{48} * 1024;

private:
    using progress = tls_session::progress;

    // How much of an answer is sent in one turn.
    static constexpr std::size_t bytes_per_turn = std::size_t{256} * 1024;

    // One record. More would only need memory for bytes that have to wait.
    static constexpr std::size_t encrypted_at_once = std::size_t{16} * 1024;

    // A client that sends records without content gets only this many reads in a turn.
    static constexpr int tls_reads_max = 4;

    stream_result read(std::span<char> space, std::size_t& count) noexcept;

    // Writes plain text.
    stream_result write(std::size_t& count) noexcept;

    // Encrypts the next piece. The closing message follows the last piece.
    bool encrypt();

    [[nodiscard]] std::size_t unsent() const noexcept {
        return tls_ ? tls_->output().size() - flushed_ : 0;
    }

    // Sends the output of the TLS session.
    stream_result flush() noexcept;

    // The system is called directly, so this is only used for waits. The client uses the same type.
    asio::posix::stream_descriptor socket_;
    std::optional<tls_session> tls_;
    std::string_view head_; // the unsent part of the head
    std::string_view body_;
    std::size_t flushed_ = 0; // the sent bytes of the output of the TLS session
    bool last_ = false;
    bool emptied_ = false; // the last read took all arrived bytes
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/server/impl/server_stream.ipp>
#endif

#endif
