// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_SERVER_LISTENER_HPP
#define FOREST_ADAPTERS_ASIO_SERVER_LISTENER_HPP

#include <forest/adapters/asio/server_connection.hpp>
#include <forest/adapters/asio/server_eviction.hpp>
#include <forest/adapters/asio/server_state.hpp>
#include <forest/adapters/openssl/tls_context.hpp>
#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/basic_socket_acceptor.hpp>
#include <asio/error.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/socket_base.hpp>
#include <asio/steady_timer.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

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

namespace forest::detail {

class server_listener : public std::enable_shared_from_this<server_listener> {
public:
    using endpoint = asio::generic::stream_protocol::endpoint;

    explicit server_listener(std::shared_ptr<server_state> server)
        : server_{std::move(server)}, acceptor_{server_->turns.get_executor()},
          timer_{server_->turns.get_executor()} {}

    // All members are called under the server's lock.

    // What new connections speak; before `open`.
    void use_tls(const tls_server_options& chosen) {
        tls_ = std::make_shared<const tls_context>(chosen);
    }

    std::error_code open(const endpoint& at) {
        std::error_code ec;
        acceptor_.open(at.protocol(), ec);
        if (!ec && at.protocol().family() != AF_UNIX)
            // The address stays usable while old connections of a former process fade away.
            acceptor_.set_option(asio::socket_base::reuse_address(true), ec);
        if (!ec)
            acceptor_.bind(at, ec);
        if (!ec)
            acceptor_.listen(server_->limits.backlog, ec);
        if (!ec)
            acceptor_.non_blocking(true, ec);
        if (ec) {
            std::error_code ignored;
            acceptor_.close(ignored);
            return ec == asio::error::address_in_use ? errc::address_in_use : errc::listen_failed;
        }
        wait();
        return {};
    }

    // Puts a socket file into the file system. One that a dead process left behind is replaced;
    // one that is being listened on, and a file that is no socket, are not touched.
    std::error_code open_unix(const std::string& path) {
        const asio::local::stream_protocol::endpoint at{path};
        std::error_code ec = open(at);
        if (ec == errc::address_in_use && is_stale(path, at)) {
            ::unlink(path.c_str());
            ec = open(at);
        }
        if (!ec && ::lstat(path.c_str(), &file_) == 0)
            path_ = path;
        return ec;
    }

    // Port 0 for a unix socket.
    [[nodiscard]] asio::ip::tcp::endpoint tcp_endpoint() const {
        asio::ip::tcp::endpoint result;
        std::error_code ec;
        const endpoint at = acceptor_.local_endpoint(ec);
        if (!ec && path_.empty()) {
            std::memcpy(result.data(), at.data(), at.size());
            result.resize(at.size());
        }
        return result;
    }

    // The beginning of a URL that leads here.
    [[nodiscard]] std::string url() const {
        if (path_.empty()) {
            std::ostringstream text;
            text << (tls_ ? "https://" : "http://") << tcp_endpoint();
            return std::move(text).str();
        }
        constexpr std::string_view digits = "0123456789ABCDEF";
        std::string text = "http+unix://";
        for (const char byte : path_) {
            const auto value = static_cast<unsigned char>(byte);
            if (is_alphanumeric(value) || std::string_view{"-._~"}.find(byte) != std::string::npos)
                text += byte;
            else
                text.append({'%', digits[value / 16U], digits[value % 16U]});
        }
        return text;
    }

    void close() noexcept {
        std::error_code ignored;
        acceptor_.close(ignored);
        timer_.cancel();
        struct stat now {};
        // Another process may have put its own there meanwhile.
        if (!path_.empty() && ::lstat(path_.c_str(), &now) == 0 && now.st_dev == file_.st_dev &&
            now.st_ino == file_.st_ino)
            ::unlink(path_.c_str());
        path_.clear();
    }

private:
    // How long to wait for a descriptor, or for room, before another look.
    static constexpr std::chrono::milliseconds retry_delay{50};

    // So many connections are taken before others have their turn.
    static constexpr int accept_batch_max = 64;

    static bool is_stale(const std::string& path,
                         const asio::local::stream_protocol::endpoint& at) {
        struct stat found {};
        if (::lstat(path.c_str(), &found) != 0 || !S_ISSOCK(found.st_mode))
            return false;
        const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (probe < 0)
            return false;
        // Not blocking: a listener whose backlog is full is alive too.
        const bool refused = ::connect(probe, at.data(), static_cast<socklen_t>(at.size())) != 0 &&
                             errno == ECONNREFUSED;
        ::close(probe);
        return refused;
    }

    template <typename Then>
    auto guarded(Then then) {
        return [self = shared_from_this(), then](std::error_code ec) {
            self->server_->turns.run([self, then, ec] {
                const std::unique_lock lock{*self->server_->mutex};
                if (self->acceptor_.is_open() && !ec)
                    then(*self);
            });
        };
    }

    void wait() {
        acceptor_.async_wait(asio::socket_base::wait_read,
                             guarded([](server_listener& self) { self.accept(); }));
    }

    void retry_later() {
        timer_.expires_after(retry_delay);
        timer_.async_wait(guarded([](server_listener& self) { self.accept(); }));
    }

    void accept() {
        for (int accepted = 0; accepted < accept_batch_max; ++accepted) {
            if (server_->connections() >= server_->limits.connections_max &&
                server_->waiting.empty())
                return retry_later();
            std::error_code ec;
            server_connection::socket_type socket{server_->turns.get_executor()};
            acceptor_.accept(socket, ec);
            if (ec == asio::error::would_block || ec == asio::error::try_again)
                break;
            if (ec == asio::error::connection_aborted || ec == asio::error::interrupted)
                continue;
            if (ec) {
                // No descriptor is left: the one that has waited the longest gives up its own.
                close_longest_waiting(*server_);
                return retry_later();
            }
            if (server_->connections() >= server_->limits.connections_max)
                close_longest_waiting(*server_);
            std::error_code ignored; // A unix socket has no such option.
            socket.set_option(asio::ip::tcp::no_delay(true), ignored);
            std::make_shared<server_connection>(server_, std::move(socket), tls_.get())->start();
        }
        wait();
    }

    std::shared_ptr<server_state> server_;
    asio::basic_socket_acceptor<asio::generic::stream_protocol, asio::any_io_executor> acceptor_;
    asio::steady_timer timer_;
    std::shared_ptr<const tls_context> tls_;
    std::string path_; // of a socket file that is ours
    struct stat file_ {};
};

} // namespace forest::detail

#endif
