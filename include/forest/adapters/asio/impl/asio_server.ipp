// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_IMPL_ASIO_SERVER_IPP
#define FOREST_ADAPTERS_ASIO_IMPL_ASIO_SERVER_IPP

#include <forest/adapters/asio/asio_server.hpp>
#include <forest/adapters/asio/detail/server/server_address.hpp>
#include <forest/adapters/asio/detail/server/server_eviction.hpp>
#include <forest/adapters/asio/detail/server/server_listener.hpp>
#include <forest/adapters/asio/detail/server/server_state.hpp>
#include <forest/adapters/openssl/tls_context.hpp>
#include <forest/core/detail/http/request_target.hpp>
#include <forest/core/error.hpp>

#include <asio/ip/address_v4.hpp>
#include <asio/ip/address_v6.hpp>

#include <sys/un.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace forest::inline FOREST_FORM {

static_assert(holding_server<asio_server>);

// Adds listeners to a server. All members are called under the server's lock.
class asio_server::listening {
public:
    explicit listening(const std::shared_ptr<detail::server_state>& state) noexcept
        : state_{state} {}

    std::error_code listen_tcp(const std::vector<detail::server_address>& addresses,
                               const tls_server_options* tls);

    std::error_code listen_unix(const std::string& path, unsigned mode);

    static void stop(detail::server_state& state);

    // Stops, and lets the handlers give the answers that they hold. Call it without the lock.
    static void stop_holding(detail::server_state& state);

private:
    using listener_list = std::vector<std::shared_ptr<detail::server_listener>>;

    // How often the server tries another free port, if the port of the first address of a name is
    // in use at another address.
    static constexpr int port_attempts_max = 16;

    // Listeners that are closed unless all of them can accept.
    struct new_listeners {
        new_listeners() = default;
        new_listeners(const new_listeners&) = delete;
        new_listeners& operator=(const new_listeners&) = delete;
        ~new_listeners() { close_all_of(all); }

        listener_list all;
    };

    // Binds all addresses that this machine has, to one port.
    std::error_code bind_all(const std::vector<detail::server_address>& addresses,
                             const std::shared_ptr<const tls_context>& tls, listener_list& bound,
                             std::vector<std::string>& skipped);

    // Returns whether the machine has no such address, or no address of its family.
    static bool is_lacking(const std::error_code& ec) noexcept;

    // Begins to accept on all the listeners or on none.
    std::error_code begin_accepting(new_listeners& bound, std::vector<std::string>& skipped);

    static void close_all_of(const listener_list& listeners) noexcept {
        for (const auto& listener : listeners)
            listener->close();
    }

    const std::shared_ptr<detail::server_state>& state_;
};

FOREST_DECL asio_server::asio_server(const executor_source& source, const server_limits& limits) {
    if (const std::error_code ec = limits.validate())
        throw std::system_error(ec);
    state_ = std::make_shared<detail::server_state>(source.get(), limits);
}

FOREST_DECL asio_server::~asio_server() {
    std::list<detail::server_route> routes;
    listening::stop_holding(*state_);
    detail::server_lock lock{*state_};
    detail::close_all(*state_);
    state_->grace.cancel();
    if (state_->wait_for_handler(lock))
        routes.swap(state_->routes); // their handlers are destroyed outside the lock
}

FOREST_DECL std::error_code
asio_server::add_route(std::string path,
                       detail::unique_function<void(const server_request&, responder)> handler) {
    if (path.empty() || path.front() != '/' || detail::path_of_target(path) != path ||
        detail::skip_target(path, 0) != path.size())
        return errc::path_invalid;
    // A handler that is not stored is destroyed after the lock is released.
    std::list<detail::server_route> added;
    added.push_back({std::move(path), std::move(handler)});
    const std::lock_guard lock{*state_->mutex};
    if (state_->find_route(added.front().path) != nullptr)
        return errc::path_invalid;
    state_->routes.splice(state_->routes.end(), added);
    return {};
}

FOREST_DECL std::error_code asio_server::listen(std::string_view host, std::uint16_t port) {
    return listen_tcp(host, port, nullptr);
}

FOREST_DECL std::error_code asio_server::listen_tls(std::string_view host, std::uint16_t port,
                                                    const tls_server_options& options) {
    return listen_tcp(host, port, &options);
}

