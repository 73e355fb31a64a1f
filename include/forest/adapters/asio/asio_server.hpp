// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_ASIO_SERVER_HPP
#define FOREST_ADAPTERS_ASIO_ASIO_SERVER_HPP

#include <forest/adapters/asio/server_connection.hpp>
#include <forest/adapters/asio/server_eviction.hpp>
#include <forest/adapters/asio/server_limits.hpp>
#include <forest/adapters/asio/server_listener.hpp>
#include <forest/adapters/asio/server_responder.hpp>
#include <forest/adapters/asio/server_state.hpp>
#include <forest/adapters/openssl/tls_context.hpp>
#include <forest/core/error.hpp>
#include <forest/core/request_target.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/server.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>

#include <sys/un.h>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

// A small HTTP/1.1 server for applications that have none to mount a health route on. Small in what
// it does, which is to answer GET; complete in what it bears.

namespace forest {

/// Serves routes over TCP, TLS and unix sockets, with keep-alive and pipelining. Models `server`;
/// all members may be called from any thread, and from handlers.
///
/// Handlers run one at a time, on the executor given, and outside every lock. What one throws is
/// dropped, and answered 500. The execution context must outlive the server; it need not run for
/// the server to be stopped or destroyed, and responders may outlive both.
class asio_server {
public:
    using responder = server_responder;

    /// Throws std::system_error with the error of `limits.validate()`.
    explicit asio_server(asio::any_io_executor executor, const server_limits& limits = {})
        : state_{make_state(std::move(executor), limits)} {}

    asio_server(const asio_server&) = delete;
    asio_server& operator=(const asio_server&) = delete;

    /// Stops at once, and waits for the handler that is running. When it returns, no handler runs
    /// and none will start, and every socket is closed. Only when it is called by a handler does it
    /// not wait for that one, which is then the last.
    ~asio_server() {
        std::map<std::string, detail::route_handler, std::less<>> routes;
        std::unique_lock lock{*state_->mutex};
        stop_listening();
        detail::close_all(*state_);
        state_->grace.cancel();
        if (state_->wait_for_handler(lock))
            routes.swap(state_->routes); // whose captures are destroyed outside the lock
    }

    /// Calls `handler(const server_request&, responder)` for each GET and HEAD of `path`; it must
    /// not block, because all connections wait for it. A client that sends `Expect: 100-continue`
    /// is told to go on; bodies are read, up to their limit, and dropped. Answers
    /// `errc::path_invalid` if the path does not begin with `/`, has a byte that a path of a
    /// request cannot have, or is taken.
    template <typename Handler>
        requires(std::invocable<std::decay_t<Handler>&, const server_request&, responder>)
    std::error_code get(std::string path, Handler&& handler) {
        if (path.empty() || path.front() != '/' || path_of_target(path) != path ||
            !std::all_of(path.begin(), path.end(), is_target_byte))
            return errc::path_invalid;
        detail::route_handler stored{std::forward<Handler>(handler)};
        const std::lock_guard lock{*state_->mutex};
        // A handler that is not stored is destroyed after the lock.
        const bool fresh = state_->routes.try_emplace(std::move(path), std::move(stored)).second;
        return fresh ? std::error_code{} : errc::path_invalid;
    }

    /// Listens on a TCP port; 0 takes any that is free. The host is an address, or a name that is
    /// resolved now, of whose addresses the first usable one is taken; `0.0.0.0` and `::` mean all.
    /// May be called several times. Errors: `resolve_failed`, `address_in_use`, `listen_failed`.
    std::error_code listen(std::string_view host, std::uint16_t port) {
        return listen_tcp(host, port, nullptr);
    }

    /// As `listen`, with TLS. Further error: `tls_configuration_invalid`.
    std::error_code listen_tls(std::string_view host, std::uint16_t port,
                               const tls_server_options& options) {
        return listen_tcp(host, port, &options);
    }

    /// Listens on a unix socket. A socket file that a dead process left behind is replaced; the own
    /// one is removed when the server stops. Who may connect is a matter of the directory's
    /// permissions. Errors: `path_invalid` (empty, or longer than a socket's name may be),
    /// `address_in_use` (a process listens there, or the file is no socket), `listen_failed`.
    std::error_code listen_unix(const std::string& path) {
        constexpr std::size_t path_bytes_max = sizeof(sockaddr_un::sun_path) - 1;
        if (path.empty() || path.size() > path_bytes_max || path.find('\0') != std::string::npos)
            return errc::path_invalid;
        const std::lock_guard lock{*state_->mutex};
        const auto listener = std::make_shared<detail::server_listener>(state_);
        if (state_->stopping)
            return errc::listen_failed;
        if (const std::error_code ec = listener->open_unix(path))
            return ec;
        listeners_.push_back(listener);
        return {};
    }

