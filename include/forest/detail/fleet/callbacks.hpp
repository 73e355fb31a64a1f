// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_FLEET_CALLBACKS_HPP
#define FOREST_DETAIL_FLEET_CALLBACKS_HPP

#include <forest/core/detail/logic/callbacks.hpp>
#include <forest/core/detail/logic/health_steps.hpp>
#include <forest/core/event.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/url.hpp>
#include <forest/core/verdict.hpp>
#include <forest/detail/fleet/targets.hpp>
#include <forest/form.hpp>
#include <forest/policy/backoff.hpp>

#include <utility>

// The callbacks of a fleet. A callback may remove the target whose event it receives.

namespace forest::inline FOREST_FORM::detail {

/// The callbacks of a fleet. Not thread-safe.
template <backoff Backoff>
class fleet_callbacks {
public:
    using target = typename fleet_targets<Backoff>::target;

    /// `all` must outlive this object.
    explicit fleet_callbacks(fleet_targets<Backoff>& all) noexcept : targets_{all} {}

    [[nodiscard]] callbacks& listeners() noexcept { return listeners_; }

    /// Returns whether no event is reported any more.
    [[nodiscard]] bool closed() const noexcept { return listeners_.closed(); }

    /// Returns whether a callback is running.
    [[nodiscard]] bool reporting() const noexcept { return reporting_; }

    /// Returns an event of `subject`, whose URL is `location`. `judged` is the verdict of the check
    /// that caused it, or null. Writes the outage that belongs to the event, if any, to
    /// `outage_storage`. The event refers to the URL, the verdict and the outage.
    [[nodiscard]] static event describe(const target& subject, const url& location, event_kind kind,
                                        const verdict* judged, outage& outage_storage) noexcept {
        event result = forest::detail::describe(subject.machine, kind, judged, location.text(),
                                                outage_storage);
        if (result.check != nullptr)
            result.path = location.target();
        result.id = subject.id;
        return result;
    }

    /// Returns an event that belongs to no check and no outage.
    [[nodiscard]] static event describe(const target& subject, const url& location,
                                        event_kind kind) noexcept {
        outage unused;
        return describe(subject, location, kind, nullptr, unused);
    }

    /// Reports an event of `subject`. During the call `subject` stays in its place. If a callback
    /// removes it, no further callback runs.
    void report(const target& subject, const event& happened) {
        targets_.hold();
        const bool outer = std::exchange(reporting_, true);
        listeners_.report(happened, [&] { return subject.id == happened.id; });
        reporting_ = outer;
        targets_.release();
    }

    /// Reports the last two events of each target, and no event after that. `stopping_of` returns
    /// the first of the two.
    template <typename Describe>
    void close(const Describe& stopping_of) noexcept {
        listeners_.close([&]() noexcept {
            targets_.hold();
            targets_.for_each([&](const target& each) noexcept {
                if (!each.announced)
                    return;
                event last = stopping_of(each);
                listeners_.report_last(last);
                if (each.id != last.id) // A callback has removed the target.
                    return;
                last.kind = event_kind::stopped;
                listeners_.report_last(last);
            });
            targets_.release();
        });
    }

private:
    fleet_targets<Backoff>& targets_;
    callbacks listeners_;
    bool reporting_ = false;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
