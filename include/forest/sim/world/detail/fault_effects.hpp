// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_WORLD_DETAIL_FAULT_EFFECTS_HPP
#define FOREST_SIM_WORLD_DETAIL_FAULT_EFFECTS_HPP

#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/network/link.hpp>
#include <forest/sim/network/server_process.hpp>
#include <forest/sim/script/fault.hpp>
#include <forest/sim/time/host.hpp>

#include <cassert>
#include <chrono>
#include <cstddef>

// The effects of faults. To add a fault, add its kind to script/fault.hpp, its word to moment.hpp
// and its effect here.
//
// Faults of one kind may overlap. Faults that are only on or off are counted. For faults that set a
// value, `in_force` is the fault that began last and has not ended.

namespace forest::inline FOREST_FORM::sim::detail {

/// Begins (`step` is 1) or ends (-1) a fault of a server process. `in_force` is null if no fault of
/// the kind is left. Not for `crash`, `restart` and `stop`: their end depends on later events of
/// the process.
FOREST_DECL void change_process(server_process& server, const fault& fault, int step,
                                const sim::fault* in_force);

/// Begins or ends a fault of a link, like `change_process`.
FOREST_DECL void change_link(link& link, const fault& fault, int step, const sim::fault* in_force);

/// Sets the time of a host for a kind of fault that lasts; `in_force` is null if no fault is left.
FOREST_DECL void change_time(host& host, fault_kind kind, const fault* in_force);

/// Performs a momentary fault of the time of a host.
FOREST_DECL void disturb_time(host& host, const fault& fault);

} // namespace forest::inline FOREST_FORM::sim::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/world/detail/impl/fault_effects.ipp>
#endif

#endif
