// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_NETWORK_TRANSPORT_HPP
#define FOREST_SIM_NETWORK_NETWORK_TRANSPORT_HPP

#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/network/detail/network_get.hpp>
#include <forest/sim/network/network_path.hpp>

#include <memory>
#include <utility>

// Carries checks over a simulated network: the real bytes, on a link with faults, to a server
// process with faults.

namespace forest::inline FOREST_FORM::sim {

/// Talks to simulated server processes, with the logic of the transports with sockets. `Get` is the
/// driver of that logic; tests replace it. Not thread-safe. Host, link and server must outlive it.
/// Models `hedging_transport`.
template <typename Get = detail::network_get>
class basic_network_transport {
public:
    /// Talks to one server, for every URL.
    explicit basic_network_transport(const network_path& path)
        : basic_network_transport{[path](const url&) { return path; }} {}

    /// Calls `choose` with the URL of each request; `choose` returns the link and the server.
    explicit basic_network_transport(path_chooser choose)
        : basic_network_transport{
              std::make_shared<detail::network_user>(detail::network_user{std::move(choose)})} {}

    basic_network_transport(basic_network_transport&&) noexcept = default;
    basic_network_transport& operator=(basic_network_transport&&) = delete;

    /// Cancels like `cancel()`.
    ~basic_network_transport() {
        if (get_ != nullptr)
            get_->abandon();
    }

    template <typename Handler>
    void async_get(const request& get, duration timeout, Handler&& handler) {
        get_->begin(get, timeout, std::forward<Handler>(handler));
    }

    void cancel() { get_->cancel(); }

    /// Whether a GET waits for the first byte of an answer over a kept connection.
    [[nodiscard]] bool waits_on_kept_connection() const noexcept {
        return get_->waits_on_kept_connection();
    }

    /// Another transport of the same client.
    [[nodiscard]] basic_network_transport another() {
        return basic_network_transport{get_->user()};
    }

    /// The number of requests in flight: 0 or 1 (B2: one check of a target at a time).
    [[nodiscard]] int in_flight() const noexcept { return get_->under_way() ? 1 : 0; }

private:
    explicit basic_network_transport(std::shared_ptr<detail::network_user> user)
        : get_{std::make_shared<Get>(std::move(user))} {}

    std::shared_ptr<Get> get_;
};

using network_transport = basic_network_transport<>;

static_assert(hedging_transport<network_transport>);

} // namespace forest::inline FOREST_FORM::sim

#endif
