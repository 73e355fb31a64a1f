// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SERVER_IMPL_SERVER_LISTENER_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SERVER_IMPL_SERVER_LISTENER_IPP

#include <forest/adapters/asio/detail/server/server_listener.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL server_listener::server_listener(std::shared_ptr<server_state> server,
                                             std::shared_ptr<const tls_context> tls)
    : server_{std::move(server)},
      acceptor_{server_->turns.get_executor()},
      timer_{server_->turns.get_executor()},
      tls_{std::move(tls)} {}

FOREST_DECL std::error_code server_listener::bind(const endpoint& address, bool shares_port) {
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

FOREST_DECL std::error_code server_listener::bind_unix(const std::string& path, unsigned mode) {
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

FOREST_DECL std::error_code server_listener::listen() {
    std::error_code ec;
    acceptor_.listen(server_->limits.backlog, ec);
    if (!ec)
        acceptor_.non_blocking(true, ec);
    if (!ec)
        wait();
    return ec;
}

FOREST_DECL asio::ip::tcp::endpoint server_listener::tcp_endpoint() const {
    asio::ip::tcp::endpoint result;
    std::error_code ec;
    const endpoint address = acceptor_.local_endpoint(ec);
    if (!ec && path_.empty()) {
        std::memcpy(result.data(), address.data(), address.size());
        result.resize(address.size());
    }
    return result;
}

FOREST_DECL std::string server_listener::url() const {
    return path_.empty() ? tcp_url(tcp_endpoint(), tls_ != nullptr) : unix_url(path_);
}

FOREST_DECL std::string server_listener::tcp_url(const asio::ip::tcp::endpoint& address, bool tls) {
    std::ostringstream text;
    text << (tls ? "https://" : "http://") << address;
    return std::move(text).str();
}

FOREST_DECL void server_listener::close() noexcept {
    std::error_code ignored;
    acceptor_.close(ignored);
    std::erase(server_->paused, &timer_);
    timer_.cancel();
    file_.release();
    path_.clear();
}

FOREST_DECL std::string server_listener::unix_url(std::string_view path) {
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

FOREST_DECL std::error_code server_listener::open(const endpoint& address) {
    std::error_code ec;
    protocol_ = address.protocol();
    acceptor_.open(protocol_, ec);
    if (!ec) // Asio does not do this
        (void)::fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC);
    return ec;
}

FOREST_DECL void server_listener::wait() {
    acceptor_.async_wait(asio::socket_base::wait_read,
                         guarded([](server_listener& self, std::unique_lock<std::mutex>& lock,
                                    std::error_code) { self.accept(lock); }));
}

FOREST_DECL void server_listener::retry_at(std::chrono::steady_clock::time_point moment) {
    try {
        timer_.expires_at(moment);
        timer_.async_wait(guarded([](server_listener& self, std::unique_lock<std::mutex>& lock,
                                     std::error_code) { self.accept(lock); }));
    } catch (...) { // There is no memory for a timer; `wait` needs none.
        wait();
    }
}

FOREST_DECL void server_listener::pause() {
    server_->paused.push_back(&timer_);
    retry_at(std::chrono::steady_clock::now() + retry_delay);
}

FOREST_DECL bool server_listener::has_pending() noexcept {
    pollfd waiting{.fd = acceptor_.native_handle(), .events = POLLIN, .revents = 0};
    return ::poll(&waiting, 1, 0) == 1;
}

FOREST_DECL bool server_listener::is_full() const noexcept {
    return server_->connections() >= server_->limits.connections_max ||
           !server_->memory.fits(sizeof(server_connection) +
                                 (tls_ ? server_stream::tls_session_bytes : 0));
}

FOREST_DECL void server_listener::keep_back_silent_ones() noexcept {
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

FOREST_DECL void server_listener::accept(std::unique_lock<std::mutex>& lock) {
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

FOREST_DECL bool server_listener::accept_one(std::unique_lock<std::mutex>& lock) {
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

FOREST_DECL bool server_listener::find_place(std::unique_lock<std::mutex>& lock) {
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

FOREST_DECL void server_listener::take(int descriptor, std::unique_lock<std::mutex>& lock) {
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

} // namespace forest::inline FOREST_FORM::detail

#endif
