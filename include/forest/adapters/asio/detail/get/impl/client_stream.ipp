// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_GET_IMPL_CLIENT_STREAM_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_GET_IMPL_CLIENT_STREAM_IPP

#include <forest/adapters/asio/detail/get/client_stream.hpp>
#include <forest/adapters/asio/detail/io/error.hpp>
#include <forest/adapters/asio/detail/io/stream_socket.hpp>
#include <forest/adapters/openssl/tls_session.hpp>

#include <array>
#include <new>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL void client_stream::begin(bool fresh) noexcept {
    *this = client_stream{};
    fresh_ = fresh;
    reads_left_ = reads_per_turn;
}

FOREST_DECL void client_stream::woke() noexcept {
    silent_ = false;
    reads_left_ = reads_per_turn;
}

FOREST_DECL stream_progress client_stream::handshake(client_socket& socket) {
    using progress = tls_session::progress;
    for (;;) {
        if (const stream_progress last = flush(socket); last != stream_progress::done)
            return last;
        switch (socket.tls->handshake()) {
        // What is left of the handshake is sent with the message.
        case progress::done: return stream_progress::done;
        case progress::wants_input: break;
        case progress::closed:
        case progress::failed:
            (void)socket.socket.send(socket.tls->output());
            socket.tls->output_sent();
            return break_off(socket.tls->failure());
        }
        if (const stream_progress last = flush(socket); last != stream_progress::done)
            return last;
        const stream_progress last = feed(socket);
        if (last == stream_progress::ended || last == stream_progress::broken)
            return break_off(socket.tls->failure());
        if (last != stream_progress::done)
            return last;
    }
}

FOREST_DECL stream_progress client_stream::send(client_socket& socket, std::string_view message) {
    if (socket.tls) {
        if (!encrypted_) {
            if (socket.tls->send(message) != tls_session::progress::done)
                return break_off(socket.tls->failure());
            encrypted_ = true;
        }
        return flush(socket);
    }
    while (sent_ < message.size()) {
        const transfer last = socket.socket.send(message.substr(sent_));
        if (last.would_block())
            return stream_progress::wants_room;
        if (last.error != 0)
            break;
        sent_ += last.bytes;
    }
    return stream_progress::done;
}

FOREST_DECL stream_progress client_stream::receive(client_socket& socket, std::span<char> room,
                                                   std::size_t& count) {
    using progress = tls_session::progress;
    if (!socket.tls)
        return read(socket, room, count);
    for (;;) {
        if (const stream_progress last = flush(socket); last != stream_progress::done)
            return last;
        // A kept session has no decrypted bytes yet.
        switch (fresh_ || !silent_ ? socket.tls->receive(room, count) : progress::wants_input) {
        case progress::done: return stream_progress::done;
        case progress::closed: return stream_progress::ended;
        case progress::failed: return break_off(socket.tls->failure());
        // A peer may need an answer first, for example to a request to renegotiate in TLS 1.2.
        case progress::wants_input: break;
        }
        if (const stream_progress last = flush(socket); last != stream_progress::done)
            return last;
        const stream_progress last = feed(socket);
        // Without the closing message of TLS, the end of the connection proves nothing: it is never
        // the end of a body.
        if (last == stream_progress::ended)
            return break_off(errc::connection_lost);
        if (last != stream_progress::done)
            return last;
    }
}

// The peer may have sent bytes before it stopped receiving, and these must still be read. So the
// next read reports a failure.
FOREST_DECL stream_progress client_stream::flush(client_socket& socket) {
    const std::string_view output = socket.tls->output();
    while (sent_ < output.size()) {
        const transfer last = socket.socket.send(output.substr(sent_));
        if (last.would_block())
            return stream_progress::wants_room;
        if (last.error != 0)
            break;
        sent_ += last.bytes;
    }
    if (!output.empty())
        socket.tls->output_sent();
    sent_ = 0;
    return stream_progress::done;
}

FOREST_DECL stream_progress client_stream::feed(client_socket& socket) {
    std::array<char, tls_input_bytes> bytes;
    std::size_t count = 0;
    const stream_progress last = read(socket, bytes, count);
    if (last == stream_progress::done && !socket.tls->input({bytes.data(), count}))
        throw std::bad_alloc{};
    return last;
}

FOREST_DECL stream_progress client_stream::read(client_socket& socket, std::span<char> room,
                                                std::size_t& count) {
    if (silent_)
        return stream_progress::wants_input;
    if (reads_left_ == 0)
        return stream_progress::busy;
    --reads_left_;
    const transfer last = socket.socket.receive(room);
    if (last.would_block()) {
        silent_ = true;
        return stream_progress::wants_input;
    }
    if (last.ended)
        return stream_progress::ended;
    if (last.error != 0)
        return break_off(stream_error(last.code()));
    count = last.bytes;
    return stream_progress::done;
}

FOREST_DECL stream_progress client_stream::break_off(errc why) noexcept {
    error_ = why;
    return stream_progress::broken;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
