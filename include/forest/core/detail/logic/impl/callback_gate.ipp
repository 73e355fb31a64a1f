// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_IMPL_CALLBACK_GATE_IPP
#define FOREST_CORE_DETAIL_LOGIC_IMPL_CALLBACK_GATE_IPP

#include <forest/core/detail/logic/callback_gate.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL const void* callback_gate::this_thread() noexcept {
    static thread_local const char here = 0;
    return &here;
}

FOREST_DECL void callback_gate::changed() noexcept {
    ++changes_;
    changes_.notify_all();
}

FOREST_DECL bool callback_gate::begin_closing() {
    schedule_point();
    std::unique_lock lock{mutex_};
    const bool first = !closed_.exchange(true);
    if (inside_ == this_thread()) {
        silenced_ = true;
        return false;
    }
    closing_ = closing_ || first;
    while (inside_ != nullptr || (closing_ && !first)) {
        const unsigned seen = changes_;
        lock.unlock();
        schedule_point();
        schedule_wait(changes_, seen);
        lock.lock();
    }
    if (!first)
        return false;
    if (!silenced_) {
        inside_ = this_thread();
        return true;
    }
    closing_ = false;
    changed();
    return false;
}

FOREST_DECL void callback_gate::end_closing() {
    schedule_point();
    const std::lock_guard lock{mutex_};
    inside_ = nullptr;
    closing_ = false;
    changed();
}

FOREST_DECL callback_gate::leaving::~leaving() {
    schedule_point();
    {
        const std::lock_guard lock{gate.mutex_};
        gate.inside_ = nullptr;
        gate.changed();
    }
    schedule_point();
}

} // namespace forest::inline FOREST_FORM::detail

#endif
