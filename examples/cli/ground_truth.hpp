// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_CLI_GROUND_TRUTH_HPP
#define FOREST_EXAMPLES_CLI_GROUND_TRUTH_HPP

#include <forest/core/time.hpp>
#include <forest/sim/host.hpp>
#include <forest/sim/latency.hpp>
#include <forest/sim/link.hpp>
#include <forest/sim/process.hpp>

#include <algorithm>
#include <chrono>

// What is true of a simulated target, whatever its client believes.

namespace forest::cli {

/// The least time in which a question and its answer can cross a link.
[[nodiscard]] inline duration round_trip_min(const sim::latency& delay) noexcept {
    switch (delay.distribution) {
    case sim::latency::shape::constant: return 2 * (delay.typical + delay.least);
    case sim::latency::shape::heavy_tail: return 2 * (delay.typical / 2 + delay.least);
    default: return 2 * delay.least;
    }
}

/// Whether every server with that clock refuses what is signed as of `signed_as` and arrives within
/// `one_way_max`. Where clocks jump, by up to `jumps` together, only if they cannot jump to where
/// it is accepted.
[[nodiscard]] inline bool signature_refused(wall_time signed_as, wall_time server_now,
                                            duration jumps, duration one_way_max) noexcept {
    // A server accepts 300 s, of which both ends are in whole seconds.
    constexpr std::chrono::seconds refused{301};
    const duration ahead = signed_as - server_now;
    return ahead - jumps - one_way_max >= refused || -ahead - jumps >= refused;
}

/// Whether each check fails that begins now, whatever the random numbers are, if nothing changes
/// before it ends. It would be `signed_as` of that time. `announced`: the server says that it is
/// about to stop. Whether the client's machine runs does not matter: it is the target that is
/// judged.
[[nodiscard]] inline bool checks_must_fail(const sim::host& client, const sim::link& way,
                                           sim::process& server, duration timeout, bool announced,
                                           wall_time signed_as) {
    const sim::host& machine = server.machine();
    const bool of_process = server.crashed() || server.frozen > 0 || server.wrong_secret > 0 ||
                            server.wrong_body > 0 || announced || !machine.running();
    const bool of_link = way.unresolvable + way.refusing + way.requests_lost + way.replies_lost +
                                 way.resetting + way.truncating >
                             0 ||
                         way.holds_back() || way.loss_per_mille >= 1000;
    const duration least = round_trip_min(way.delay) +
                           (server.slow > 0 ? server.slowness : duration::zero()) +
                           (way.dripping > 0 ? way.drip : duration::zero());
    return of_process || of_link || least >= timeout ||
           signature_refused(signed_as, machine.now(), client.wall_range() + machine.wall_range(),
                             std::min(way.round_trip_max() / 2, timeout));
}

} // namespace forest::cli

#endif
