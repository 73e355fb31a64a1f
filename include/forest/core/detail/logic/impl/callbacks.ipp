// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_IMPL_CALLBACKS_IPP
#define FOREST_CORE_DETAIL_LOGIC_IMPL_CALLBACKS_IPP

#include <forest/core/detail/logic/callbacks.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL void callbacks::on_event(unique_function<void(const event&)> callback) {
    receives_all_ = static_cast<bool>(callback);
    gate_.set(on_event_, std::move(callback));
}

FOREST_DECL bool callbacks::receives(event_kind kind) const noexcept {
    return receives_all_ || kind == event_kind::server_down || kind == event_kind::server_up;
}

FOREST_DECL void callbacks::report(const event& happened) noexcept {
    report(happened, [] { return true; });
}

FOREST_DECL void callbacks::report_last(const event& happened) noexcept {
    call_or_report(
        [&] {
            if (const auto callback = gate_.get(on_event_))
                (*callback)(happened);
        },
        [&](std::string_view text) { report_last_resort(failure(happened, text)); });
}

FOREST_DECL auto callbacks::of_client(unique_function<void(const outage&)>&& callback)
    -> event_callback {
    if (!callback)
        return {};
    return
        [inner = std::move(callback)](const event& happened) mutable { inner(*happened.outage); };
}

FOREST_DECL auto callbacks::of_fleet(unique_function<void(target_id, const outage&)>&& callback)
    -> event_callback {
    if (!callback)
        return {};
    return [inner = std::move(callback)](const event& happened) mutable {
        inner(happened.id, *happened.outage);
    };
}

FOREST_DECL event callbacks::failure(event during, std::string_view text) noexcept {
    during.kind = event_kind::callback_failed;
    during.detail = text;
    // No check and no outage is the reason of this event.
    during.check = nullptr;
    during.path = {};
    during.outage = nullptr;
    return during;
}

FOREST_DECL void callbacks::report_failure(const event& failed) noexcept {
    if (receives_all_) {
        try {
            gate_.call(on_event_, failed);
            return;
        } catch (...) {
        }
    }
    try {
        gate_.call(on_unheard_, failed);
    } catch (...) { // Nobody is left to report to.
    }
}

FOREST_DECL void callbacks::report_last_resort(const event& failed) noexcept {
    try {
        if (const auto callback = gate_.get(on_unheard_))
            (*callback)(failed);
    } catch (...) { // Nobody is left to report to.
    }
}

} // namespace forest::inline FOREST_FORM::detail

#endif