FOREST_DECL std::error_code asio_server::listen_tcp(std::string_view host, std::uint16_t port,
                                                    const tls_server_options* tls) try {
    std::vector<detail::server_address> addresses;
    if (host == "*")
        addresses = {{asio::ip::address_v4::any(), port}, {asio::ip::address_v6::any(), port}};
    else
        addresses = detail::resolve_host(std::string{host}, port);
    if (addresses.empty())
        return errc::resolve_failed;
    const std::lock_guard lock{*state_->mutex};
    return listening{state_}.listen_tcp(addresses, tls);
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

FOREST_DECL std::error_code asio_server::listen_unix(const std::string& path,
                                                     const unix_socket_options& options) try {
    if (const std::error_code ec = options.validate())
        return ec;
    if (!server_socket_file::is_name(path))
        return errc::path_invalid;
    const std::lock_guard lock{*state_->mutex};
    return listening{state_}.listen_unix(path, options.mode);
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

FOREST_DECL std::uint16_t asio_server::port() const {
    const std::lock_guard lock{*state_->mutex};
    for (const auto& listener : state_->listeners) {
        if (const std::uint16_t found = listener->tcp_address().port; found != 0)
            return found;
    }
    return 0;
}

FOREST_DECL std::vector<std::string> asio_server::endpoints() const {
    const std::lock_guard lock{*state_->mutex};
    std::vector<std::string> result;
    for (const auto& listener : state_->listeners)
        result.push_back(listener->url());
    return result;
}

FOREST_DECL std::vector<std::string> asio_server::skipped_endpoints() const {
    const std::lock_guard lock{*state_->mutex};
    return state_->skipped;
}

FOREST_DECL std::size_t asio_server::connections() const {
    const std::lock_guard lock{*state_->mutex};
    return state_->connections();
}

FOREST_DECL asio_clock asio_server::clock() const {
    return asio_clock{state_->turns.get_executor()};
}

FOREST_DECL void asio_server::stop(duration grace) {
    listening::stop_holding(*state_);
    const detail::server_lock lock{*state_};
    if (grace <= duration::zero()) {
        state_->grace.cancel();
        return detail::close_all(*state_);
    }
    detail::close_idle(*state_);
    const auto end = std::chrono::steady_clock::now() + grace;
    if (state_->connections() == 0 || (state_->grace_given && state_->grace.expiry() <= end))
        return;
    state_->grace.expires_at(end);
    try {
        state_->grace.async_wait(
            detail::step_handler{state_, state_->grace_memory, state_->after_grace});
        state_->grace_given = true;
    } catch (const std::bad_alloc&) {
        detail::close_all(*state_);
    }
}

FOREST_DECL std::error_code
asio_server::listening::listen_tcp(const std::vector<detail::server_address>& addresses,
                                   const tls_server_options* tls) {
    if (state_->stopping)
        return errc::listen_failed;
    std::shared_ptr<const tls_context> context;
    try {
        if (tls != nullptr)
            context = std::make_shared<const tls_context>(*tls);
    } catch (const std::system_error& error) {
        return error.code();
    }
    const int attempts =
        addresses.front().port == 0 && addresses.size() > 1 ? port_attempts_max : 1;
    std::error_code ec;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        new_listeners bound;
        std::vector<std::string> skipped;
        ec = bind_all(addresses, context, bound.all, skipped);
        if (!ec)
            ec = begin_accepting(bound, skipped);
        if (ec != errc::address_in_use)
            return ec;
    }
    return ec;
}

FOREST_DECL std::error_code asio_server::listening::listen_unix(const std::string& path,
                                                                unsigned mode) {
    if (state_->stopping)
        return errc::listen_failed;
    new_listeners bound;
    bound.all.push_back(std::make_shared<detail::server_listener>(state_));
    if (const std::error_code ec = bound.all.front()->bind_unix(path, mode))
        return ec;
    std::vector<std::string> skipped;
    return begin_accepting(bound, skipped);
}

FOREST_DECL std::error_code
asio_server::listening::bind_all(const std::vector<detail::server_address>& addresses,
                                 const std::shared_ptr<const tls_context>& tls,
                                 listener_list& bound, std::vector<std::string>& skipped) {
    const bool several = addresses.size() > 1;
    std::uint16_t port = addresses.front().port;
    std::vector<detail::server_address> lacking;
    for (detail::server_address address : addresses) {
        address.port = port;
        auto listener = std::make_shared<detail::server_listener>(state_, tls);
        const std::error_code ec = listener->bind(address, several);
        if (!ec) {
            port = listener->tcp_address().port;
            bound.push_back(std::move(listener));
            continue;
        }
        listener->close();
        if (ec == std::errc::address_in_use)
            return errc::address_in_use;
        if (!is_lacking(ec))
            return errc::listen_failed;
        lacking.push_back(address);
    }
    for (detail::server_address& address : lacking) {
        address.port = port;
        skipped.push_back(detail::server_listener::tcp_url(address, tls != nullptr));
    }
    return bound.empty() ? errc::listen_failed : std::error_code{};
}

FOREST_DECL bool asio_server::listening::is_lacking(const std::error_code& ec) noexcept {
    return ec.category() == std::system_category() &&
           (ec.value() == EADDRNOTAVAIL || ec.value() == EAFNOSUPPORT ||
            ec.value() == EPROTONOSUPPORT);
}

FOREST_DECL std::error_code
asio_server::listening::begin_accepting(new_listeners& bound, std::vector<std::string>& skipped) {
    const std::size_t count = state_->listeners.size() + bound.all.size();
    state_->listeners.reserve(count);
    state_->paused.reserve(count);
    state_->skipped.reserve(state_->skipped.size() + skipped.size());
    state_->spare.take();
    for (const auto& listener : bound.all) {
        if (const std::error_code ec = listener->listen())
            return ec == std::errc::address_in_use ? errc::address_in_use : errc::listen_failed;
    }
    for (auto& listener : bound.all)
        state_->listeners.push_back(std::move(listener));
    bound.all.clear();
    for (std::string& address : skipped)
        state_->skipped.push_back(std::move(address));
    return {};
}

FOREST_DECL void asio_server::listening::stop(detail::server_state& state) {
    state.stopping = true;
    close_all_of(state.listeners);
    state.listeners.clear();
    state.spare.give();
}

FOREST_DECL void asio_server::listening::stop_holding(detail::server_state& state) {
    const detail::server_lock lock{state};
    stop(state);
    detail::end_holds(state);
}

} // namespace forest::inline FOREST_FORM

#endif
