// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_NETWORK_TRANSPORT_HPP
#define FOREST_SIM_NETWORK_NETWORK_TRANSPORT_HPP

#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/network/detail/network_exchange.hpp>

#include <memory>
#include <utility>

// What carries a check over a simulated network: the real bytes, on a link that may do anything to
// them, to a process that may do anything, too.

namespace forest::sim {

/// Talks to simulated processes. Models `transport`.
class network_transport {
public:
    /// Talks to one process, whatever the URL.
    explicit network_transport(const detail::network_path& path)
        : network_transport{[path](const url&) { return path; }} {}

    /// Asks `choose` for each request which way it goes.
    explicit network_transport(detail::path_chooser choose)
        : exchange_{std::make_shared<detail::network_exchange>(std::move(choose))} {}

    network_transport(network_transport&&) noexcept = default;
    network_transport& operator=(network_transport&&) = delete;

    /// As `cancel()`.
    ~network_transport() {
        if (exchange_ != nullptr)
            cancel();
    }

    template <typename Handler>
    void async_get(const request& what, duration timeout, Handler&& handler) {
        exchange_->begin(what, timeout, std::forward<Handler>(handler));
    }

    void cancel() { exchange_->cancel(); }

    /// How many requests are in flight (B2): 0 or 1.
    [[nodiscard]] int in_flight() const noexcept { return exchange_->in_flight(); }

private:
    std::shared_ptr<detail::network_exchange> exchange_;
};

static_assert(transport<network_transport>);

} // namespace forest::sim

#endif
