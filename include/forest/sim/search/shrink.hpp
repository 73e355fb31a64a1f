// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_SEARCH_SHRINK_HPP
#define FOREST_SIM_SEARCH_SHRINK_HPP

#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/script/fault.hpp>
#include <forest/sim/script/latency.hpp>
#include <forest/sim/search/plan.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

// Makes a plan that breaks a rule as small as possible, because a person reads it: with the fewest
// faults, then the fewest servers and clients, then the simplest options, then the earliest and
// roundest times.

namespace forest::inline FOREST_FORM::sim {

namespace detail {

inline bool remove_client(plan& plan, std::size_t client) {
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

inline bool remove_server(plan& plan, std::uint16_t server) {
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

// Sets a member to its default value. Returns false if it already has this value.
template <typename Value>
bool reset_to(Value& member, const Value& plain) {
    return !(std::exchange(member, plain) == plain);
}

inline const std::vector<std::function<bool(planned_client&)>>& plainer_clients() {
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
        [](planned_client& each) { return reset_to(each.usual, planned_client{}.usual); }};
    return steps;
}

// Only `at` may become 0; with 0 in another member the fault would become another one, or none.
template <duration fault::* Member>
bool changed_to(fault& each, duration value) {
    return reset_to(each.*Member, value) &&
           (each.*Member != duration::zero() || Member == &fault::at);
}

// Rounds towards 0, also if negative.
template <duration fault::* Member, typename Unit>
bool round_down(fault& each) {
    return changed_to<Member>(each, std::chrono::duration_cast<Unit>(each.*Member));
}

template <duration fault::* Member>
bool cut_in_half(fault& each) {
    using milliseconds = std::chrono::milliseconds;
    return changed_to<Member>(each, std::chrono::duration_cast<milliseconds>(each.*Member / 2));
}

// Keeps only the first digit of the amount.
inline bool round_amount(fault& each) {
    std::int64_t unit = 1;
    while (each.amount / unit >= 10 || each.amount / unit <= -10)
        unit *= 10;
    return reset_to(each.amount, each.amount / unit * unit);
}

inline bool cut_amount_in_half(fault& each) {
    return reset_to(each.amount, each.amount / 2) && each.amount != 0;
}

inline const std::vector<std::function<bool(fault&)>>& plainer_faults() {
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

// The approximate number of checks in a run of a plan, without faults.
inline double checks_of(const plan& plan) {
    double all = 0.0;
    for (const planned_client& each : plan.clients)
        all += 1.0 + static_cast<double>(plan.length.count()) /
                         static_cast<double>(each.settings.interval.count());
    return all;
}

} // namespace detail

/// The limits of shrinking.
struct shrink_bound {
    std::size_t runs_max = 2000; ///< of runs of plans
    double checks_max = 5e6;     ///< in all these runs, estimated from the intervals
};

/// Shortens `broken` while `still_broken(plan)` returns true, that is, while the plan breaks the
/// same rule, and within the bound.
template <typename StillBroken>
[[nodiscard]] plan shrink(plan broken, StillBroken&& still_broken, const shrink_bound& bound = {}) {
    std::size_t runs = 0;
    double checks = 0.0;
    const auto allowed = [&] { return runs < bound.runs_max && checks < bound.checks_max; };
    const auto better = [&](const plan& candidate) {
        if (!allowed())
            return false;
        ++runs;
        checks += detail::checks_of(candidate);
        if (!still_broken(candidate))
            return false;
        broken = candidate;
        return true;
    };
    // Each step makes the plan smaller, so the loop ends.
    for (bool changed = true; changed && allowed();) {
        changed = false;
        const auto attempt = [&](auto&& change) {
            plan candidate = broken;
            if (change(candidate) && better(candidate))
                changed = true;
        };

        // Removes halves of the script first, then single faults.
        for (std::size_t size = std::max<std::size_t>(broken.faults.size() / 2, 1); size > 0;
             size /= 2) {
            for (std::size_t begin = 0; begin < broken.faults.size();) {
                const std::size_t before = broken.faults.size();
                attempt([&](plan& candidate) {
                    const auto first =
                        candidate.faults.begin() + static_cast<std::ptrdiff_t>(begin);
                    const std::size_t count = std::min(size, candidate.faults.size() - begin);
                    candidate.faults.erase(first, first + static_cast<std::ptrdiff_t>(count));
                    return true;
                });
                if (broken.faults.size() == before)
                    begin += size;
            }
        }
        for (std::size_t client = broken.clients.size(); client-- > 0 && broken.clients.size() > 1;)
            attempt([&](plan& candidate) { return detail::remove_client(candidate, client); });
        for (std::uint16_t server = broken.servers; server-- > 0 && broken.servers > 1;)
            attempt([&](plan& candidate) { return detail::remove_server(candidate, server); });
        for (std::size_t client = 0; client < broken.clients.size(); ++client) {
            for (const auto& plainer : detail::plainer_clients())
                attempt([&](plan& candidate) { return plainer(candidate.clients[client]); });
        }
        for (std::size_t index = 0; index < broken.faults.size(); ++index) {
            for (const auto& plainer : detail::plainer_faults())
                attempt([&](plan& candidate) { return plainer(candidate.faults[index]); });
        }
        attempt([](plan& candidate) {
            const duration half = std::chrono::floor<std::chrono::seconds>(candidate.length / 2);
            return std::exchange(candidate.length, half) != half && half > duration::zero();
        });
        attempt([](plan& candidate) { return std::exchange(candidate.seed, 0U) != 0; });
    }
    return broken;
}

} // namespace forest::inline FOREST_FORM::sim

#endif
