// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_CONNECTION_HPP
#define FOREST_ADAPTERS_ASIO_CONNECTION_HPP

#include <forest/adapters/asio/asio_serializer.hpp>
#include <forest/adapters/asio/dialler.hpp>
#include <forest/adapters/asio/error.hpp>
#include <forest/adapters/openssl/tls_context.hpp>
#include <forest/adapters/openssl/tls_session.hpp>
#include <forest/core/error.hpp>
#include <forest/core/options.hpp>
#include <forest/core/request_writer.hpp>
#include <forest/core/response_parser.hpp>
#include <forest/core/time.hpp>
#include <forest/core/unique_function.hpp>
#include <forest/core/url.hpp>
#include <forest/policy/transport.hpp>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// One GET over one socket, step by step: dial, TLS, send, receive. It can be cancelled from any
// thread, because every step runs under the dialler's mutex.

namespace forest::detail {

class connection final : public dialler {
public:
    connection(asio_serializer serializer, const tls_options& tls, bool reuse)
        : dialler{serializer.get_executor()}, serializer_{std::move(serializer)},
          tls_options_{tls}, reuse_{reuse} {
        // Files that the user named are read now, so that a mistake is found at the start and not
        // at the first check.
        if (!tls.ca_file.empty() || !tls.certificate_file.empty() || !tls.private_key_file.empty())
            tls_context_.emplace(tls);
    }

    void get(const request& what, duration timeout, unique_function<void(const reply&)> handler) {
        const std::lock_guard lock{mutex_};
        assert(!handler_); // One GET at a time.
        handler_ = std::move(handler);
        what_ = &what;
        timings_ = {};
        started_ = clock::now();
        deadline_ = started_ + std::clamp(timeout, duration::zero(), options::duration_max);
        request_size_ = write_request(request_, "GET", what.target, what.fields, reuse_);
        if (what.fresh_connection || !keeps_connection_to(what.target))
            close();
        reused_ = socket_.is_open();
        parser_.reset(what.limits);
        received_ = 0;
        next_step();
        if (request_size_ == 0)
            return fail_later(errc::header_too_large);
        if (!reused_)
            return dial(what.target);
        set_timer(deadline_);
        send();
    }

    // Destructors call this: a handler that there is no memory to post is dropped, and outside the
    // lock, because it may be the last to own this connection.
    void cancel() noexcept try {
        unique_function<void(const reply&)> pending;
        unique_lock lock{mutex_};
        pending = std::move(handler_);
        close();
        stop_waiting();
        lock.unlock();
        if (pending)
            serializer_.post([handler = std::move(pending)]() mutable {
                reply canceled;
                canceled.error = errc::operation_canceled;
                handler(canceled);
            });
    } catch (const std::bad_alloc&) {
    }

private:
    void connected() override {
        if (what_->target.scheme() != url_scheme::https)
            return send();
        handshake_began_ = clock::now();
        if (!tls_context_)
            tls_context_.emplace(tls_options_);
        tls_.emplace(*tls_context_, what_->target);
        handshake();
    }

    void failed(unique_lock& lock, errc why) override { finish(lock, why); }

    void handshake() {
        const auto progress = tls_->handshake();
        if (progress == tls_session::progress::done) {
            timings_.tls = clock::now() - handshake_began_;
            return send();
        }
        // An alert that tells the peer why goes out even when the handshake has failed.
        write(tls_->output(), [progress](connection& self, unique_lock& lock) {
            self.tls_->output_sent();
            if (progress != tls_session::progress::wants_input)
                return self.finish(lock, errc::tls_failed);
            self.read_tls(&connection::handshake);
        });
    }

    void send() {
        parser_.reset(what_->limits);
        received_ = 0;
        std::string_view bytes{request_.data(), request_size_};
        if (tls_) {
            // A kept session may have become unable to send; its replacement need not be.
            if (tls_->send(bytes) != tls_session::progress::done)
                return reused_ ? received_later(asio::error::connection_reset, 0)
                               : fail_later(errc::tls_failed);
            bytes = tls_->output();
        }
        write(bytes, [](connection& self, unique_lock&) {
            if (self.tls_)
                self.tls_->output_sent();
            self.sent_ = clock::now();
            self.receive();
        });
    }

    // Sends all of `bytes`. What the peer said before it stopped listening is still worth reading,
    // so a failure is left to the reading that follows.
    template <typename Then>
    void write(std::string_view bytes, Then then) {
        if (bytes.empty())
            return asio::post(executor_, guarded<connection>(then));
        socket_.async_write_some(
            asio::buffer(bytes.data(), bytes.size()),
            guarded<connection>([bytes, then](connection& self, unique_lock& lock,
                                              std::error_code ec, std::size_t sent) {
                if (ec || sent == bytes.size())
                    return then(self, lock);
                self.write(bytes.substr(sent), then);
            }));
    }

    void receive() {
        if (tls_)
            return receive_tls();
        socket_.async_read_some(
            asio::buffer(free_space().data(), free_space().size()),
            guarded<connection>([](connection& self, unique_lock& lock, std::error_code ec,
                                   std::size_t count) { self.received(lock, ec, count); }));
    }

