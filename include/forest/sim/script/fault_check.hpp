// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_SCRIPT_FAULT_CHECK_HPP
#define FOREST_SIM_SCRIPT_FAULT_CHECK_HPP

#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/script/fault.hpp>
#include <forest/sim/script/latency.hpp>
#include <forest/sim/time/host.hpp>

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>

// Faults without a meaning, or with an unlikely one, are refused when they are added: a script that
// is silently ignored tests nothing.

namespace forest::sim {

/// Returns what is wrong with a fault in a world with so many servers and clients, as the second
/// part of a sentence; null if nothing is wrong.
[[nodiscard]] inline const char* fault_refused_for(const fault& what, std::size_t servers,
                                                   std::size_t clients) noexcept {
    using namespace std::chrono_literals;
    constexpr duration zero = duration::zero();
    const bool repeated = what.every > zero;
    const bool needs_server = is_of_process(what.kind) || what.client == fault::everyone;
    if (what.kind == fault_kind::quit && what.client == fault::everyone)
        return "is for one client";
    if (needs_server && what.server >= servers)
        return "is for a server that does not exist";
    if (!is_of_process(what.kind) && what.client != fault::everyone && what.client >= clients)
        return "is for a client that does not exist";
    if (what.at < zero)
        return "begins before the world does";
    if (what.lasting < zero || what.every < zero)
        return "has a negative length or period";
    if (repeated && what.lasting == zero && !is_momentary(what.kind))
        return "is repeated, and would never end: call lasting() before it";
    if (what.kind != fault_kind::step_wall && what.span < zero)
        return "has a negative span";
    switch (what.kind) {
    case fault_kind::step_wall:
    case fault_kind::jump_wall:
        return what.span % 1ms != zero ? "sets a wall clock by a part of a millisecond" : nullptr;
    case fault_kind::swing:
        return what.span > options::duration_max ? "swings by more than a year" : nullptr;
    case fault_kind::drift:
        return what.amount < -host::drift_ppm_max || what.amount > host::drift_ppm_max
                   ? "is beyond 100000 parts per million"
                   : nullptr;
    case fault_kind::loss:
        return what.amount < 0 || what.amount > 1000 ? "is not from 0 to 1000" : nullptr;
    case fault_kind::delay: return delay_of(what).valid() ? nullptr : "is beyond latency::maximum";
    default: return nullptr;
    }
}

/// Throws std::invalid_argument for a fault that is refused.
inline void check_fault(const fault& what, std::size_t servers, std::size_t clients) {
    if (const char* const why = fault_refused_for(what, servers, clients))
        throw std::invalid_argument(std::string{name(what.kind)} + " " + why);
}

} // namespace forest::sim

#endif
