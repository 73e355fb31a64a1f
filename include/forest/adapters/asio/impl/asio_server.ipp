// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_IMPL_ASIO_SERVER_IPP
#define FOREST_ADAPTERS_ASIO_IMPL_ASIO_SERVER_IPP

#include <forest/adapters/asio/asio_server.hpp>

namespace forest::inline FOREST_FORM {

FOREST_DECL asio_server::~asio_server() {
    std::map<std::string, detail::route_handler, std::less<>> routes;
    detail::server_lock lock{*state_};
    stop_listening();
    detail::close_all(*state_);
    state_->grace.cancel();
    if (state_->wait_for_handler(lock))
        routes.swap(state_->routes); // their handlers are destroyed outside the lock
}

FOREST_DECL std::error_code asio_server::listen(std::string_view host, std::uint16_t port) {
    return unless_out_of_memory([&] { return listen_tcp(host, port, nullptr); });
}

FOREST_DECL std::error_code asio_server::listen_tls(std::string_view host, std::uint16_t port,
                                                    const tls_server_options& options) {
    return unless_out_of_memory([&] { return listen_tcp(host, port, &options); });
}

FOREST_DECL std::error_code asio_server::listen_unix(const std::string& path,
                                                     const unix_socket_options& options) {
    if (const std::error_code ec = options.validate())
        return ec;
    constexpr std::size_t path_bytes_max = sizeof(sockaddr_un::sun_path) - 1;
    if (path.empty() || path.size() > path_bytes_max || path.find('\0') != std::string::npos)
        return errc::path_invalid;
    return unless_out_of_memory([&]() -> std::error_code {
        const std::lock_guard lock{*state_->mutex};
        if (state_->stopping)
            return errc::listen_failed;
        new_listeners bound;
        bound.all.push_back(std::make_shared<detail::server_listener>(state_));
        if (const std::error_code ec = bound.all.front()->bind_unix(path, options.mode))
            return ec;
        return begin_accepting(bound, {});
    });
}

FOREST_DECL std::uint16_t asio_server::port() const {
    const std::lock_guard lock{*state_->mutex};
    for (const auto& listener : listeners_) {
        if (const std::uint16_t found = listener->tcp_endpoint().port(); found != 0)
            return found;
    }
    return 0;
}

FOREST_DECL std::vector<std::string> asio_server::endpoints() const {
    const std::lock_guard lock{*state_->mutex};
    std::vector<std::string> result;
    for (const auto& listener : listeners_)
        result.push_back(listener->url());
    return result;
}

FOREST_DECL std::vector<std::string> asio_server::skipped_endpoints() const {
    const std::lock_guard lock{*state_->mutex};
    return skipped_;
}

FOREST_DECL std::size_t asio_server::connections() const {
    const std::lock_guard lock{*state_->mutex};
    return state_->connections();
}

FOREST_DECL void asio_server::stop(duration grace) {
    const detail::server_lock lock{*state_};
    stop_listening();
    if (grace <= duration::zero()) {
        state_->grace.cancel();
        return detail::close_all(*state_);
    }
    detail::close_idle(*state_);
    const auto end = std::chrono::steady_clock::now() + grace;
    if (state_->connections() == 0 || (grace_given_ && state_->grace.expiry() <= end))
        return;
    state_->grace.expires_at(end);
    try {
        state_->grace.async_wait([state = state_](std::error_code ec) {
            const detail::server_lock cut_off{*state};
            if (!ec)
                detail::close_all(*state);
        });
        grace_given_ = true;
    } catch (const std::bad_alloc&) {
        detail::close_all(*state_);
    }
}

FOREST_DECL std::shared_ptr<detail::server_state>
asio_server::make_state(asio::any_io_executor executor, const server_limits& limits) {
    if (const std::error_code ec = limits.validate())
        throw std::system_error(ec);
    return std::make_shared<detail::server_state>(std::move(executor), limits);
}

FOREST_DECL std::error_code asio_server::listen_tcp(std::string_view host, std::uint16_t port,
                                                    const tls_server_options* tls) {
    std::vector<tcp_endpoint> addresses;
    if (const std::error_code ec = resolve(host, port, addresses))
        return ec;
    const std::lock_guard lock{*state_->mutex};
    if (state_->stopping)
        return errc::listen_failed;
    std::shared_ptr<const tls_context> context;
    try {
        if (tls != nullptr)
            context = std::make_shared<const tls_context>(*tls);
    } catch (const std::system_error& error) {
        return error.code();
    }
    const int attempts = port == 0 && addresses.size() > 1 ? port_attempts_max : 1;
    std::error_code ec;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        new_listeners bound;
        std::vector<std::string> skipped;
        ec = bind_all(addresses, context, bound.all, skipped);
        if (!ec)
            ec = begin_accepting(bound, std::move(skipped));
        if (ec != errc::address_in_use)
            return ec;
    }
    return ec;
}

