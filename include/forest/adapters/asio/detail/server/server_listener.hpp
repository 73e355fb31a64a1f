// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SERVER_LISTENER_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SERVER_LISTENER_HPP

#include <forest/adapters/asio/detail/io/handler_memory.hpp>
#include <forest/adapters/asio/detail/server/server_connection.hpp>
#include <forest/adapters/asio/detail/server/server_eviction.hpp>
#include <forest/adapters/asio/detail/server/server_socket_file.hpp>
#include <forest/adapters/asio/detail/server/server_state.hpp>
#include <forest/adapters/openssl/tls_context.hpp>
#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>
#include <forest/form.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/basic_socket_acceptor.hpp>
#include <asio/error.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/v6_only.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/socket_base.hpp>
#include <asio/steady_timer.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

// One address that a server listens on.

namespace forest::inline FOREST_FORM::detail {

class server_listener : public std::enable_shared_from_this<server_listener> {
public:
    using endpoint = asio::generic::stream_protocol::endpoint;

    explicit server_listener(std::shared_ptr<server_state> server,
                             std::shared_ptr<const tls_context> tls = {})
        : server_{std::move(server)},
          acceptor_{server_->turns.get_executor()},
          timer_{server_->turns.get_executor()},
          tls_{std::move(tls)} {}

    // All members are called under the server's lock.

    // Binds to an address, but accepts nothing yet. Returns the error of the system, for example if
    // it does not have the address or its family. `shares_port` means that a listener of the other
    // family has the same port.
    std::error_code bind(const endpoint& address, bool shares_port) {
        std::error_code ec = open(address);
        // The address can be used again while old connections of an earlier process are ending.
        if (!ec)
            acceptor_.set_option(asio::socket_base::reuse_address(true), ec);
        if (!ec && shares_port && address.protocol().family() == AF_INET6)
            acceptor_.set_option(asio::ip::v6_only(true), ec);
        if (!ec)
            acceptor_.bind(address, ec);
        return ec;
    }

    // Like `bind`, for a socket file with the permissions `mode`.
    std::error_code bind_unix(const std::string& path, unsigned mode) {
        const asio::local::stream_protocol::endpoint address{path};
        if (const std::error_code ec = file_.claim(path))
            return ec;
        std::error_code ec = open(address);
        if (!ec && !server_socket_file::restrict(acceptor_.native_handle(), mode))
            return errc::listen_failed;
        if (!ec)
            acceptor_.bind(address, ec);
        if (ec)
            return ec == asio::error::address_in_use ? errc::address_in_use : errc::listen_failed;
        path_ = path;
        return file_.bound(mode) ? std::error_code{} : errc::listen_failed;
    }

    // Begins to accept.
    std::error_code listen() {
        std::error_code ec;
        acceptor_.listen(server_->limits.backlog, ec);
        if (!ec)
            acceptor_.non_blocking(true, ec);
        if (!ec)
            wait();
        return ec;
    }

    // Returns the address; the port is 0 for a unix socket.
    [[nodiscard]] asio::ip::tcp::endpoint tcp_endpoint() const {
        asio::ip::tcp::endpoint result;
        std::error_code ec;
        const endpoint address = acceptor_.local_endpoint(ec);
        if (!ec && path_.empty()) {
            std::memcpy(result.data(), address.data(), address.size());
            result.resize(address.size());
        }
        return result;
    }

    // Returns the beginning of a URL for this listener.
    [[nodiscard]] std::string url() const {
        return path_.empty() ? tcp_url(tcp_endpoint(), tls_ != nullptr) : unix_url(path_);
    }

    static std::string tcp_url(const asio::ip::tcp::endpoint& address, bool tls) {
        std::ostringstream text;
        text << (tls ? "https://" : "http://") << address;
        return std::move(text).str();
    }

    void close() noexcept {
        std::error_code ignored;
        acceptor_.close(ignored);
        std::erase(server_->paused, &timer_);
        timer_.cancel();
        file_.release();
        path_.clear();
    }

private:
    // How long to wait before the next attempt if no connection can be closed.
    static constexpr std::chrono::milliseconds retry_delay{50};

    // How many connections are accepted in one turn.
    static constexpr int accept_batch_max = 64;

    // RFC 3986 recommends capital letters in escapes, so this function does not use the lower-case
    // digits of signatures.
    static std::string unix_url(std::string_view path) {
        constexpr std::string_view digits = "0123456789ABCDEF";
        std::string text = "http+unix://";
        for (const char byte : path) {
            const auto value = static_cast<unsigned char>(byte);
            if (is_alphanumeric(value) || std::string_view{"-._~"}.find(byte) != std::string::npos)
                text += byte;
            else
                text.append({'%', digits[value / 16U], digits[value % 16U]});
        }
        return text;
    }

    std::error_code open(const endpoint& address) {
        std::error_code ec;
        protocol_ = address.protocol();
        acceptor_.open(protocol_, ec);
        if (!ec) // Asio does not do this
            (void)::fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC);
        return ec;
    }

    template <typename Then>
    auto guarded(Then then) {
        return owned_handler{
            shared_from_this(), memory_, [then](server_listener& listener, std::error_code ec) {
                listener.server_->turns.run([self = listener.shared_from_this(), then, ec] {
                    server_lock lock{*self->server_};
                    if (self->acceptor_.is_open())
                        then(*self, lock, ec);
                });
            }};
    }

