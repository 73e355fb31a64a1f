// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_HEALTH_GUARDED_CALL_HPP
#define FOREST_DETAIL_HEALTH_GUARDED_CALL_HPP

#include <forest/core/detail/logic/call_or_report.hpp>
#include <forest/core/error.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>

#include <new>
#include <string_view>

// How the loops call policies of the application that may throw.

namespace forest::inline FOREST_FORM::detail {

/// Calls `begin`, which begins a GET. If it throws, the GET has not begun, and this function calls
/// `end(reply)`: polling must not stop silently because a policy throws. A lack of memory is no
/// failure of the server (B12: the check is inconclusive). For any other exception, `report(text)`
/// is called first, and returns whether `end` is to be called.
template <typename Begin, typename Report, typename End>
void guarded_call(const Begin& begin, const Report& report, const End& end) {
    bool out_of_memory = false;
    call_or_report(
        [&] {
            try {
                begin();
            } catch (const std::bad_alloc&) {
                out_of_memory = true;
            }
        },
        [&](std::string_view text) {
            if (report(text))
                end(reply{.error = errc::unreachable});
        });
    if (out_of_memory)
        end(reply{.error = errc::local_resources_exhausted});
}

/// Cancels the operations of a loop that has stopped. An operation that cannot be cancelled finds
/// the loop stopped when it ends.
template <typename... Cancellable>
void guarded_cancel(Cancellable&... operations) noexcept {
    try {
        (operations.cancel(), ...);
    } catch (...) { // The operation finds the loop stopped.
    }
}

} // namespace forest::inline FOREST_FORM::detail

#endif
