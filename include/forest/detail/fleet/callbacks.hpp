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
#include <forest/policy/backoff.hpp>

#include <utility>

// What a fleet tells, while those whom it tells may remove the very target that they are told of.

namespace forest::detail {

/// The callbacks of a fleet. Not thread-safe.
template <backoff Backoff>
class fleet_callbacks {
public:
    using target = typename fleet_targets<Backoff>::target;

    /// `all` outlives this.
    explicit fleet_callbacks(fleet_targets<Backoff>& all) noexcept : targets_{all} {}

    [[nodiscard]] callbacks& listeners() noexcept { return listeners_; }

    /// Whether nothing is told any more.
    [[nodiscard]] bool closed() const noexcept { return listeners_.closed(); }

    /// Whether a callback is running.
    [[nodiscard]] bool telling() const noexcept { return telling_; }

    /// An event of `one`, whose URL is `where`. `judged` is the outcome of the check that it
    /// follows from, if any. Views into these, and into `told`, to which an outage is written if
    /// the event has one.
    [[nodiscard]] static event describe(const target& one, const url& where, event_kind kind,
                                        const verdict* judged, outage& told) noexcept {
        event result = forest::detail::describe(one.machine, kind, judged, where.text(), told);
        if (result.check != nullptr)
            result.path = where.target();
        result.id = one.id;
        return result;
    }

    /// The same of an event that belongs to no check and no outage.
    [[nodiscard]] static event describe(const target& one, const url& where,
                                        event_kind kind) noexcept {
        outage none;
        return describe(one, where, kind, nullptr, none);
    }

    /// Tells of an event of `one`, which stays where it is meanwhile, whatever the callbacks do; of
    /// what it stands for no more is told once it is removed.
    void tell(const target& one, const event& happened) {
        targets_.hold();
        const bool outer = std::exchange(telling_, true);
        listeners_.tell(happened, [&] { return one.id == happened.id; });
        telling_ = outer;
        targets_.release();
    }

    /// Tells nothing any more but the last two events of each target, of which `stopping_of`
    /// answers the first.
    template <typename Describe>
    void close(const Describe& stopping_of) noexcept {
        listeners_.close([&]() noexcept {
            targets_.hold();
            targets_.for_each([&](const target& each) noexcept {
                if (!each.announced)
                    return;
                event last = stopping_of(each);
                listeners_.tell_last(last);
                if (each.id != last.id) // A callback has removed it.
                    return;
                last.kind = event_kind::stopped;
                listeners_.tell_last(last);
            });
            targets_.release();
        });
    }

private:
    fleet_targets<Backoff>& targets_;
    callbacks listeners_;
    bool telling_ = false;
};

} // namespace forest::detail

#endif