    void receive_tls() {
        std::size_t count = 0;
        switch (tls_->receive(free_space(), count)) {
        case tls_session::progress::done: return received_later({}, count);
        case tls_session::progress::wants_input:
            // A peer may want an answer first, in TLS 1.2 to a request to negotiate anew.
            if (tls_->output().empty())
                return read_tls(&connection::receive_tls);
            return write(tls_->output(), [](connection& self, unique_lock&) {
                self.tls_->output_sent();
                self.read_tls(&connection::receive_tls);
            });
        case tls_session::progress::closed: return received_later(asio::error::eof, 0);
        case tls_session::progress::failed: return fail_later(errc::tls_failed);
        }
    }

    // Feeds TLS with what comes from the peer, then goes on.
    void read_tls(void (connection::*then)()) {
        socket_.async_read_some(asio::buffer(tls_input_),
                                guarded<connection>([then](connection& self, unique_lock& lock,
                                                           std::error_code ec, std::size_t count) {
                                    if (ec && then == &connection::handshake)
                                        return self.finish(lock, errc::tls_failed);
                                    // An end without the goodbye of TLS proves nothing: it is never
                                    // the end of a body.
                                    if (ec)
                                        return self.received(lock, asio::error::connection_reset,
                                                             0);
                                    self.tls_->input({self.tls_input_.data(), count});
                                    (self.*then)();
                                }));
    }

    void received(unique_lock& lock, std::error_code ec, std::size_t count) {
        if (count > 0 && !timings_.first_byte)
            timings_.first_byte = clock::now() - sent_;
        if (ec && reused_ && !parser_.started()) {
            // The server had closed the kept connection: that is no failure (once).
            reused_ = false;
            return dial(what_->target);
        }
        if (ec == asio::error::eof)
            parser_.finish();
        else if (ec)
            return finish(lock, stream_error(ec));
        else
            received_ = parser_.parse({buffer_.data(), received_ + count});
        if (!parser_.done())
            return receive();
        finish(lock, parser_.error());
    }

    void received_later(std::error_code ec, std::size_t count) {
        asio::post(executor_, guarded<connection>([ec, count](connection& self, unique_lock& lock) {
                       self.received(lock, ec, count);
                   }));
    }

    void fail_later(errc error) {
        asio::post(executor_, guarded<connection>([error](connection& self, unique_lock& lock) {
                       self.finish(lock, error);
                   }));
    }

    void finish(unique_lock& lock, std::error_code error) {
        stop_waiting();
        if (error || !reuse_ || !parser_.keep_alive())
            close();
        else
            kept_for_ = what_->target.text();
        timings_.total = clock::now() - started_;
        const std::span<const char> data{buffer_.data(), received_};
        reply result;
        result.error = error;
        result.status = parser_.status();
        result.fields = parser_.fields(data);
        if (!error)
            result.body = parser_.body(data);
        result.timings = timings_;
        auto done = [this, self = shared_from_this(), handler = std::move(handler_), result,
                     number = ++finished_]() mutable {
            handler(result);
            release_large_buffer(number);
        };
        lock.unlock();
        serializer_.run(std::move(done));
    }

    // A schema of megabytes comes once a day; its room is not kept until the next. Unless a GET
    // that the handler has begun uses it: it may have ended already and wait for its turn.
    void release_large_buffer(std::uint64_t finished) {
        std::vector<char> released; // assigning an empty one would keep the room
        const std::lock_guard lock{mutex_};
        if (!handler_ && finished == finished_ && buffer_.size() > buffer_bytes_kept)
            buffer_.swap(released);
    }

    std::span<char> free_space() {
        if (received_ == buffer_.size())
            buffer_.resize(std::max<std::size_t>(buffer_bytes_min, 2 * buffer_.size()));
        return std::span{buffer_}.subspan(received_);
    }

    // Bytes that came while the connection was idle, a 408 perhaps, must not pass for the next
    // answer.
    [[nodiscard]] bool keeps_connection_to(const url& target) const {
        std::error_code ec;
        return socket_.is_open() && kept_for_ == target.text() && (!tls_ || tls_->idle()) &&
               socket_.available(ec) == 0 && !ec;
    }

    void close() noexcept override {
        std::error_code ignored;
        // The goodbye that RFC 8446, 6.1 asks for, if the socket takes it at once.
        if (tls_ && tls_->output().empty() && tls_->goodbye() &&
            !socket_.non_blocking(true, ignored))
            socket_.write_some(asio::buffer(tls_->output()), ignored);
        socket_.close(ignored);
        tls_.reset();
    }

    static constexpr std::size_t buffer_bytes_min = 4096;
    static constexpr std::size_t buffer_bytes_kept = 128 * 1024; // any answer to a check
    static constexpr std::size_t tls_input_bytes = 4096;

    asio_serializer serializer_;
    tls_options tls_options_;
    std::optional<tls_context> tls_context_;
    std::optional<tls_session> tls_;
    bool reuse_;
    bool reused_ = false;
    unique_function<void(const reply&)> handler_;
    const request* what_ = nullptr;
    std::string kept_for_; // the URL of the last check, while its connection is kept
    clock::time_point handshake_began_, sent_;
    std::array<char, request_bytes_max> request_;
    std::size_t request_size_ = 0;
    std::array<char, tls_input_bytes> tls_input_;
    std::vector<char> buffer_;
    std::size_t received_ = 0;
    std::uint64_t finished_ = 0; // counts the GETs that have ended
    response_parser parser_;
};

} // namespace forest::detail

#endif
