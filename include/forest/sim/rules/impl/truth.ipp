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

FOREST_DECL int addresses_with_fault(const link& link, const client_network& network,
                                     bool lost_only) noexcept {
    int count = 0;
    for (int number = 0; number < (network.setup() ? network.setup()->addresses : 1); ++number) {
        const auto index = static_cast<std::size_t>(number);
        if (link.address_lost[index] > 0 || (!lost_only && link.address_refusing[index] > 0))
            ++count;
    }
    return count;
}

FOREST_DECL duration check_time_max(const link& link, const client_network& network) noexcept {
    const duration round_trip = round_trip_max(link.delay);
    if (!network.setup())
        return round_trip;
    // Attempts begin at most so far apart: RFC 8305.
    const auto before =
        addresses_with_fault(link, network, false) * forest::detail::get_machine::attempt_delay_max;
    return link.delay.typical + before + (2 + network.setup()->tls_flights) * round_trip;
}

FOREST_DECL bool ends_in_time(const host& client, const client_network& network, duration time,
                              duration timeout) noexcept {
    const bool may_be_half_open = network.setup() && network.setup()->kept;
    const duration noticed = may_be_half_open ? timer_max(client, timeout / 2) : duration::zero();
    return time + noticed < timer_min(client, timeout);
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

FOREST_DECL bool checks_must_fail(const host& client, const link& link,
                                  const client_network& network, server_process& server,
                                  duration timeout, wall_time signed_as) {
    const host& host = server.host();
    const auto& setup = network.setup();
    const bool kept = setup && setup->kept;
    const int addresses = setup ? setup->addresses : 1;
    const bool looks_up = setup || link.unresolvable > 0;
    if (!link.names_in_time() || (setup && !network.names_settled()) ||
        (looks_up && link.delay.typical >= timer_min(client, timeout)))
        return false;
    const bool server_fails = server.crashed() || server.frozen > 0 || server.wrong_secret > 0 ||
                              server.wrong_body > 0 || only_announces_end(server) ||
                              !host.running();
    const bool link_fails =
        link.requests_lost + link.replies_lost + link.resetting + link.truncating > 0 ||
        link.holds_back() || link.loss_per_mille >= 1000 ||
        addresses_with_fault(link, network, true) == addresses;
    // A client that opens connections step by step remembers the addresses of a name.
    const bool cannot_connect = link.refusing > 0 || (!setup && link.unresolvable > 0) ||
                                (setup && setup->tls_flights > 0 && link.flights_lost > 0) ||
                                addresses_with_fault(link, network, false) == addresses;
    if (server_fails || link_fails || (cannot_connect && !kept))
        return true;
    const int round_trips = setup && !kept ? 2 + setup->tls_flights : 1;
    const duration least = round_trips * round_trip_min(link.delay) +
                           (server.slow > 0 ? server.slowness : duration::zero()) +
                           (link.dripping > 0 ? link.drip : duration::zero());
    // The clock of the server continues while the request travels, and may be fast.
    const duration longest = timer_max(client, timeout);
    const duration one_way =
        (setup ? longest : std::min(round_trip_max(link.delay) / 2, longest)) / 2 * 3;
    return least >= timer_max(client, timeout) ||
           signature_refused(signed_as, host.now(), client.wall_range() + host.wall_range(),
                             one_way);
}

FOREST_DECL bool checks_must_succeed(const host& client, const link& link,
                                     const client_network& network, const server_process& server,
                                     duration timeout) noexcept {
    const auto& setup = network.setup();
    const bool connects = setup ? network.names_settled() &&
                                      addresses_with_fault(link, network, false) < setup->addresses
                                : link.sound();
    return client.running() && server.sound() && link.sound_for_some() && connects &&
           ends_in_time(client, network, check_time_max(link, network), timeout);
}

} // namespace forest::inline FOREST_FORM::sim

#endif
