// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_RULES_DETAIL_MONITOR_VIEW_HPP
#define FOREST_SIM_RULES_DETAIL_MONITOR_VIEW_HPP

#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/rules/ground_truth.hpp>

#include <cstdint>
#include <functional>

// The world, as far as someone sees it who watches one client.

namespace forest::sim::detail {

/// What a monitor has to know of the world around its client.
struct monitor_view {
    std::function<duration()> now;          ///< since the beginning
    std::function<steady_time()> local_now; ///< the steady clock of the client's host
    std::function<steady_time()> timer_now; ///< the same, but for the time that it was suspended
    std::function<wall_time()> wall_now;    ///< its wall clock, as it signs by it
    std::function<bool()> exact;            ///< its timers end when they are due, by its own clock
    std::function<std::uint64_t()> host_changes; ///< counts what is done to it
    std::function<std::uint64_t()> changes; ///< counts what begins or ends to be wrong anywhere

    // Of a check that begins and ends now.
    std::function<bool()> must_succeed;                ///< if its signature is accepted
    std::function<bool(wall_time signed_as)> accepted; ///< its signature is
    std::function<bool(wall_time signed_as)> must_fail;
};

/// Of a client of a world, which has the options `chosen`. Both must outlive the view.
template <typename World>
[[nodiscard]] monitor_view view_of(World& in, typename World::client_type& client,
                                   const options& chosen) {
    auto& server = client.server();
    const duration timeout = chosen.timeout;
    return {
        .now = [&in] { return in.now(); },
        .local_now = [&client] { return client.host().steady_now(); },
        .timer_now = [&client] { return client.host().timer_now(); },
        .wall_now = [&client] { return client.signing_now(); },
        .exact = [&client] { return client.host().timers_exact(); },
        .host_changes = [&client] { return client.host().disturbances(); },
        .changes = [&in, &server] { return in.disturbances() + server.host().disturbances(); },
        .must_succeed =
            [&client, &server, timeout] {
                return checks_must_succeed(client.host(), client.link(), server, timeout);
            },
        .accepted =
            [&client, &server](wall_time signed_as) {
                return signature_accepted(signed_as, client.host(), server.host());
            },
        .must_fail =
            [&client, &server, timeout](wall_time signed_as) {
                return checks_must_fail(client.host(), client.link(), server, timeout, signed_as);
            },
    };
}

} // namespace forest::sim::detail

#endif
