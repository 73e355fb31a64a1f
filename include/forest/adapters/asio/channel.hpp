// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_CHANNEL_HPP
#define FOREST_ADAPTERS_ASIO_CHANNEL_HPP

#include <forest/adapters/asio/dialler.hpp>
#include <forest/adapters/asio/link.hpp>
#include <forest/adapters/asio/stream_socket.hpp>
#include <forest/adapters/openssl/tls_session.hpp>
#include <forest/core/error.hpp>
#include <forest/core/url.hpp>

#include <asio/error.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <span>
#include <string_view>
#include <system_error>

// One message to a server and the bytes that it says to that, with TLS in between or without.

namespace forest::detail {

/// Sends and receives. All members are called with the lock of the footing held.
template <typename Footing>
class channel : public dialler<Footing> {
protected:
    using base = dialler<Footing>;
    using base::base;
    using base::fail_later;
    using base::line;
    using typename base::clock;
    using typename base::lock;

    // All of the message is on its way.
    virtual void sent(clock::time_point at) = 0;
    // Where what is received next is to be put. Not empty.
    virtual std::span<char> free_space() = 0;
    // That many bytes were put there, or none will be. Answers whether that was all to receive.
    virtual bool received(lock& held, std::error_code ec, std::size_t count) = 0;

    // Sends `message` over a connection of its own. Both stay valid until all is received. Ends in
    // `received` or `failed`, never from inside.
    void call(lock& held, const url& target, std::string_view message) {
        target_ = &target;
        message_ = message;
        fresh_ = true;
        base::dial(held, target, is_encrypted() ? std::string_view{} : message);
    }

    // Sends `message` over the current connection, which is idle. As `call`; false when TLS cannot
    // send any more.
    [[nodiscard]] bool call_again(lock& held, std::string_view message) {
        message_ = message;
        fresh_ = false;
        silent_ = true;
        return send(held);
    }

    // Whether the current connection has nothing to say. What came while it was idle, a 408
    // perhaps, must not pass for an answer to what is sent next.
    [[nodiscard]] bool is_idle() noexcept {
        return line().socket.is_silent() && (!line().tls || line().tls->idle());
    }

    void close() noexcept override {
        end_tls(line());
        this->drop();
    }

private:
    using step = void (channel::*)(lock& held);
    using progress = tls_session::progress;

    [[nodiscard]] bool is_encrypted() const noexcept {
        return target_->scheme() == url_scheme::https;
    }

    void connected(lock& held, std::size_t bytes) final {
        silent_ = true;
        if (is_encrypted()) {
            line().tls.emplace(this->tls().begin(*target_));
            return handshake(held);
        }
        if (bytes < message_.size())
            return write(held, message_.substr(bytes), &channel::written);
        sent(this->connected_at_);
        receive(held);
    }

    void handshake(lock& held) {
        const auto outcome = line().tls->handshake();
        if (outcome == progress::wants_input)
            return exchange(held, &channel::handshake);
        if (outcome == progress::done) {
            this->timings_.tls = clock::now() - this->connected_at_;
            if (send(held))
                return;
        }
        // An alert that tells the peer why goes out, if the socket takes it at once.
        (void)line().socket.send(line().tls->output());
        line().tls->output_sent();
        fail_later(errc::tls_failed);
    }

    [[nodiscard]] bool send(lock& held) {
        if (line().tls && line().tls->send(message_) != progress::done)
            return false;
        write(held, line().tls ? line().tls->output() : message_, &channel::written);
        return true;
    }

    void written(lock& held) {
        sent(clock::now());
        if (!line().tls)
            return receive(held);
        line().tls->output_sent();
        // An idle connection has nothing to give yet, and must not end inside of the call.
        if (fresh_)
            return receive_tls(held);
        resume_ = &channel::receive_tls;
        receive(held);
    }

    // Sends all of `bytes`, then goes on. What the peer said before it stopped listening is still
    // worth reading, so a failure is left to the reading that follows.
    void write(lock& held, std::string_view bytes, step then) {
        unsent_ = bytes;
        written_ = then;
        write_on(held);
    }

    void write_on(lock& held) {
        while (!unsent_.empty()) {
            const transfer last = line().socket.send(unsent_);
            if (last.would_block())
                return this->wait_writable(static_cast<typename base::step>(&channel::write_on));
            if (last.ec)
                break;
            unsent_.remove_prefix(last.bytes);
        }
        (this->*written_)(held);
    }

    // Receives what there is, and waits for more. Some footings tell only once that something has
    // come, so nothing may be left in the socket by whoever waits.
    void receive(lock& held) {
        while (!silent_) {
            if (line().tls)
                return receive_encrypted(held);
            const transfer last = line().socket.receive(free_space());
            silent_ = last.would_block();
            if (!silent_ && received(held, last.ec, last.bytes))
                return;
        }
        wait();
    }

    void wait() {
        silent_ = false; // when the wait ends
        this->wait_readable(static_cast<typename base::step>(&channel::receive));
    }

    void receive_encrypted(lock& held) {
        std::array<char, tls_input_bytes> bytes;
        const transfer last = line().socket.receive(bytes);
        if (last.would_block())
            return wait();
        if (last.ec && resume_ == &channel::handshake)
            return this->failed(held, errc::tls_failed);
        // An end without the goodbye of TLS proves nothing: it is never the end of a body.
        if (last.ec)
            return (void)received(held, asio::error::connection_reset, 0);
        line().tls->input({bytes.data(), last.bytes});
        (this->*resume_)(held);
    }

    // Says to the peer what TLS has to say, then goes on with what the peer says.
    void exchange(lock& held, step then) {
        resume_ = then;
        write(held, line().tls->output(), &channel::exchanged);
    }

    void exchanged(lock& held) {
        line().tls->output_sent();
        receive(held);
    }

    void receive_tls(lock& held) {
        for (;;) {
            std::size_t count = 0;
            switch (line().tls->receive(free_space(), count)) {
            case progress::done:
                if (received(held, {}, count))
                    return;
                break;
            // A peer may want an answer first, in TLS 1.2 to a request to negotiate anew.
            case progress::wants_input: return exchange(held, &channel::receive_tls);
            case progress::closed: return (void)received(held, asio::error::eof, 0);
            case progress::failed: return this->failed(held, errc::tls_failed);
            }
        }
    }

    static constexpr std::size_t tls_input_bytes = 4096;

    const url* target_ = nullptr;
    std::string_view message_;
    bool fresh_ = true;
    bool silent_ = true; // what came has been received
    std::string_view unsent_;
    step written_ = nullptr; // how to go on when that is sent
    step resume_ = nullptr;  // and when TLS has got what it wants
};

} // namespace forest::detail

#endif
