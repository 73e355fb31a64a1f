// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_FLEET_SCHEDULER_HPP
#define FOREST_DETAIL_FLEET_SCHEDULER_HPP

#include <forest/core/detail/container/waiting_line.hpp>
#include <forest/core/detail/logic/rate_limit.hpp>
#include <forest/core/fleet_options.hpp>
#include <forest/core/target_id.hpp>
#include <forest/core/time.hpp>
#include <forest/detail/fleet/checks_in_flight.hpp>
#include <forest/detail/fleet/origins.hpp>
#include <forest/detail/fleet/signing.hpp>
#include <forest/detail/fleet/targets.hpp>
#include <forest/form.hpp>
#include <forest/policy/backoff.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <algorithm>
#include <new>
#include <optional>
#include <utility>
#include <vector>

// Decides which due targets may begin a check, and what the other due targets wait for.

namespace forest::inline FOREST_FORM::detail {

/// Holds the bounds of a fleet for checks in flight and for connections per second, and counts the
/// connections. A check pays for one connection when it begins. When it has ended, the number of
/// connections that it opened is known, and the difference is settled. Not thread-safe.
class fleet_limits {
public:
    /// Permission to begin a check, and to open one connection if the check needs one. An unused
    /// permit gives its connection back when it is destroyed. A permit must not outlive its limits.
    class permit {
    public:
        permit(permit&& other) noexcept : paid_to_{std::exchange(other.paid_to_, nullptr)} {}
        permit& operator=(permit&&) = delete;
        ~permit() {
            if (paid_to_ != nullptr)
                paid_to_->give_back();
        }

        /// Uses the permit, and returns the number of connections that are paid for.
        unsigned use() noexcept { return std::exchange(paid_to_, nullptr) != nullptr ? 1 : 0; }

    private:
        friend fleet_limits;
        explicit permit(rate_limit* paid_to) noexcept : paid_to_{paid_to} {}

        rate_limit* paid_to_; // null when no connection is needed
    };

    explicit fleet_limits(const fleet_options& settings) noexcept;

    /// Returns whether another check may begin while `in_flight` checks are in flight.
    [[nodiscard]] bool has_room(int in_flight) const noexcept { return in_flight < in_flight_max_; }

    /// Returns whether the number of connections is bounded. If it is not, kept connections do not
    /// matter.
    [[nodiscard]] bool bounds_connections() const noexcept { return bounded_; }

    /// Returns a permit for a check that finds a kept connection.
    [[nodiscard]] permit without_connection() noexcept { return permit{nullptr}; }

    /// Returns a permit for any other check; empty while no connection may be opened.
    [[nodiscard]] std::optional<permit> with_connection(steady_time now) noexcept;

    /// Returns the moment from which a connection may be opened; it may lie in the past.
    [[nodiscard]] steady_time next_connection() const noexcept { return connections_.next(); }

    /// Settles the connections of a check that has ended. If it opened more than it paid for, later
    /// checks wait longer; if it opened fewer, the rest is given back.
    void settle(unsigned paid, unsigned opened, steady_time now) noexcept;

private:
    int in_flight_max_;
    bool bounded_;
    rate_limit connections_;
};

/// The targets with a due check that has not begun, in the order of their arrival. A target that is
/// blocked on its server must not block others. So there is a queue for each obstacle. Not
/// thread-safe.
class fleet_queues {
public:
    /// The thing that the targets of a queue wait for: an origin, or a connection if the value is
    /// empty.
    using obstacle = std::optional<origin_number>;

    /// Adds a target behind all ready targets.
    void push(target_id id) { ready_.push(id); }

    /// Adds a target before all ready targets.
    void push_first(target_id id) { ready_.push_front(id); }

    /// Adds a target before all targets that wait for a connection.
    void wait_first_for_connection(target_id id) { for_connection_.push_front(id); }

    /// Adds a target behind all targets that wait for the same obstacle.
    void wait_for(obstacle cause, target_id id);

    [[nodiscard]] bool empty() const noexcept;

    /// Takes the next target that may begin, if any. Targets whose obstacle is gone come before
    /// ready targets. `is_gone` is called with an obstacle and the first target that waits for it.
    template <typename IsGone>
    [[nodiscard]] std::optional<target_id> next(const IsGone& is_gone) {
        for (auto each = for_origins_.begin(); each != for_origins_.end(); ++each) {
            auto& [origin, queue] = *each;
            if (!is_gone(obstacle{origin}, queue.front()))
                continue;
            const target_id first = queue.pop();
            if (queue.empty())
                for_origins_.erase(each);
            return first;
        }
        if (!for_connection_.empty() && is_gone(obstacle{}, for_connection_.front()))
            return for_connection_.pop();
        return ready_.empty() ? std::nullopt : std::optional{ready_.pop()};
    }

    /// Returns the earliest moment at which an obstacle is gone; empty when no target waits for
    /// one. `when_gone` returns this moment for one obstacle.
    template <typename WhenGone>
    [[nodiscard]] std::optional<steady_time> soonest(const WhenGone& when_gone) const {
        std::optional<steady_time> result;
        if (!for_connection_.empty())
            result = when_gone(obstacle{});
        for (const auto& each : for_origins_) {
            const steady_time moment = when_gone(obstacle{each.first});
            result = std::min(result.value_or(moment), moment);
        }
        return result;
    }

private:
    waiting_line<target_id> ready_; // due, and no obstacle is known
    waiting_line<target_id> for_connection_;
    std::vector<std::pair<origin_number, waiting_line<target_id>>> for_origins_; // none is empty
};

/// Permits checks of targets that are due. Not thread-safe.
template <transport Transport, signer Signer, backoff Backoff>
class fleet_scheduler {
public:
    using targets = fleet_targets<Backoff>;
    using target = typename targets::target;
    using checks = checks_in_flight<Transport>;

