// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_SCRIPT_IMPL_FAULT_CHECK_IPP
#define FOREST_SIM_SCRIPT_IMPL_FAULT_CHECK_IPP

#include <forest/sim/script/fault_check.hpp>

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL const char* fault_refused_for(const fault& fault, std::size_t servers,
                                          std::size_t clients) noexcept {
    using namespace std::chrono_literals;
    constexpr duration zero = duration::zero();
    const bool repeated = fault.every > zero;
    const bool needs_server = is_of_process(fault.kind) || fault.client == fault::everyone;
    if (fault.kind == fault_kind::quit && fault.client == fault::everyone)
        return "is for one client";
    if (needs_server && fault.server >= servers)
        return "is for a server that does not exist";
    if (!is_of_process(fault.kind) && fault.client != fault::everyone && fault.client >= clients)
        return "is for a client that does not exist";
    if (fault.at < zero)
        return "begins before the world does";
    if (fault.lasting < zero || fault.every < zero)
        return "has a negative length or period";
    if (repeated && fault.lasting == zero && !is_momentary(fault.kind))
        return "is repeated, and would never end: call lasting() before it";
    if (fault.kind != fault_kind::step_wall && fault.span < zero)
        return "has a negative span";
    switch (fault.kind) {
    case fault_kind::step_wall:
    case fault_kind::jump_wall:
        return fault.span % 1ms != zero ? "sets a wall clock by a part of a millisecond" : nullptr;
    case fault_kind::swing:
        return fault.span > options::duration_max ? "swings by more than a year" : nullptr;
    case fault_kind::drift:
        return fault.amount < -host::drift_ppm_max || fault.amount > host::drift_ppm_max
                   ? "is beyond 100000 parts per million"
                   : nullptr;
    case fault_kind::loss:
        return fault.amount < 0 || fault.amount > 1000 ? "is not from 0 to 1000" : nullptr;
    case fault_kind::black_hole_address:
    case fault_kind::refuse_address:
        return fault.amount < 0 || fault.amount >= fault_addresses_max
                   ? "is for an address that does not exist: they are numbered from 0 to 7"
                   : nullptr;
    case fault_kind::delay: return delay_of(fault).valid() ? nullptr : "is beyond latency::maximum";
    default: return nullptr;
    }
}

FOREST_DECL void check_fault(const fault& fault, std::size_t servers, std::size_t clients) {
    if (const char* const why = fault_refused_for(fault, servers, clients))
        throw std::invalid_argument(std::string{name(fault.kind)} + " " + why);
}

} // namespace forest::inline FOREST_FORM::sim

#endif
