// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_IMPL_CALLBACK_GATE_IPP
#define FOREST_CORE_DETAIL_LOGIC_IMPL_CALLBACK_GATE_IPP

#include <forest/core/detail/logic/callback_gate.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL callback_gate::leaving::~leaving() {
    const std::lock_guard lock{gate.mutex_};
    gate.inside_ = {};
    gate.left_.notify_all();
}

} // namespace forest::inline FOREST_FORM::detail

#endif
