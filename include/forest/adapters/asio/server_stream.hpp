// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_SERVER_STREAM_HPP
#define FOREST_ADAPTERS_ASIO_SERVER_STREAM_HPP

#include <forest/adapters/asio/asio_serializer.hpp>
#include <forest/adapters/openssl/tls_context.hpp>
#include <forest/adapters/openssl/tls_session.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/basic_stream_socket.hpp>
#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/post.hpp>
#include <asio/socket_base.hpp>

#include <cassert>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// The bytes of an accepted connection, whether over TCP or a unix socket, plain or with TLS. What
// they mean is for server_connection to say, which derives from this.

namespace forest::detail {

class server_stream : public std::enable_shared_from_this<server_stream> {
public:
    using socket_type =
        asio::basic_stream_socket<asio::generic::stream_protocol, asio::any_io_executor>;

    server_stream(const server_stream&) = delete;
    server_stream& operator=(const server_stream&) = delete;
    virtual ~server_stream() = default;

protected:
    using lock_type = std::unique_lock<std::mutex>;

    server_stream(std::shared_ptr<std::mutex> mutex, const asio_serializer& turns,
                  socket_type&& socket, const tls_context* tls)
        : mutex_{std::move(mutex)}, turns_{turns}, socket_{std::move(socket)} {
        if (tls != nullptr) {
            tls_.emplace(*tls);
            tls_input_.resize(tls_input_bytes);
        }
    }

    // All members are called under the lock.

    virtual void received(lock_type& lock, std::error_code ec, std::size_t count) = 0;
    virtual void sent(lock_type& lock, std::error_code ec) = 0;
    virtual void sent_some() = 0; // of what is being sent

    // A completion handler that goes on in its turn and under the lock, unless the stream has been
    // closed. It owns the stream.
    template <typename Then>
    auto guarded(Then then) {
        return [self = shared_from_this(), then](const auto&... results) {
            self->turns_.run([self, then, results...] {
                lock_type lock{*self->mutex_};
                if (self->socket_.is_open())
                    then(*self, lock, results...);
            });
        };
    }

    // Reads some bytes into `space`, which is not empty, then calls `received`. The first call of
    // a TLS stream shakes hands.
    void receive(std::span<char> space) {
        assert(!reading_ && !space.empty());
        reading_ = true;
        space_ = space;
        if (tls_)
            receive_tls();
        else
            read_socket();
    }

    // Reads what nobody wants any more; `received` is told how much it was. May be called while
    // a read is under way, which then becomes such a one.
    void discard(std::span<char> scratch) {
        discarding_ = true;
        if (reading_)
            return;
        reading_ = true;
        space_ = scratch;
        read_socket();
    }

    // Sends all of `plain`, which stays valid, then calls `sent`. After the last bytes nothing is
    // decrypted any more, because the buffer of the TLS engine is in use until they are gone.
    void send(std::string_view plain, bool last) {
        assert(!writing_);
        writing_ = true;
        discarding_ = discarding_ || last;
        if (!tls_)
            return write(plain, &server_stream::finish_sending);
        if (tls_->send(plain) != tls_session::progress::done)
            return asio::post(turns_.get_executor(),
                              guarded([](server_stream& self, lock_type& lock) {
                                  self.finish_sending(lock, asio::error::connection_aborted);
                              }));
        if (last)
            tls_->goodbye();
        write(tls_->output(), &server_stream::finish_sending);
    }

    // Whether bytes are on their way out.
    [[nodiscard]] bool sending() const noexcept { return writing_; }

    void shutdown_sending() noexcept {
        std::error_code ignored;
        socket_.shutdown(asio::socket_base::shutdown_send, ignored);
    }

    void close_socket() noexcept {
        std::error_code ignored;
        socket_.close(ignored);
    }

private:
    using progress = tls_session::progress;
    using after_write = void (server_stream::*)(lock_type&, std::error_code);

    void read_socket() {
        const std::span<char> into = tls_ ? std::span{tls_input_} : space_;
        socket_.async_read_some(asio::buffer(into.data(), into.size()),
                                guarded([](server_stream& self, lock_type& lock, std::error_code ec,
                                           std::size_t count) {
                                    if (ec || !self.tls_ || self.discarding_)
                                        return self.finish_receiving(lock, ec, count);
                                    self.tls_->input({self.tls_input_.data(), count});
                                    self.receive_tls();
                                }));
    }

    void receive_tls() {
        std::size_t count = 0;
        tls_progress_ = tls_->receive(space_, count);
        if (tls_progress_ == progress::done)
            return asio::post(turns_.get_executor(),
                              guarded([count](server_stream& self, lock_type& lock) {
                                  self.finish_receiving(lock, {}, count);
                              }));
        if (tls_progress_ == progress::wants_input && tls_->output().empty())
            return read_socket();
        // The handshake, or the alert that tells the peer why it failed.
        writing_ = true;
        write(tls_->output(), &server_stream::flushed);
    }

    void flushed(lock_type& lock, std::error_code ec) {
        writing_ = false;
        tls_->output_sent();
        if (ec || tls_progress_ == progress::failed)
            return finish_receiving(lock, asio::error::connection_aborted, 0);
        if (tls_progress_ == progress::closed)
            return finish_receiving(lock, asio::error::eof, 0);
        read_socket();
    }

    void finish_receiving(lock_type& lock, std::error_code ec, std::size_t count) {
        reading_ = false;
        received(lock, ec, count);
    }

    void finish_sending(lock_type& lock, std::error_code ec) {
        writing_ = false;
        if (tls_)
            tls_->output_sent();
        sent(lock, ec);
    }

    void write(std::string_view bytes, after_write then) {
        socket_.async_write_some(asio::buffer(bytes.data(), bytes.size()),
                                 guarded([bytes, then](server_stream& self, lock_type& lock,
                                                       std::error_code ec, std::size_t count) {
                                     if (ec || count == bytes.size())
                                         return (self.*then)(lock, ec);
                                     self.sent_some();
                                     self.write(bytes.substr(count), then);
                                 }));
    }

    static constexpr std::size_t tls_input_bytes = 4096;

    std::shared_ptr<std::mutex> mutex_;
    asio_serializer turns_; // the server's
    socket_type socket_;
    std::optional<tls_session> tls_;
    std::vector<char> tls_input_;
    progress tls_progress_ = progress::done;
    std::span<char> space_;
    bool reading_ = false;
    bool writing_ = false;
    bool discarding_ = false;
};

} // namespace forest::detail

#endif