    /// A check that may begin now.
    struct permitted_check {
        target& subject;
        fleet_limits::permit permit;
        steady_time due;
        steady_time now;
        wall_time local; ///< the same moment by the wall clock
    };

    /// The arguments must outlive this object.
    fleet_scheduler(targets& all, const checks& in_flight, fleet_signing<Signer>& signing,
                    const fleet_options& settings)
        : targets_{all}, checks_{in_flight}, signing_{signing}, limits_{settings} {}

    /// Adds a due target behind all waiting targets.
    void add(target& due, steady_time now) {
        pause_if_full(due, now, [&] { queues_.push(due.id); });
    }

    /// Adds a target before all waiting targets, because its check is repeated at once (B12: an
    /// inconclusive check). Behind the others, the check would be late and inconclusive again while
    /// the fleet is too busy.
    void add_first(target& repeated, steady_time now) {
        pause_if_full(repeated, now, [&] { queues_.push_first(repeated.id); });
    }

    /// Returns the next check that may begin now, if any. Reading clocks is a noticeable part of a
    /// check, so `clock` is read once, and only when a target waits and there is room for a check.
    template <typename Clock>
    [[nodiscard]] std::optional<permitted_check> next(const Clock& clock) {
        if (queues_.empty() || !has_room())
            return std::nullopt;
        const steady_time now = clock.steady_now();
        const wall_time local = clock.now();
        const auto is_gone = [&](obstacle cause, target_id first) {
            return cause ? signing_.until_near(*cause, local) == duration::zero()
                         : limits_.next_connection() <= now || has_connection(first);
        };
        while (has_room()) {
            const auto first = queues_.next(is_gone);
            if (!first)
                break;
            target* const found = targets_.find(*first);
            if (found == nullptr)
                continue;
            if (signing_.until_near(found->origin, local) > duration::zero()) {
                pause_if_full(*found, now, [&] { queues_.wait_for(found->origin, *first); });
                continue;
            }
            if (auto permit = permit_for(*first, now))
                return permitted_check{*found, std::move(*permit), found->machine.due(), now,
                                       local};
            pause_if_full(*found, now, [&] {
                if (is_repeated(*found))
                    queues_.wait_first_for_connection(*first);
                else
                    queues_.wait_for({}, *first);
            });
        }
        return std::nullopt;
    }

    /// Returns the permission to begin a held check now, if it is possible. Checks that are held do
    /// not count for the bound of checks in flight. If it is not possible, the check has to wait
    /// like any other.
    template <typename Clock>
    [[nodiscard]] FOREST_COLD std::optional<permitted_check> at_once(target& held,
                                                                     const Clock& clock) {
        const steady_time now = clock.steady_now();
        const wall_time local = clock.now();
        if (signing_.until_near(held.origin, local) > duration::zero())
            return std::nullopt;
        auto permit = permit_for(held.id, now);
        if (!permit)
            return std::nullopt;
        return permitted_check{held, std::move(*permit), held.machine.due(), now, local};
    }

    /// Returns the moment at which the next target is due, or the next waiting check may begin;
    /// empty when no target waits, or when only the end of a check makes room. Reads `clock` only
    /// if a target waits because of the timestamps of its origin.
    template <typename Clock>
    [[nodiscard]] std::optional<steady_time> next_at(const Clock& clock) const {
        const auto due = targets_.next_due();
        if (!has_room())
            return due;
        std::optional<std::pair<steady_time, wall_time>> now;
        const auto gone = queues_.soonest([&](obstacle cause) {
            if (!cause)
                return limits_.next_connection();
            if (!now)
                now.emplace(clock.steady_now(), clock.now());
            return now->first + signing_.until_near(*cause, now->second);
        });
        return due && gone ? std::min(due, gone) : due ? due : gone;
    }

    /// Settles the connections of a check that has ended.
    void settle(unsigned paid, unsigned opened, steady_time now) noexcept {
        limits_.settle(paid, opened, now);
    }

private:
    using obstacle = fleet_queues::obstacle;

    // If a queue has no memory for a target, the target is due again a little later. It is not
    // lost.
    template <typename Push>
    void pause_if_full(target& due, steady_time now, const Push& push) {
        try {
            push();
        } catch (const std::bad_alloc&) {
            targets_.pause(due, now);
        }
    }

    // A check that is repeated (B12: on a fresh connection) must not use a kept connection.
    static bool is_repeated(const target& due) noexcept {
        return due.step == target_step::check && due.fresh_connection;
    }

    [[nodiscard]] std::optional<fleet_limits::permit> permit_for(target_id id,
                                                                 steady_time now) noexcept {
        return has_connection(id) ? limits_.without_connection() : limits_.with_connection(now);
    }

    // Returns whether another check may begin. Held checks do not count.
    [[nodiscard]] bool has_room() const noexcept {
        return limits_.has_room(checks_.count() - checks_.held());
    }

    [[nodiscard]] bool has_connection(target_id id) const noexcept {
        const target* const found = targets_.find(id);
        return found != nullptr && limits_.bounds_connections() && !is_repeated(*found) &&
               checks_.keeps_connection_to(found->location);
    }

    targets& targets_;
    const checks& checks_;
    fleet_signing<Signer>& signing_;
    fleet_limits limits_;
    fleet_queues queues_;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/detail/fleet/impl/scheduler.ipp>
#endif

#endif
