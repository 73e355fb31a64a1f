// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_RULES_WATCH_HPP
#define FOREST_SIM_RULES_WATCH_HPP

#include <forest/core/backoff.hpp>
#include <forest/core/detail/logic/timestamp_sequence.hpp>
#include <forest/core/detection.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/backoff.hpp>
#include <forest/sim/rules/client_rules.hpp>
#include <forest/sim/rules/client_view.hpp>
#include <forest/sim/rules/outage_counter.hpp>
#include <forest/sim/rules/truth.hpp>
#include <forest/sim/rules/wire_rules.hpp>
#include <forest/sim/script/fault.hpp>
#include <forest/sim/time/host.hpp>
#include <forest/sim/time/saturate.hpp>
#include <forest/sim/trace/violation.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

// Watches a client of a world: compares its events with the rules, and its reports with the truth.

namespace forest::inline FOREST_FORM::sim {

/// Functions that are called while a client is watched; each may be empty. Times are since the
/// beginning of the world.
struct watch_listener {
    /// Called for each event, after it was compared with the rules.
    std::function<void(const event&)> reported{};

    /// Called when the truth may have changed: whether a check that begins now must fail.
    std::function<void(duration now, bool must_fail)> truth{};

    /// Called for each server_down; for a detection, with the time since the outage began.
    std::function<void(down_meaning, duration latency)> down{};
};

/// Watches one client of a `World`, beginning with the construction of the watcher. Copies share
/// one state. The world keeps this state, so a watcher may be destroyed before the world or after
/// it. Not thread-safe.
template <typename World>
class watcher {
public:
    using client_type = typename World::client_type;

    /// The client must not have been started. `settings` and `backoff` are those of the client.
    template <forest::backoff Backoff>
    watcher(World& owner, client_type& client, const options& settings, const Backoff& backoff,
            watch_listener listener)
        : state_{std::make_shared<state>(owner, client, settings, backoff, std::move(listener))} {
        client.also_report([self = state_](const event& happened) { self->reported(happened); });
        client.also_call([self = state_](bool down) {
            down ? self->rules.called_down() : self->rules.called_up();
        });
        client.on_send([self = state_](int in_flight) { self->rules.sent(in_flight); });
        client.on_quit([self = state_] {
            self->quit = true;
            self->rules.stopped();
            self->wires.stopped();
            self->finish();
        });
    }

    /// Ends the comparison with the truth. Call it before the world is healed, because healing ends
    /// all outages. A stop of the client has the same effect, because a stopped client has to
    /// detect nothing.
    void finish() { state_->finish(); }

    /// Whether the client reports `up`, or does not have to: it was stopped, or checks may take
    /// longer than the timeout.
    [[nodiscard]] bool settled() const {
        return state_->quit || !state_->well() || state_->client.status() == target_status::up;
    }

    /// Compares the client's status with the truth. Call it when nothing was wrong for a
    /// `recovery_bound`, the longest time that a client may need to notice that. `rested` means
    /// that nothing was wrong for another `longest_round`, so a check must have begun.
    void settle(bool rested = true) {
        state_->rules.settle(state_->client.status(), state_->well(), rested);
    }

    /// The first violation. For B4 (an outage is detected within the promised bound) its time is
    /// the moment when the detection became overdue.
    [[nodiscard]] std::optional<violation> found() const {
        std::optional<violation> first = state_->rules.found();
        const auto& on_wires = state_->wires.found();
        if (on_wires && (!first || on_wires->at < first->at))
            first = on_wires;
        const auto& overdue = state_->outages.overdue();
        if (overdue && (!first || *overdue < first->at))
            first = violation{"B4", "an outage was not reported within the promised bound",
                              *overdue, state_->name};
        return first;
    }

    /// Returns how many outages there were, and how many were detected; complete after `finish`.
    [[nodiscard]] const outage_counts& counts() const noexcept { return state_->outages.counts(); }

private:
    // The truth is read when a fault begins or ends. It is also read at each event of the client,
    // because clocks that drift apart change it gradually.
    struct state : std::enable_shared_from_this<state> {
        template <typename Backoff>
        state(World& owner, client_type& watched, const options& settings, const Backoff& backoff,
              watch_listener callbacks)
            : world{owner},
              client{watched},
              name{watched.name()},
              timeout{settings.timeout},
              rules{watched.name(), settings, backoff, view_of(owner, watched, settings)},
              outages{worst_case_detection(settings, backoff)},
              wires{watched.name(), view_of_wires(owner, watched)},
              listener{std::move(callbacks)} {
            watched.network().observer = &wires;
        }

        void reported(const event& happened) {
            rules.reported(happened);
            if (listener.reported)
                listener.reported(happened);
            if (finished)
                return;
            plan_new_faults();
            switch (happened.kind) {
            case event_kind::check_started:
                look();
                (void)timestamps.next(client.signing_now());
                changes_at_begin = changes();
                return outages.check_began(world.now());
            case event_kind::check_succeeded: unresolved = false; return succeeded();
            case event_kind::check_failed: unresolved = false; return outages.check_failed();
            case event_kind::check_inconclusive:
                unresolved = unresolved || happened.check->error == errc::resolver_unavailable;
                return;
            case event_kind::server_down: return down_reported();
            case event_kind::server_up: return outages.up_reported();
            default: return;
            }
        }

        [[nodiscard]] std::uint64_t changes() const {
            return world.disturbances() + client.server().host().disturbances() +
                   client.host().disturbances();
        }

