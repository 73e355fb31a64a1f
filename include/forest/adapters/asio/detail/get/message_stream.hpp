// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_GET_MESSAGE_STREAM_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_GET_MESSAGE_STREAM_HPP

#include <forest/adapters/asio/detail/get/connector.hpp>
#include <forest/adapters/asio/detail/io/client_socket.hpp>
#include <forest/adapters/asio/detail/io/stream_socket.hpp>
#include <forest/adapters/openssl/tls_session.hpp>
#include <forest/core/error.hpp>
#include <forest/core/url.hpp>
#include <forest/form.hpp>

#include <asio/error.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string_view>
#include <system_error>

// One message to a server and the bytes of its answer, with TLS or without.

namespace forest::inline FOREST_FORM::detail {

/// Sends and receives. All members are called with the lock of the I/O backend held.
template <typename Io>
class message_stream : public connector<Io> {
protected:
    using base = connector<Io>;
    using base::base;
    using base::connected_at_;
    using base::drop;
    using base::fail_later;
    using base::failed;
    using base::socket;
    using base::take_up;
    using base::target_;
    using base::timings_;
    using base::tls;
    using base::wait_readable;
    using base::wait_writable;
    using base::wake_later;
    using typename base::clock;
    using typename base::lock;

    ~message_stream() = default; // NOLINT(modernize-use-override): virtual only in some Ios

    // The whole message has been sent.
    virtual void sent(clock::time_point moment) = 0;
    // Returns the place for the next received bytes. It is not empty.
    virtual std::span<char> free_space() = 0;
    // `count` bytes were received, or `ec` is the reason why no more bytes will come.
    virtual step_result received(lock& held, std::error_code ec, std::size_t count) = 0;

    // Sends `message` over a new connection. `target` and `message` must stay valid until all is
    // received. At the end, `received` or `failed` is called, but never during this call.
    void call(lock& held, const url& target, std::string_view message) {
        message_ = message;
        fresh_ = true;
        const bool encrypted = target.scheme() == url_scheme::https;
        base::dial(held, target, encrypted ? std::string_view{} : message);
    }

    // Like `call`, but sends `message` over the current, idle connection. Returns false if TLS
    // cannot send any more.
    [[nodiscard]] bool call_again(lock& held, std::string_view message) {
        message_ = message;
        fresh_ = false;
        silent_ = true;
        if (!begin_to_send())
            return false;
        take_up();
        (void)proceed(held);
        return true;
    }

    // Returns whether nothing has arrived on the current connection. Bytes that came on an idle
    // connection, such as a 408, must not be taken for the answer to the next request.
    [[nodiscard]] bool is_idle() noexcept {
        return socket().socket.is_silent() && (!socket().tls || socket().tls->idle());
    }

    void close() noexcept override {
        end_tls(socket());
        drop();
    }

private:
    using progress = tls_session::progress;

    // The next step.
    enum class task : std::uint8_t {
        shake_hands,
        say,    // send the output of TLS
        listen, // receive the input that TLS needs
        send,   // send the message
        receive,
    };

    void connected(lock& held, std::size_t bytes) final {
        silent_ = true;
        if (target_->scheme() == url_scheme::https) {
            socket().tls.reset(new tls_session{tls().begin(*target_)});
            task_ = task::shake_hands;
        } else if (bytes < message_.size()) {
            unsent_ = message_.substr(bytes);
            task_ = task::send;
        } else {
            sent(connected_at_);
            task_ = task::receive;
            return wait();
        }
        (void)proceed(held);
    }

    step_result proceed(lock& held) final {
        reads_left_ = reads_per_turn;
        for (;;) {
            const step_result last = take_step(held);
            if (last != step_result::go_on)
                return last;
        }
    }

    step_result take_step(lock& held) {
        switch (task_) {
        case task::shake_hands: return shake_hands();
        case task::say:
        case task::send: return write();
        case task::listen: return listen(held);
        case task::receive: break;
        }
        return socket().tls ? decrypt(held) : receive(held);
    }

