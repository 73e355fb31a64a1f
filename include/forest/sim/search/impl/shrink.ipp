// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_SEARCH_IMPL_SHRINK_IPP
#define FOREST_SIM_SEARCH_IMPL_SHRINK_IPP

#include <forest/sim/search/shrink.hpp>

namespace forest::inline FOREST_FORM::sim::detail {

FOREST_DECL bool remove_client(plan& plan, std::size_t client) {
    for (const fault& each : plan.faults) {
        if (each.client == client)
            return false;
    }
    plan.clients.erase(plan.clients.begin() + static_cast<std::ptrdiff_t>(client));
    for (fault& each : plan.faults) {
        if (each.client != fault::everyone && each.client > client)
            --each.client;
    }
    return true;
}

FOREST_DECL bool remove_server(plan& plan, std::uint16_t server) {
    const auto watched = [server](const auto& each) { return each.server == server; };
    if (std::any_of(plan.clients.begin(), plan.clients.end(), watched) ||
        std::any_of(plan.faults.begin(), plan.faults.end(), watched))
        return false;
    --plan.servers;
    for (planned_client& each : plan.clients)
        each.server =
            each.server > server ? static_cast<std::uint16_t>(each.server - 1) : each.server;
    for (fault& each : plan.faults)
        each.server =
            each.server > server ? static_cast<std::uint16_t>(each.server - 1) : each.server;
    return true;
}

FOREST_DECL const std::vector<std::function<bool(planned_client&)>>& plainer_clients() {
    static const options plain;
    static const std::vector<std::function<bool(planned_client&)>> steps{
        [](planned_client& each) { return reset_to(each.settings.interval, plain.interval); },
        [](planned_client& each) { return reset_to(each.settings.timeout, plain.timeout); },
        [](planned_client& each) {
            return reset_to(each.settings.failure_threshold, plain.failure_threshold);
        },
        [](planned_client& each) {
            return reset_to(each.settings.success_threshold, plain.success_threshold);
        },
        [](planned_client& each) {
            return reset_to(each.settings.initial_delay_max, plain.initial_delay_max);
        },
        [](planned_client& each) {
            return reset_to(each.settings.interval_jitter, plain.interval_jitter);
        },
        [](planned_client& each) {
            return reset_to(each.settings.stall_tolerance, plain.stall_tolerance);
        },
        [](planned_client& each) { return reset_to(each.usual, planned_client{}.usual); },
        [](planned_client& each) { return reset_to(each.connections, {}); },
        [](planned_client& each) {
            return each.connections && reset_to(each.connections->addresses, 1);
        },
        [](planned_client& each) {
            return each.connections && reset_to(each.connections->tls_flights, 0);
        },
        [](planned_client& each) {
            return each.connections && reset_to(each.connections->kept, false);
        }};
    return steps;
}

FOREST_DECL bool round_amount(fault& each) {
    std::int64_t unit = 1;
    while (each.amount / unit >= 10 || each.amount / unit <= -10)
        unit *= 10;
    return reset_to(each.amount, each.amount / unit * unit);
}

FOREST_DECL bool cut_amount_in_half(fault& each) {
    return reset_to(each.amount, each.amount / 2) && each.amount != 0;
}

FOREST_DECL const std::vector<std::function<bool(fault&)>>& plainer_faults() {
    using minutes = std::chrono::minutes;
    using seconds = std::chrono::seconds;
    static const std::vector<std::function<bool(fault&)>> steps{
        [](fault& each) {
            return each.kind != fault_kind::quit && reset_to(each.client, fault::everyone);
        },
        [](fault& each) { return reset_to(each.every, duration::zero()); },
        [](fault& each) { return reset_to(each.least, duration::zero()); },
        cut_in_half<&fault::at>,
        cut_in_half<&fault::lasting>,
        cut_in_half<&fault::span>,
        cut_amount_in_half,
        round_down<&fault::at, minutes>,
        round_down<&fault::at, seconds>,
        round_down<&fault::lasting, minutes>,
        round_down<&fault::lasting, seconds>,
        round_down<&fault::every, minutes>,
        round_down<&fault::every, seconds>,
        round_down<&fault::span, minutes>,
        round_down<&fault::span, seconds>,
        round_amount,
        [](fault& each) { return reset_to(each.shape, latency::shape::constant); }};
    return steps;
}

FOREST_DECL double checks_of(const plan& plan) {
    double all = 0.0;
    for (const planned_client& each : plan.clients)
        all += 1.0 + static_cast<double>(plan.length.count()) /
                         static_cast<double>(each.settings.interval.count());
    return all;
}

} // namespace forest::inline FOREST_FORM::sim::detail

#endif
