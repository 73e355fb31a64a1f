// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SERVER_IMPL_SERVER_LISTENER_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SERVER_IMPL_SERVER_LISTENER_IPP

#include <forest/adapters/asio/detail/server/server_connection.hpp>
#include <forest/adapters/asio/detail/server/server_eviction.hpp>
#include <forest/adapters/asio/detail/server/server_listener.hpp>
#include <forest/adapters/asio/detail/server/server_stream.hpp>
#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL server_listener::server_listener(std::shared_ptr<server_state> server,
                                             std::shared_ptr<const tls_context> tls)
    : server_party{std::move(server)},
      socket_{server_->turns.get_executor()},
      timer_{server_->turns.get_executor()},
      tls_{std::move(tls)} {}

FOREST_DECL std::error_code server_listener::bind(const server_address& address, bool shares_port) {
    sockaddr_storage system;
    const socklen_t size = address.write(system);
    const int on = 1;
    if (const std::error_code ec = open(system.ss_family, IPPROTO_TCP))
        return ec;
    // The address can be used again while old connections of an earlier process are ending.
    if (::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        return last_error();
    if (shares_port && system.ss_family == AF_INET6 &&
        ::setsockopt(socket_.native_handle(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0)
        return last_error();
    return bind_to(reinterpret_cast<const sockaddr*>(&system), size);
}

FOREST_DECL std::error_code server_listener::bind_unix(const std::string& path, unsigned mode) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (const std::error_code ec = file_.claim(path))
        return ec;
    std::error_code ec = open(AF_UNIX, 0);
    if (!ec && !server_socket_file::restrict(socket_.native_handle(), mode))
        return errc::listen_failed;
    if (!ec)
        ec = bind_to(reinterpret_cast<const sockaddr*>(&address), sizeof address);
    if (ec)
        return ec == std::errc::address_in_use ? errc::address_in_use : errc::listen_failed;
    path_ = path;
    return file_.bound(mode) ? std::error_code{} : errc::listen_failed;
}

FOREST_DECL std::error_code server_listener::listen() {
    if (::listen(socket_.native_handle(), server_->limits.backlog) != 0)
        return last_error();
    wait();
    return {};
}

FOREST_DECL server_address server_listener::tcp_address() {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (!path_.empty() ||
        ::getsockname(socket_.native_handle(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
        return {};
    return server_address::from(address);
}

FOREST_DECL std::string server_listener::url() {
    return path_.empty() ? tcp_url(tcp_address(), tls_ != nullptr) : unix_url(path_);
}

FOREST_DECL std::string server_listener::tcp_url(const server_address& address, bool tls) {
    return (tls ? "https://" : "http://") + address.text();
}

FOREST_DECL void server_listener::close() noexcept {
    std::error_code ignored;
    socket_.close(ignored);
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

FOREST_DECL std::error_code server_listener::open(int family, int protocol) {
    const int descriptor = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (descriptor < 0)
        return last_error();
    std::error_code ec;
    try {
        socket_.assign(descriptor, ec);
    } catch (...) {
        ::close(descriptor);
        throw;
    }
    if (ec)
        ::close(descriptor);
    return ec;
}

FOREST_DECL std::error_code server_listener::bind_to(const sockaddr* address, socklen_t size) {
    return ::bind(socket_.native_handle(), address, size) == 0 ? std::error_code{} : last_error();
}

FOREST_DECL std::error_code server_listener::last_error() noexcept {
    return {errno, std::system_category()};
}

FOREST_DECL void server_listener::wait() {
    socket_.async_wait(asio::posix::stream_descriptor::wait_read,
                       guarded<&server_listener::on_readable>(*this));
}

FOREST_DECL void server_listener::retry_at(std::chrono::steady_clock::time_point moment) {
    try {
        timer_.expires_at(moment);
        timer_.async_wait(guarded<&server_listener::on_readable>(*this));
    } catch (...) { // There is no memory for a timer; `wait` needs none.
        wait();
    }
}

FOREST_DECL void server_listener::pause() {
    server_->paused.push_back(&timer_);
    retry_at(std::chrono::steady_clock::now() + retry_delay);
}

FOREST_DECL bool server_listener::has_pending() noexcept {
    pollfd waiting{.fd = socket_.native_handle(), .events = POLLIN, .revents = 0};
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
    (void)::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds,
                       sizeof seconds);
#endif
}

FOREST_DECL void server_listener::accept(lock_type& lock) {
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

FOREST_DECL bool server_listener::accept_one(lock_type& lock) {
    if (is_full()) {
        if (!has_pending()) {
            wait();
            return false;
        }
        if (!find_place(lock))
            return false;
    }
    sockaddr_storage client{};
    socklen_t size = sizeof client;
    const int descriptor = ::accept4(socket_.native_handle(), reinterpret_cast<sockaddr*>(&client),
                                     &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
        gave_back_ = false;
        take(descriptor, server_address::from(client).portless(), lock);
        return socket_.is_open();
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

FOREST_DECL bool server_listener::find_place(lock_type& lock) {
    const accept_room room = make_place(*server_, lock);
    if (!socket_.is_open())
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

FOREST_DECL void server_listener::take(int descriptor, const std::optional<ip_address>& peer,
                                       lock_type& lock) {
    std::shared_ptr<server_connection> connection;
    std::error_code ec;
    try {
        connection = std::make_shared<server_connection>(server_, tls_.get(), peer);
        ec = connection->assign(descriptor);
    } catch (...) {
        ::close(descriptor);
        throw;
    }
    if (ec) {
        ::close(descriptor);
        return;
    }
    const int on = 1;
    if (path_.empty())
        (void)::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection->start(lock);
}

} // namespace forest::inline FOREST_FORM::detail

#endif
