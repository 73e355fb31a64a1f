// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_IMPL_CURRENT_CALL_IPP
#define FOREST_SIM_CONFORMANCE_DETAIL_IMPL_CURRENT_CALL_IPP

#include <forest/sim/conformance/detail/current_call.hpp>

namespace forest::inline FOREST_FORM::sim::conformance::detail {

FOREST_DECL bool current_call::inside(kind called, const void* subject) const {
    const std::lock_guard lock{mutex_};
    return call_.called == called && call_.subject == subject &&
           call_.thread == std::this_thread::get_id();
}

FOREST_DECL auto current_call::exchange(const call& next) -> call {
    const std::lock_guard lock{mutex_};
    return std::exchange(call_, next);
}

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#endif