        // A clogged link or a server that stood still holds messages back. The messages may arrive
        // when something else is already wrong. The world may also have been healed, and no event
        // reports that.
        void succeeded() {
            if (outages.ongoing())
                look();
            if (changes() != changes_at_begin)
                outages.interrupt(world.now(), truth());
            outages.check_succeeded();
        }

        void down_reported() {
            const down_meaning meaning = outages.down_reported(world.now());
            if (listener.down)
                listener.down(meaning, outages.latency());
        }

        void finish() {
            if (!std::exchange(finished, true))
                outages.finish(world.now());
        }

        [[nodiscard]] bool well() const {
            return ends_in_time(client.host(), client.network(),
                                check_time_max(client.link(), client.network()), timeout);
        }

        [[nodiscard]] target_state truth() const {
            const host& host = client.host();
            forest::detail::timestamp_sequence next = timestamps;
            constexpr duration hour = std::chrono::hours{1};
            const bool exact = host.timers_exact() && host.true_span(hour) == hour;
            return {.down = checks_must_fail(host, client.link(), client.network(), client.server(),
                                             timeout, next.next(client.signing_now())),
                    .client_sound = host.running() && exact && !unresolved && rested(),
                    .host_changes = host.disturbances()};
        }

        // Shortly after the host stood still, a wait that began before may end late, and make the
        // client doubt the check of that moment.
        [[nodiscard]] bool rested() const {
            return !disturbed_at ||
                   client.host().steady_now() - *disturbed_at > timeout / 4 + duration{1};
        }

        void notice_host() {
            const host& host = client.host();
            const std::uint64_t changes = host.stops() + host.rate_changes();
            const bool changed = std::exchange(host_changes, changes) != changes;
            const bool stood = !std::exchange(was_running, host.running()) || !was_running;
            if (changed || stood)
                disturbed_at = host.steady_now();
        }

        void look() {
            notice_host();
            const target_state now = truth();
            outages.update(world.now(), now);
            if (listener.truth)
                listener.truth(world.now(), now.down);
        }

        // A moment at which the truth may change.
        struct appointment {
            duration at;
            duration every;
            bool restart; // makes all checks in flight fail
        };

        static bool later(const appointment& left, const appointment& right) noexcept {
            return left.at > right.at;
        }

        void plan(const appointment& next) {
            agenda.push_back(next);
            std::push_heap(agenda.begin(), agenda.end(), later);
        }

        [[nodiscard]] bool concerned(const fault& fault) const {
            return is_of_process(fault.kind) || fault.client == fault::everyone
                       ? fault.server == world.number_of(client.server())
                       : fault.client == client.number();
        }

        // Plans appointments for the faults that were added since the last call.
        void plan_new_faults() {
            const script& all = world.played();
            if (seen == all.size())
                return;
            for (; seen < all.size(); ++seen) {
                const fault& fault = all[seen];
                if (!concerned(fault))
                    continue;
                const duration begin = std::max(fault.at, duration::zero());
                plan({begin, fault.every, fault.kind == fault_kind::restart});
                // After the span, a pause is over, and a process that announced its stop has ended.
                if (fault.span > duration::zero())
                    plan({saturating_sum(begin, fault.span), fault.every, false});
                if (!is_momentary(fault.kind) && fault.lasting > duration::zero())
                    plan({saturating_sum(begin, fault.lasting), fault.every, false});
            }
            look_in_time();
        }

        // The world has queued the effects of all faults earlier. So at the same moment the effects
        // run first, and the look sees their result. Only the latest planned look is performed.
        void look_in_time() {
            if (agenda.empty() || agenda.front().at == duration::max())
                return;
            world.queue().at(steady_time{agenda.front().at},
                             [weak = this->weak_from_this(), number = ++planned] {
                                 const auto self = weak.lock();
                                 if (self && number == self->planned && !self->finished)
                                     self->look_as_planned();
                             });
        }

        void look_as_planned() {
            look();
            const duration now = world.now();
            while (!agenda.empty() && agenda.front().at <= now) {
                std::pop_heap(agenda.begin(), agenda.end(), later);
                appointment due = agenda.back();
                agenda.pop_back();
                if (due.restart && due.at == now)
                    outages.strike(now, truth());
                if (due.every > duration::zero()) {
                    due.at = saturating_sum(now - (now - due.at) % due.every, due.every);
                    plan(due);
                }
            }
            look_in_time();
        }

        World& world;
        client_type& client;
        std::string name;
        duration timeout;
        client_rules rules;
        outage_counter outages;
        wire_rules wires;
        watch_listener listener;
        forest::detail::timestamp_sequence timestamps; // the same sequence as in the client
        std::uint64_t changes_at_begin = 0;            // of the check
        std::vector<appointment> agenda;
        std::size_t seen = 0;      // how many faults of the world have been planned
        std::uint64_t planned = 0; // the number of the latest planned look
        std::uint64_t host_changes = 0;
        std::optional<steady_time> disturbed_at;
        bool was_running = true;
        bool unresolved = false; // the last check, because the name service did not answer
        bool quit = false;
        bool finished = false;
    };

    std::shared_ptr<state> state_;
};

/// Watches a client that was not started yet, and has these options and this backoff:
///
///     auto& client = world.prepare_client(server, settings);
///     auto watcher = forest::sim::watch(world, client, settings);
///     client.client().start();
template <typename World, backoff Backoff = exponential_backoff>
[[nodiscard]] watcher<World> watch(World& owner, typename World::client_type& client,
                                   const options& settings, const Backoff& backoff = {},
                                   watch_listener listener = {}) {
    return watcher<World>{owner, client, settings, backoff, std::move(listener)};
}

} // namespace forest::inline FOREST_FORM::sim

#endif