    void wait() {
        acceptor_.async_wait(asio::socket_base::wait_read,
                             guarded([](server_listener& self, std::unique_lock<std::mutex>& lock,
                                        std::error_code) { self.accept(lock); }));
    }

    void retry_at(std::chrono::steady_clock::time_point moment) {
        try {
            timer_.expires_at(moment);
            timer_.async_wait(guarded([](server_listener& self, std::unique_lock<std::mutex>& lock,
                                         std::error_code) { self.accept(lock); }));
        } catch (...) { // There is no memory for a timer; `wait` needs none.
            wait();
        }
    }

    // The listener can only wait; a connection that ends wakes it.
    void pause() {
        server_->paused.push_back(&timer_);
        retry_at(std::chrono::steady_clock::now() + retry_delay);
    }

    [[nodiscard]] bool has_pending() noexcept {
        pollfd waiting{.fd = acceptor_.native_handle(), .events = POLLIN, .revents = 0};
        return ::poll(&waiting, 1, 0) == 1;
    }

    [[nodiscard]] bool is_full() const noexcept {
        return server_->connections() >= server_->limits.connections_max ||
               !server_->memory.fits(sizeof(server_connection) +
                                     (tls_ ? server_stream::tls_session_bytes : 0));
    }

    // While new connections replace each other, the kernel holds back those that send nothing. It
    // needs no descriptor for that. So a distant client gets a place only when its request has
    // arrived.
    void keep_back_silent_ones() noexcept {
        const bool wanted = std::chrono::steady_clock::now() < server_->pressed_until;
        if (wanted == keeps_back_ || !path_.empty())
            return;
        keeps_back_ = wanted;
#if defined(TCP_DEFER_ACCEPT)
        const int seconds = wanted ? 1 : 0;
        (void)::setsockopt(acceptor_.native_handle(), IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds,
                           sizeof seconds);
#endif
    }

    void accept(std::unique_lock<std::mutex>& lock) {
        std::erase(server_->paused, &timer_);
        server_->spare.take();
        keep_back_silent_ones();
        for (int accepted = 0; accepted < accept_batch_max; ++accepted) {
            try {
                if (!accept_one(lock))
                    return;
            } catch (...) { // There is no memory; a connection that is closed gives some back.
                const auto next = next_to_give_way(*server_);
                if (next == nullptr)
                    return pause();
                next->close();
            }
        }
        wait();
    }

    // Returns whether to continue in this turn. If not, the next turn has been arranged, or a
    // handler has closed the listener.
    bool accept_one(std::unique_lock<std::mutex>& lock) {
        if (is_full()) {
            if (!has_pending()) {
                wait();
                return false;
            }
            if (!find_place(lock))
                return false;
        }
        const int descriptor =
            ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor >= 0) {
            gave_back_ = false;
            take(descriptor, lock);
            return acceptor_.is_open();
        }
        switch (errno) {
        case EAGAIN: wait(); return false;
        case EMFILE:
            // The system reports this even if no connection is waiting.
            if (has_pending())
                return find_place(lock);
            wait();
            return false;
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            if (!has_pending()) {
                wait();
                return false;
            }
            // The limit is that of the whole system. Other processes may have taken what was given
            // back.
            if (std::exchange(gave_back_, false)) {
                pause();
                return false;
            }
            return gave_back_ = find_place(lock);
        default: return true; // a connection that has failed already
        }
    }

    // Closes a connection to make room for the next one. Returns false if that is not possible now;
    // then the next turn has been arranged.
    bool find_place(std::unique_lock<std::mutex>& lock) {
        const accept_room room = make_place(*server_, lock);
        if (!acceptor_.is_open())
            return false;
        switch (room.result) {
        case accept_room::kind::made: return true;
        case accept_room::kind::not_yet: retry_at(room.when); return false;
        case accept_room::kind::none: break;
        }
        if (!is_full() && server_->spare.give())
            return true;
        pause();
        return false;
    }

    void take(int descriptor, std::unique_lock<std::mutex>& lock) {
        server_connection::socket_type socket{server_->turns.get_executor()};
        std::error_code ec;
        try {
            socket.assign(protocol_, descriptor, ec);
        } catch (...) {
            ::close(descriptor);
            throw;
        }
        if (ec) {
            ::close(descriptor);
            return;
        }
        if (path_.empty())
            socket.set_option(asio::ip::tcp::no_delay(true), ec);
        std::make_shared<server_connection>(server_, std::move(socket), tls_.get())->start(lock);
    }

    std::shared_ptr<server_state> server_;
    handler_memory memory_;
    asio::basic_socket_acceptor<asio::generic::stream_protocol, asio::any_io_executor> acceptor_;
    asio::steady_timer timer_;
    std::shared_ptr<const tls_context> tls_;
    server_socket_file file_;
    std::string path_; // of a socket file that this listener made
    endpoint::protocol_type protocol_{AF_UNSPEC, 0};
    bool keeps_back_ = false;
    bool gave_back_ = false; // a descriptor was given back, and nothing was accepted since
};

} // namespace forest::inline FOREST_FORM::detail

#endif
