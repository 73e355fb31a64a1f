// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_RULES_CLIENT_VIEW_HPP
#define FOREST_SIM_RULES_CLIENT_VIEW_HPP

#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/rules/truth.hpp>

#include <cstdint>
#include <functional>

// The parts of a world that are visible from outside of one client.

namespace forest::inline FOREST_FORM::sim {

/// The data that client_rules needs from the world around its client.
struct client_view {
    std::function<duration()> now;          ///< since the beginning
    std::function<steady_time()> local_now; ///< the steady clock of the client's host
    std::function<steady_time()> timer_now; ///< that clock without the time in suspension
    std::function<wall_time()> wall_now;    ///< the host's wall clock, as used for signatures
    std::function<bool()> exact;            ///< the host's timers end when due by its own clock
    std::function<std::uint64_t()> rate_changes; ///< of the host's clocks, counted
    std::function<std::uint64_t()> host_changes; ///< counts the disturbances of the client's host
    std::function<std::uint64_t()> changes;      ///< counts the beginnings and ends of faults

    // About a check that begins and ends now.
    std::function<bool()> must_succeed;                 ///< if its signature is accepted
    std::function<bool(wall_time signed_as)> accepted;  ///< its signature is accepted
    std::function<bool(wall_time signed_as)> must_fail; ///< with any random numbers

    std::function<bool()> name_may_be_unknown; ///< the name service has said so
    bool keeps_connections = false;            ///< so a check may have a second request
};

/// The view of a client that has these options. The world and the client must outlive it.
template <typename World>
[[nodiscard]] client_view view_of(World& owner, typename World::client_type& client,
                                  const options& settings) {
    auto& server = client.server();
    const duration timeout = settings.timeout;
    return {
        .now = [&owner] { return owner.now(); },
        .local_now = [&client] { return client.host().steady_now(); },
        .timer_now = [&client] { return client.host().timer_now(); },
        .wall_now = [&client] { return client.signing_now(); },
        .exact = [&client] { return client.host().timers_exact(); },
        .rate_changes = [&client] { return client.host().rate_changes(); },
        .host_changes = [&client] { return client.host().disturbances(); },
        .changes = [&owner,
                    &server] { return owner.disturbances() + server.host().disturbances(); },
        .must_succeed =
            [&client, &server, timeout] {
                return checks_must_succeed(client.host(), client.link(), client.network(), server,
                                           timeout);
            },
        .accepted =
            [&client, &server](wall_time signed_as) {
                return signature_accepted(signed_as, client.host(), server.host());
            },
        .must_fail =
            [&client, &server, timeout](wall_time signed_as) {
                return checks_must_fail(client.host(), client.link(), client.network(), server,
                                        timeout, signed_as);
            },
        .name_may_be_unknown =
            [&client] {
                return client.link().unresolvable > 0 || !client.network().names_settled();
            },
        .keeps_connections = client.network().setup() && client.network().setup()->kept,
    };
}

} // namespace forest::inline FOREST_FORM::sim

#endif
