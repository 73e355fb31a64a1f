// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_FLEET_SCHEDULER_HPP
#define FOREST_DETAIL_FLEET_SCHEDULER_HPP

#include <forest/core/fleet_options.hpp>
#include <forest/core/time.hpp>
#include <forest/detail/fleet/admission.hpp>
#include <forest/detail/fleet/checks_in_flight.hpp>
#include <forest/detail/fleet/lines.hpp>
#include <forest/detail/fleet/signing.hpp>
#include <forest/detail/fleet/targets.hpp>
#include <forest/policy/backoff.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <algorithm>
#include <new>
#include <optional>
#include <utility>

// Which of the targets that are due may begin a check, and which has to wait for what.

namespace forest::detail {

/// Gives turns to targets that are lined up. Not thread-safe.
template <transport Transport, signer Signer, backoff Backoff>
class fleet_scheduler {
public:
    using targets = fleet_targets<Backoff>;
    using target = typename targets::target;
    using flights = checks_in_flight<Transport>;

    /// Whose turn it is: the right to begin, and since when the check is due.
    struct turn {
        target& of;
        fleet_admission::right right;
        steady_time due;
    };

    /// What it is made from outlives this.
    fleet_scheduler(targets& all, const flights& under_way, fleet_signing<Signer>& signing,
                    const fleet_options& chosen)
        : targets_{all}, flights_{under_way}, signing_{signing}, admission_{chosen} {}

    /// Puts a target that is due behind all that are lined up.
    void line_up(target& last, steady_time now) {
        unless_full(last, now, [&] { lines_.join(last.id); });
    }

    /// Puts a target whose check is to be repeated at once before them (B12): behind them it would
    /// be late again, and again inconclusive, for as long as too much is to be done.
    void repeat(target& first, steady_time now) {
        unless_full(first, now, [&] { lines_.go_first(first.id); });
    }

    /// The next turn, if anybody can have one now.
    [[nodiscard]] std::optional<turn> next(steady_time now, wall_time local) {
        const auto is_gone = [&](obstacle what, target_id first) {
            return what ? signing_.until_near(*what, local) == duration::zero()
                        : admission_.next_connection() <= now || has_connection(first);
        };
        while (admission_.has_room(flights_.count())) {
            const auto first = lines_.next(is_gone);
            if (!first)
                break;
            target* const one = targets_.find(*first);
            if (one == nullptr)
                continue;
            if (signing_.until_near(one->server, local) > duration::zero()) {
                unless_full(*one, now, [&] { lines_.wait_for(one->server, *first); });
                continue;
            }
            if (auto right = has_connection(*first) ? admission_.without_connection()
                                                    : admission_.with_connection(now))
                return turn{*one, std::move(*right), one->machine.due()};
            unless_full(*one, now, [&] {
                if (is_repeated(*one))
                    lines_.wait_first_for_connection(*first);
                else
                    lines_.wait_for({}, *first);
            });
        }
        return std::nullopt;
    }

    /// From when somebody is due, or can have a turn who now has to wait; empty when nobody waits,
    /// or when only the end of a check makes room.
    [[nodiscard]] std::optional<steady_time> next_at(steady_time now, wall_time local) const {
        const auto due = targets_.next_due();
        if (!admission_.has_room(flights_.count()))
            return due;
        const auto gone = lines_.soonest([&](obstacle what) {
            return what ? now + signing_.until_near(*what, local) : admission_.next_connection();
        });
        return due && gone ? std::min(due, gone) : due ? due : gone;
    }

    /// Settles for a check that has ended, which had paid for so many connections.
    void settle(unsigned paid, unsigned opened, steady_time now) noexcept {
        admission_.settle(paid, opened, now);
    }

private:
    using obstacle = fleet_lines::obstacle;

    // A target for which a line has no room is due again a little later, and not lost.
    template <typename Enter>
    void unless_full(target& one, steady_time now, const Enter& enter) {
        try {
            enter();
        } catch (const std::bad_alloc&) {
            targets_.pause(one, now);
        }
    }

    // Such a check asks for a connection of its own, too (B12).
    static bool is_repeated(const target& one) noexcept {
        return one.next == target_step::check && one.fresh_connection;
    }

    [[nodiscard]] bool has_connection(target_id id) const noexcept {
        const target* const one = targets_.find(id);
        return one != nullptr && admission_.bounds_connections() && !is_repeated(*one) &&
               flights_.keeps_connection_to(one->where);
    }

    targets& targets_;
    const flights& flights_;
    fleet_signing<Signer>& signing_;
    fleet_admission admission_;
    fleet_lines lines_;
};

} // namespace forest::detail

#endif