    /// The port of the first TCP listener, 0 without one.
    [[nodiscard]] std::uint16_t port() const {
        const std::lock_guard lock{*state_->mutex};
        for (const auto& listener : listeners_) {
            if (const std::uint16_t found = listener->tcp_endpoint().port(); found != 0)
                return found;
        }
        return 0;
    }

    /// Where the server listens, as the beginning of a URL each: `http://127.0.0.1:3000`,
    /// `https://[::1]:443`, `http+unix://%2Frun%2Fa.sock`.
    [[nodiscard]] std::vector<std::string> endpoints() const {
        const std::lock_guard lock{*state_->mutex};
        std::vector<std::string> result;
        for (const auto& listener : listeners_)
            result.push_back(listener->url());
        return result;
    }

    /// Connections that are open now.
    [[nodiscard]] std::size_t connections() const {
        const std::lock_guard lock{*state_->mutex};
        return state_->connections();
    }

    /// Stops accepting, closes idle connections, and lets requests that have begun be answered, the
    /// answers with `Connection: close`. What is left after `grace` is closed at once; 0 waits for
    /// nothing. Does not block, and does not wait for a running handler. A further call can only
    /// shorten the grace period. The server does not start again.
    void stop(duration grace = duration::zero()) {
        const std::lock_guard lock{*state_->mutex};
        stop_listening();
        if (grace <= duration::zero()) {
            state_->grace.cancel();
            return detail::close_all(*state_);
        }
        detail::close_idle(*state_);
        const auto end = std::chrono::steady_clock::now() + grace;
        if (state_->connections() == 0 || (grace_given_ && state_->grace.expiry() <= end))
            return;
        grace_given_ = true;
        state_->grace.expires_at(end);
        state_->grace.async_wait([state = state_](std::error_code ec) {
            const std::lock_guard cut_off{*state->mutex};
            if (!ec)
                detail::close_all(*state);
        });
    }

private:
    static std::shared_ptr<detail::server_state> make_state(asio::any_io_executor executor,
                                                            const server_limits& limits) {
        if (const std::error_code ec = limits.validate())
            throw std::system_error(ec);
        return std::make_shared<detail::server_state>(std::move(executor), limits);
    }

    std::error_code listen_tcp(std::string_view host, std::uint16_t port,
                               const tls_server_options* tls) {
        std::vector<asio::ip::tcp::endpoint> addresses;
        if (const std::error_code ec = resolve(host, port, addresses))
            return ec;
        const std::lock_guard lock{*state_->mutex};
        if (state_->stopping)
            return errc::listen_failed;
        const auto listener = std::make_shared<detail::server_listener>(state_);
        try {
            if (tls != nullptr)
                listener->use_tls(*tls);
        } catch (const std::system_error& error) {
            return error.code();
        }
        std::error_code ec = errc::resolve_failed;
        for (const auto& address : addresses) {
            ec = listener->open(address);
            if (!ec) {
                listeners_.push_back(listener);
                return {};
            }
        }
        return ec;
    }

    std::error_code resolve(std::string_view host, std::uint16_t port,
                            std::vector<asio::ip::tcp::endpoint>& addresses) const {
        std::error_code ec;
        const std::string name{host};
        if (const auto literal = asio::ip::make_address(name, ec); !ec) {
            addresses.emplace_back(literal, port);
            return {};
        }
        asio::ip::tcp::resolver resolver{state_->turns.get_executor()};
        const auto found = resolver.resolve(name, std::to_string(port),
                                            asio::ip::tcp::resolver::numeric_service, ec);
        if (ec)
            return errc::resolve_failed;
        for (const auto& each : found)
            addresses.push_back(each.endpoint());
        return {};
    }

    void stop_listening() {
        state_->stopping = true;
        for (const auto& listener : listeners_)
            listener->close();
        listeners_.clear();
    }

    std::shared_ptr<detail::server_state> state_;
    std::vector<std::shared_ptr<detail::server_listener>> listeners_;
    bool grace_given_ = false;
};

static_assert(server<asio_server>);

} // namespace forest

#endif
