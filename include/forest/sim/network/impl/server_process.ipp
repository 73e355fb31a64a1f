// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_IMPL_SERVER_PROCESS_IPP
#define FOREST_SIM_NETWORK_IMPL_SERVER_PROCESS_IPP

#include <forest/sim/network/server_process.hpp>

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL server_process::server_process(event_queue& queue, std::string name,
                                           request_verifier accept, schema_hash hash,
                                           server_setup setup, std::uint64_t seed)
    : host_{queue, seed},
      name_{std::move(name)},
      accept_{std::move(accept)},
      hash_{std::move(hash)},
      setup_{std::move(setup)} {
    mount();
}

FOREST_DECL std::uint64_t server_process::crash() {
    if (crashed_++ == 0)
        end();
    return life_;
}

FOREST_DECL void server_process::restart() {
    if (crashed_ == 0)
        end();
    crashed_ = 0;
    ++life_;
    mount();
}

FOREST_DECL void server_process::drain() {
    if (draining_++ == 0 && crashed_ == 0 && health_)
        health_->drain();
}

FOREST_DECL void server_process::change_schema(std::string text) {
    // While the process is down there is no route that could check the text.
    if (const std::error_code ec = crashed_ > 0 ? refusal_of(text) : schema_->replace(text))
        throw std::system_error(ec);
    setup_.schema = std::move(text);
}

FOREST_DECL void server_process::have_health_route(bool present) {
    if (std::exchange(setup_.health_route, present) != present && crashed_ == 0)
        mount();
}

FOREST_DECL bool server_process::sound() const noexcept {
    return crashed_ + frozen + slow + wrong_secret + wrong_body + one_connection + draining_ == 0 &&
           host_.running();
}

FOREST_DECL bool server_process::accept(peer& connecting) {
    if (crashed_ > 0 || (one_connection > 0 && !peers_.empty()))
        return false;
    connecting.place_ = peers_.size();
    peers_.push_back(&connecting);
    return true;
}

FOREST_DECL void server_process::release(peer& accepted) {
    peers_.back()->place_ = accepted.place_;
    peers_[accepted.place_] = peers_.back();
    peers_.pop_back();
}

FOREST_DECL memory_server::pending
server_process::serve(std::span<char> request,
                      forest::detail::unique_function<void(std::string_view)> receiver,
                      bool keeps) {
    if (frozen > 0)
        return {};
    if (wrong_body > 0) {
        receiver("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"status\":\"OK\"}");
        return {};
    }
    return http_->serve(request, std::move(receiver), keeps);
}

FOREST_DECL void server_process::end() {
    for (peer* const each : std::exchange(peers_, {}))
        each->reset();
    http_.reset();
}

FOREST_DECL std::error_code server_process::refusal_of(std::string_view text) const {
    memory_server unused{virtual_clock{host_.queue()}};
    return basic_schema_route<memory_server>{unused, accept_, hash_, setup_.schema}.replace(text);
}

FOREST_DECL void server_process::mount() {
    health_.reset();
    schema_.reset();
    http_ = std::make_unique<memory_server>(virtual_clock{host_});
    const auto allowed = [this](const server_request& request) {
        return wrong_secret == 0 && accept_(request);
    };
    if (setup_.health_route)
        health_.emplace(*http_, allowed,
                        route_options{.version = setup_.version, .hold_max = setup_.hold_max});
    schema_.emplace(*http_, allowed, hash_, setup_.schema,
                    schema_route_options{.hold_max = setup_.hold_max});
    if (draining_ > 0 && health_)
        health_->drain();
}

} // namespace forest::inline FOREST_FORM::sim

#endif
