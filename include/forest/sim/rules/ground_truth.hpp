// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_RULES_GROUND_TRUTH_HPP
#define FOREST_SIM_RULES_GROUND_TRUTH_HPP

#include <forest/core/time.hpp>
#include <forest/sim/network/link.hpp>
#include <forest/sim/network/server_process.hpp>
#include <forest/sim/script/latency.hpp>
#include <forest/sim/time/host.hpp>

#include <algorithm>
#include <chrono>

// What is true of a simulated server, whatever its clients believe. Two questions have an answer:
// whether each check that begins now must fail, and whether each must succeed, if nothing changes
// before it ends. Between the two is chance. Where an answer would depend on more than can be seen
// from here, it is no.

namespace forest::sim {

/// The least time in which a question and its answer can cross a link.
[[nodiscard]] inline duration round_trip_min(const latency& delay) noexcept {
    switch (delay.distribution) {
    case latency::shape::constant:
        return 2 * std::min(delay.typical + delay.least, latency::maximum);
    case latency::shape::heavy_tail: return 2 * (delay.typical / 2 + delay.least);
    default: return 2 * delay.least;
    }
}

/// The longest that they can take.
[[nodiscard]] inline duration round_trip_max(const latency& delay) noexcept {
    switch (delay.distribution) {
    case latency::shape::constant: return round_trip_min(delay);
    case latency::shape::uniform:
        return 2 * std::min(2 * delay.typical + delay.least, latency::maximum);
    default: return 2 * latency::maximum;
    }
}

/// How soon, and how late, a timer of that length may end on a host that runs: its clock may be
/// fast or slow, and one that swings goes up to a quarter faster or slower at times.
[[nodiscard]] inline duration timer_min(const host& host, duration span) noexcept {
    const duration steady = host.true_span(span);
    return host.timers_exact() ? steady : steady / 5 * 4;
}
[[nodiscard]] inline duration timer_max(const host& host, duration span) noexcept {
    const duration steady = host.true_span(span);
    return host.timers_exact() ? steady : steady / 3 * 4 + duration{4};
}

/// Whether every server with that clock refuses what is signed as of `signed_as` and arrives within
/// `one_way_max` by its clock. Where clocks jump, by up to `jumps` together, only if they cannot
/// jump to where it is accepted.
[[nodiscard]] inline bool signature_refused(wall_time signed_as, wall_time server_now,
                                            duration jumps, duration one_way_max) noexcept {
    // A server accepts 300 s, of which both ends are in whole seconds.
    constexpr std::chrono::seconds refused{301};
    const duration ahead = signed_as - server_now;
    return ahead - jumps - one_way_max >= refused || -ahead - jumps >= refused;
}

/// Whether a server accepts what is signed as of `signed_as` and arrives now, with some seconds to
/// spare for what clocks do meanwhile.
[[nodiscard]] inline bool signature_accepted(wall_time signed_as, const host& client,
                                             const host& server) noexcept {
    constexpr std::chrono::seconds close{290};
    const auto ahead = signed_as - server.now();
    const auto jumps = client.wall_range() + server.wall_range();
    return server.timers_exact() && -close + jumps < ahead && ahead < close - jumps;
}

/// Whether a process does nothing wrong but to announce its end. One that does more wrong may do
/// that, too, which cannot be seen from outside.
[[nodiscard]] inline bool only_announces_end(server_process& server) noexcept {
    const int otherwise = server.frozen + server.slow + server.wrong_secret + server.wrong_body +
                          server.one_connection;
    return !server.sound() && !server.crashed() && otherwise == 0 && server.host().running();
}

/// Whether each check fails that begins now, whatever the random numbers are, if nothing changes
/// before it ends. It is `signed_as` of that time. Whether the client's host runs does not
/// matter: it is the server that is judged.
[[nodiscard]] inline bool checks_must_fail(const host& client, const link& link,
                                           server_process& server, duration timeout,
                                           wall_time signed_as) {
    const host& host = server.host();
    const bool of_process = server.crashed() || server.frozen > 0 || server.wrong_secret > 0 ||
                            server.wrong_body > 0 || only_announces_end(server) || !host.running();
    const bool of_link = link.unresolvable + link.refusing + link.requests_lost +
                                 link.replies_lost + link.resetting + link.truncating >
                             0 ||
                         link.holds_back() || link.loss_per_mille >= 1000;
    if (of_process || of_link)
        return true;
    const duration least = round_trip_min(link.delay) +
                           (server.slow > 0 ? server.slowness : duration::zero()) +
                           (link.dripping > 0 ? link.drip : duration::zero());
    // On the way, the clock of the server goes on, and may be fast.
    const duration one_way =
        std::min(round_trip_max(link.delay) / 2, timer_max(client, timeout)) / 2 * 3;
    return least >= timer_max(client, timeout) ||
           signature_refused(signed_as, host.now(), client.wall_range() + host.wall_range(),
                             one_way);
}

/// Whether each check succeeds that begins now on that host, if nothing changes before it ends,
/// and if its signature is accepted.
[[nodiscard]] inline bool checks_must_succeed(const host& client, const link& link,
                                              const server_process& server,
                                              duration timeout) noexcept {
    return client.running() && server.sound() && link.sound() &&
           round_trip_max(link.delay) < timer_min(client, timeout);
}

} // namespace forest::sim

#endif