    step_result shake_hands() {
        const auto reached = socket().tls->handshake();
        if (reached == progress::wants_input)
            return exchange();
        if (reached == progress::done) {
            timings_.tls = clock::now() - connected_at_;
            if (begin_to_send())
                return step_result::go_on;
        }
        // Sends an alert that informs the peer, if the socket takes it at once.
        (void)socket().socket.send(socket().tls->output());
        socket().tls->output_sent();
        fail_later(socket().tls->failure());
        return step_result::wait;
    }

    [[nodiscard]] bool begin_to_send() {
        if (socket().tls && socket().tls->send(message_) != progress::done)
            return false;
        unsent_ = socket().tls ? socket().tls->output() : message_;
        task_ = task::send;
        return true;
    }

    // Sends the output of TLS, then receives from the peer, and then repeats the present step.
    step_result exchange() {
        resumed_ = task_;
        unsent_ = socket().tls->output();
        task_ = task::say;
        return step_result::go_on;
    }

    // The peer may have sent bytes before it stopped receiving, and these must still be read. So
    // the next read reports the failure.
    step_result write() {
        while (!unsent_.empty()) {
            const transfer last = socket().socket.send(unsent_);
            if (last.would_block()) {
                wait_writable();
                return step_result::wait;
            }
            if (last.ec)
                break;
            unsent_.remove_prefix(last.bytes);
        }
        if (socket().tls)
            socket().tls->output_sent();
        if (task_ == task::send) {
            sent(clock::now());
            resumed_ = task::receive;
        }
        // A kept session has no decrypted bytes yet. So it waits for input first: the GET must not
        // end during this call.
        const bool listens = task_ == task::say || (socket().tls && !fresh_);
        task_ = listens ? task::listen : task::receive;
        return step_result::go_on;
    }

    step_result listen(lock& held) {
        std::array<char, tls_input_bytes> bytes;
        transfer last;
        if (!read(bytes, last))
            return step_result::wait;
        if (last.ec && resumed_ == task::shake_hands)
            return fail(held);
        // Without the closing message of TLS, the end of the connection proves nothing: it is never
        // the end of a body.
        if (last.ec)
            return received(held, asio::error::connection_reset, 0);
        if (!socket().tls->input({bytes.data(), last.bytes}))
            throw std::bad_alloc{};
        task_ = resumed_;
        return step_result::go_on;
    }

    step_result decrypt(lock& held) {
        std::size_t count = 0;
        switch (socket().tls->receive(free_space(), count)) {
        case progress::done: return received(held, {}, count);
        // A peer may need an answer first, for example to a request to renegotiate in TLS 1.2.
        case progress::wants_input: return exchange();
        case progress::closed: return received(held, asio::error::eof, 0);
        case progress::failed: break;
        }
        return fail(held);
    }

    step_result receive(lock& held) {
        transfer last;
        if (!read(free_space(), last))
            return step_result::wait;
        return received(held, last.ec, last.bytes);
    }

    step_result fail(lock& held) {
        failed(held, socket().tls->failure());
        return step_result::done;
    }

    // Reads the available bytes. If there are none, begins a wait and returns false. Some I/O
    // backends do not repeat a report of arrived bytes, so all bytes in the socket are read before
    // the next wait. A peer that never stops sending must not block others or the deadline.
    bool read(std::span<char> room, transfer& last) {
        if (!silent_) {
            if (reads_left_-- == 0) {
                wake_later();
                return false;
            }
            last = socket().socket.receive(room);
            if (!last.would_block())
                return true;
        }
        wait();
        return false;
    }

    void wait() {
        silent_ = false; // bytes may have arrived when the wait ends
        wait_readable();
    }

    static constexpr std::size_t tls_input_bytes = 4096;
    static constexpr unsigned reads_per_turn = 4; // 4 reads hold up to 600 messages of TLS

    std::string_view message_;
    bool fresh_ = true;
    bool silent_ = true; // all bytes that arrived have been received
    task task_ = task::receive;
    task resumed_ = task::receive; // the step after TLS has its input
    unsigned reads_left_ = 0;      // in this turn
    std::string_view unsent_;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
