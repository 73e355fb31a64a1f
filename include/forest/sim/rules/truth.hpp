// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_RULES_TRUTH_HPP
#define FOREST_SIM_RULES_TRUTH_HPP

#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/network/link.hpp>
#include <forest/sim/network/server_process.hpp>
#include <forest/sim/script/latency.hpp>
#include <forest/sim/time/host.hpp>

#include <algorithm>
#include <chrono>

// The truth about a simulated server, independent of its clients: whether each check that begins
// now must fail, and whether each must succeed, if nothing changes before its end. If both are
// false, chance decides. Both are also false if the result depends on data that is not visible
// here.

namespace forest::inline FOREST_FORM::sim {

/// The shortest time in which a request and its answer can cross a link.
[[nodiscard]] inline duration round_trip_min(const latency& delay) noexcept {
    switch (delay.distribution) {
    case latency::shape::constant:
        return 2 * std::min(delay.typical + delay.least, latency::maximum);
    case latency::shape::heavy_tail: return 2 * (delay.typical / 2 + delay.least);
    default: return 2 * delay.least;
    }
}

/// The longest time in which a request and its answer can cross a link.
[[nodiscard]] inline duration round_trip_max(const latency& delay) noexcept {
    switch (delay.distribution) {
    case latency::shape::constant: return round_trip_min(delay);
    case latency::shape::uniform:
        return 2 * std::min(2 * delay.typical + delay.least, latency::maximum);
    default: return 2 * latency::maximum;
    }
}

/// Returns the shortest true time that a timer of length `span` takes on a running host. The clock
/// of a host may be fast or slow; while it swings, its rate is wrong by up to a quarter at times.
[[nodiscard]] inline duration timer_min(const host& host, duration span) noexcept {
    const duration steady = host.true_span(span);
    return host.timers_exact() ? steady : steady / 5 * 4;
}

/// Returns the longest true time that a timer of length `span` takes on a running host.
[[nodiscard]] inline duration timer_max(const host& host, duration span) noexcept {
    const duration steady = host.true_span(span);
    return host.timers_exact() ? steady : steady / 3 * 4 + duration{4};
}

/// Returns whether a server with this clock must refuse a request that is signed with the time
/// `signed_as` and arrives within `one_way_max` by the server's clock. `jumps` is the sum of the
/// largest jumps of both clocks. The result is true only if no jump makes the signature acceptable.
[[nodiscard]] inline bool signature_refused(wall_time signed_as, wall_time server_now,
                                            duration jumps, duration one_way_max) noexcept {
    // A server accepts a difference of 300 s, and compares whole seconds.
    constexpr std::chrono::seconds refused{301};
    const duration ahead = signed_as - server_now;
    return ahead - jumps - one_way_max >= refused || -ahead - jumps >= refused;
}

/// Returns whether a server accepts a request that is signed with the time `signed_as` and arrives
/// now. Some seconds are a reserve, because the clocks may change on the way.
[[nodiscard]] inline bool signature_accepted(wall_time signed_as, const host& client,
                                             const host& server) noexcept {
    constexpr std::chrono::seconds close{290};
    const auto ahead = signed_as - server.now();
    const auto jumps = client.wall_range() + server.wall_range();
    return server.timers_exact() && -close + jumps < ahead && ahead < close - jumps;
}

/// Returns whether the only fault of a server process is that it announces its stop. With other
/// faults the announcement is not visible from outside.
[[nodiscard]] inline bool only_announces_end(server_process& server) noexcept {
    const int other_faults = server.frozen + server.slow + server.wrong_secret + server.wrong_body +
                             server.one_connection;
    return !server.sound() && !server.crashed() && other_faults == 0 && server.host().running();
}

/// Returns whether each check that begins now and is signed with the time `signed_as` fails,
/// whatever the random numbers are, if nothing changes before its end. The state of the client's
/// host does not matter.
[[nodiscard]] inline bool checks_must_fail(const host& client, const link& link,
                                           server_process& server, duration timeout,
                                           wall_time signed_as) {
    const host& host = server.host();
    const bool server_fails = server.crashed() || server.frozen > 0 || server.wrong_secret > 0 ||
                              server.wrong_body > 0 || only_announces_end(server) ||
                              !host.running();
    const bool link_fails = link.unresolvable + link.refusing + link.requests_lost +
                                    link.replies_lost + link.resetting + link.truncating >
                                0 ||
                            link.holds_back() || link.loss_per_mille >= 1000;
    if (server_fails || link_fails)
        return true;
    const duration least = round_trip_min(link.delay) +
                           (server.slow > 0 ? server.slowness : duration::zero()) +
                           (link.dripping > 0 ? link.drip : duration::zero());
    // The clock of the server continues while the request travels, and may be fast.
    const duration one_way =
        std::min(round_trip_max(link.delay) / 2, timer_max(client, timeout)) / 2 * 3;
    return least >= timer_max(client, timeout) ||
           signature_refused(signed_as, host.now(), client.wall_range() + host.wall_range(),
                             one_way);
}

/// Returns whether each check that begins now on this host succeeds, if nothing changes before its
/// end and its signature is accepted.
[[nodiscard]] inline bool checks_must_succeed(const host& client, const link& link,
                                              const server_process& server,
                                              duration timeout) noexcept {
    return client.running() && server.sound() && link.sound() &&
           round_trip_max(link.delay) < timer_min(client, timeout);
}

} // namespace forest::inline FOREST_FORM::sim

#endif