FOREST_DECL std::error_code asio_server::bind_all(const std::vector<tcp_endpoint>& addresses,
                                                  const std::shared_ptr<const tls_context>& tls,
                                                  listener_list& bound,
                                                  std::vector<std::string>& skipped) {
    const bool several = addresses.size() > 1;
    std::uint16_t port = addresses.front().port();
    std::vector<tcp_endpoint> lacking;
    for (tcp_endpoint address : addresses) {
        address.port(port);
        auto listener = std::make_shared<detail::server_listener>(state_, tls);
        const std::error_code ec = listener->bind(address, several);
        if (!ec) {
            port = listener->tcp_endpoint().port();
            bound.push_back(std::move(listener));
            continue;
        }
        listener->close();
        if (ec == asio::error::address_in_use)
            return errc::address_in_use;
        if (!is_lacking(ec))
            return errc::listen_failed;
        lacking.push_back(address);
    }
    for (tcp_endpoint& address : lacking) {
        address.port(port);
        skipped.push_back(detail::server_listener::tcp_url(address, tls != nullptr));
    }
    return bound.empty() ? errc::listen_failed : std::error_code{};
}

FOREST_DECL bool asio_server::is_lacking(const std::error_code& ec) noexcept {
    return ec.category() == asio::error::get_system_category() &&
           (ec.value() == EADDRNOTAVAIL || ec.value() == EAFNOSUPPORT ||
            ec.value() == EPROTONOSUPPORT);
}

FOREST_DECL std::error_code asio_server::begin_accepting(new_listeners& bound,
                                                         std::vector<std::string> skipped) {
    const std::size_t count = listeners_.size() + bound.all.size();
    listeners_.reserve(count);
    state_->paused.reserve(count);
    skipped_.reserve(skipped_.size() + skipped.size());
    state_->spare.take();
    for (const auto& listener : bound.all) {
        if (const std::error_code ec = listener->listen())
            return ec == asio::error::address_in_use ? errc::address_in_use : errc::listen_failed;
    }
    listeners_.insert(listeners_.end(), bound.all.begin(), bound.all.end());
    bound.all.clear();
    skipped_.insert(skipped_.end(), std::make_move_iterator(skipped.begin()),
                    std::make_move_iterator(skipped.end()));
    return {};
}

FOREST_DECL std::error_code asio_server::resolve(std::string_view host, std::uint16_t port,
                                                 std::vector<tcp_endpoint>& addresses) const {
    if (host == "*") {
        addresses = {{asio::ip::address_v4::any(), port}, {asio::ip::address_v6::any(), port}};
        return {};
    }
    std::error_code ec;
    const std::string name{host};
    if (const auto literal = asio::ip::make_address(name, ec); !ec) {
        addresses.emplace_back(literal, port);
        return {};
    }
    asio::ip::tcp::resolver resolver{state_->turns.get_executor()};
    const auto found =
        resolver.resolve(name, std::to_string(port), asio::ip::tcp::resolver::numeric_service, ec);
    const auto add = [&](const tcp_endpoint& address) {
        if (std::find(addresses.begin(), addresses.end(), address) == addresses.end())
            addresses.push_back(address);
    };
    if (!ec) {
        for (const auto& each : found)
            add(each.endpoint());
    }
    // A client may use either address of `localhost` (RFC 6761, 6.3), but many hosts files have
    // only one of them.
    if (iequals(name, "localhost")) {
        add({asio::ip::address_v4::loopback(), port});
        add({asio::ip::address_v6::loopback(), port});
    }
    return addresses.empty() ? errc::resolve_failed : std::error_code{};
}

FOREST_DECL void asio_server::stop_listening() {
    state_->stopping = true;
    close_all_of(listeners_);
    listeners_.clear();
    state_->spare.give();
}

} // namespace forest::inline FOREST_FORM

#endif
