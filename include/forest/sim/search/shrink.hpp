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

FOREST_DECL bool remove_client(plan& plan, std::size_t client);

FOREST_DECL bool remove_server(plan& plan, std::uint16_t server);

// Sets a member to its default value. Returns false if it already has this value.
template <typename Value>
bool reset_to(Value& member, const Value& plain) {
    return !(std::exchange(member, plain) == plain);
}

FOREST_DECL const std::vector<std::function<bool(planned_client&)>>& plainer_clients();

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
FOREST_DECL bool round_amount(fault& each);

FOREST_DECL bool cut_amount_in_half(fault& each);

FOREST_DECL const std::vector<std::function<bool(fault&)>>& plainer_faults();

// The approximate number of checks in a run of a plan, without faults.
FOREST_DECL double checks_of(const plan& plan);

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

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/search/impl/shrink.ipp>
#endif

#endif
