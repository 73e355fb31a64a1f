// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_RULES_IMPL_TRUTH_IPP
#define FOREST_SIM_RULES_IMPL_TRUTH_IPP

#include <forest/sim/rules/truth.hpp>

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL duration round_trip_min(const latency& delay) noexcept {
    switch (delay.distribution) {
    case latency::shape::constant:
        return 2 * std::min(delay.typical + delay.least, latency::maximum);
    case latency::shape::heavy_tail: return 2 * (delay.typical / 2 + delay.least);
    default: return 2 * delay.least;
    }
}

FOREST_DECL duration round_trip_max(const latency& delay) noexcept {
    switch (delay.distribution) {
    case latency::shape::constant: return round_trip_min(delay);
    case latency::shape::uniform:
        return 2 * std::min(2 * delay.typical + delay.least, latency::maximum);
    default: return 2 * latency::maximum;
    }
}

FOREST_DECL duration timer_min(const host& host, duration span) noexcept {
    const duration steady = host.true_span(span);
    return host.timers_exact() ? steady : steady / 5 * 4;
}

FOREST_DECL duration timer_max(const host& host, duration span) noexcept {
    const duration steady = host.true_span(span);
    return host.timers_exact() ? steady : steady / 3 * 4 + duration{4};
}

FOREST_DECL bool signature_refused(wall_time signed_as, wall_time server_now, duration jumps,
                                   duration one_way_max) noexcept {
    // A server accepts a difference of 300 s, and compares whole seconds.
    constexpr std::chrono::seconds refused{301};
    const duration ahead = signed_as - server_now;
    return ahead - jumps - one_way_max >= refused || -ahead - jumps >= refused;
}

FOREST_DECL bool signature_accepted(wall_time signed_as, const host& client,
                                    const host& server) noexcept {
    constexpr std::chrono::seconds close{290};
    const auto ahead = signed_as - server.now();
    const auto jumps = client.wall_range() + server.wall_range();
    return server.timers_exact() && -close + jumps < ahead && ahead < close - jumps;
}

FOREST_DECL bool only_announces_end(server_process& server) noexcept {
    const int other_faults = server.frozen + server.slow + server.wrong_secret + server.wrong_body +
                             server.one_connection;
    return !server.sound() && !server.crashed() && other_faults == 0 && server.host().running();
}

FOREST_DECL bool checks_must_fail(const host& client, const link& link, server_process& server,
                                  duration timeout, wall_time signed_as) {
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

FOREST_DECL bool checks_must_succeed(const host& client, const link& link,
                                     const server_process& server, duration timeout) noexcept {
    return client.running() && server.sound() && link.sound() &&
           round_trip_max(link.delay) < timer_min(client, timeout);
}

} // namespace forest::inline FOREST_FORM::sim

#endif
