// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_NETWORK_TRANSPORT_HPP
#define FOREST_SIM_NETWORK_NETWORK_TRANSPORT_HPP

#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/network/detail/network_exchange.hpp>
#include <forest/sim/network/network_path.hpp>

#include <memory>
#include <utility>

// Carries checks over a simulated network: the real bytes, on a link with faults, to a server
// process with faults.

namespace forest::inline FOREST_FORM::sim {

/// Talks to simulated server processes. Not thread-safe. Host, link and server must outlive it.
/// Models `transport`.
class network_transport {
public:
    /// Talks to one server, for every URL.
    explicit network_transport(const network_path& path)
        : network_transport{[path](const url&) { return path; }} {}

    /// Calls `choose` with the URL of each request; `choose` returns the link and the server.
    explicit network_transport(path_chooser choose)
        : exchange_{std::make_shared<detail::network_exchange>(std::move(choose))} {}

    network_transport(network_transport&&) noexcept = default;
    network_transport& operator=(network_transport&&) = delete;

    /// Cancels like `cancel()`.
    ~network_transport() {
        if (exchange_ != nullptr)
            cancel();
    }

    template <typename Handler>
    void async_get(const request& get, duration timeout, Handler&& handler) {
        exchange_->begin(get, timeout, std::forward<Handler>(handler));
    }

    void cancel() { exchange_->cancel(); }

    /// The number of requests in flight: 0 or 1 (B2: one check of a target at a time).
    [[nodiscard]] int in_flight() const noexcept { return exchange_->in_flight(); }

private:
    std::shared_ptr<detail::network_exchange> exchange_;
};

static_assert(transport<network_transport>);

} // namespace forest::inline FOREST_FORM::sim

#endif
