// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_RULES_WATCH_HPP
#define FOREST_SIM_RULES_WATCH_HPP

#include <forest/core/backoff.hpp>
#include <forest/core/detail/logic/timestamp_sequence.hpp>
#include <forest/core/detection.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/backoff.hpp>
#include <forest/sim/rules/detail/monitor_view.hpp>
#include <forest/sim/rules/ground_truth.hpp>
#include <forest/sim/rules/monitor.hpp>
#include <forest/sim/rules/outage_ledger.hpp>
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

// Puts observers beside a client of a world: one who knows the rules, and one who knows the truth.

namespace forest::sim {

/// Who else wants to know. Times are since the beginning.
struct watch_listener {
    /// Each event, after the rules were asked.
    std::function<void(const event&)> told{};

    /// Whether a check that begins now must fail, whenever that may have changed.
    std::function<void(duration now, bool must_fail)> truth{};

    /// A server_down was told; for a detection, with the time since the outage began.
    std::function<void(down_meaning, duration latency)> down{};
};

/// Watches one client of a `World` from its construction on. A copy watches the same. The world
/// holds what is needed for that, so a watcher may be destroyed before it, or after.
template <typename World>
class watcher {
public:
    using client_type = typename World::client_type;

    /// The client must not have been started. `chosen` and `backoff` as it has them.
    template <backoff Backoff>
    watcher(World& in, client_type& client, const options& chosen, const Backoff& delays,
            watch_listener listener)
        : state_{std::make_shared<state>(in, client, chosen, delays, std::move(listener))} {
        client.also_tell([of = state_](const event& happened) { of->told(happened); });
        client.also_call(
            [of = state_](bool down) { down ? of->rules.called_down() : of->rules.called_up(); });
        client.on_send([of = state_](int in_flight) { of->rules.sent(in_flight); });
        client.on_quit([of = state_] {
            of->quit = true;
            of->rules.stopped();
            of->finish();
        });
    }

    /// Ends the comparison with the truth; also done when the client is stopped, since nothing is
    /// obliged then. To be called before a world is healed: outages end there.
    void finish() { state_->finish(); }

    /// Whether the client knows that all is well, or cannot or need not know it: checks may take
    /// longer than they are allowed to, or it was stopped.
    [[nodiscard]] bool settled() const {
        return state_->quit || !state_->well() || state_->client.status() == target_status::up;
    }

    /// Everything is well, and was for as long as the client may take to notice: `recovery_bound`.
    /// `rested`: and for a `longest_round`, so that a check has to have begun.
    void settle(bool rested = true) {
        state_->rules.settle(state_->client.status(), state_->well(), rested);
    }

    /// The first rule that was broken, B4 if a detection was overdue before any other.
    [[nodiscard]] std::optional<violation> found() const {
        std::optional<violation> first = state_->rules.found();
        const auto& overdue = state_->ledger.overdue();
        if (overdue && (!first || *overdue < first->at))
            first = violation{"B4", "an outage was not told of within the promised bound", *overdue,
                              state_->name};
        return first;
    }

    /// What came of the outages; complete after `finish`.
    [[nodiscard]] const outage_counts& counts() const noexcept { return state_->ledger.counts(); }

private:
    // The truth is looked at when a fault begins or ends, and at each event of the client, since
    // clocks drift apart without a moment at which it happens.
    struct state : std::enable_shared_from_this<state> {
        template <typename Backoff>
        state(World& in, client_type& of, const options& chosen, const Backoff& delays,
              watch_listener listener)
            : world{in},
              client{of},
              name{of.name()},
              timeout{chosen.timeout},
              rules{of.name(), chosen, delays, detail::view_of(in, of, chosen)},
              ledger{worst_case_detection(chosen, delays)},
              also{std::move(listener)} {}

        void told(const event& happened) {
            rules.told(happened);
            if (also.told)
                also.told(happened);
            if (finished)
                return;
            pick_up();
            switch (happened.kind) {
            case event_kind::check_started:
                look();
                (void)timestamps.next(client.signing_now());
                changes_at_begin = changes();
                return ledger.check_began(world.now());
            case event_kind::check_succeeded: return succeeded();
            case event_kind::check_failed: return ledger.check_failed();
            case event_kind::server_down: return down_told();
            case event_kind::server_up: return ledger.up_told();
            default: return;
            }
        }

        [[nodiscard]] std::uint64_t changes() const {
            return world.disturbances() + client.server().host().disturbances() +
                   client.host().disturbances();
        }

        // What was held back, by a clogged way or a server that stood still, may arrive when
        // something else is wrong already. Or all was healed, of which nobody tells.
        void succeeded() {
            if (ledger.ongoing())
                look();
            if (changes() != changes_at_begin)
                ledger.interrupt(world.now(), truth());
            ledger.check_succeeded();
        }

        void down_told() {
            const down_meaning meaning = ledger.down_told(world.now());
            if (also.down)
                also.down(meaning, ledger.latency());
        }

        void finish() {
            if (!std::exchange(finished, true))
                ledger.finish(world.now());
        }

        [[nodiscard]] bool well() const {
            return round_trip_max(client.link().delay) < timer_min(client.host(), timeout);
        }

        [[nodiscard]] target_state truth() const {
            const host& host = client.host();
            forest::detail::timestamp_sequence next = timestamps;
            constexpr duration hour = std::chrono::hours{1};
            const bool exact = host.timers_exact() && host.true_span(hour) == hour;
            return {.down = checks_must_fail(host, client.link(), client.server(), timeout,
                                             next.next(client.signing_now())),
                    .watched = host.running() && exact,
                    .host_changes = host.disturbances()};
        }

        void look() {
            const target_state now = truth();
            ledger.observe(world.now(), now);
            if (also.truth)
                also.truth(world.now(), now.down);
        }

        // A moment at which the truth may change.
        struct appointment {
            duration at;
            duration every;
            bool restart; // which no check survives that is under way
        };

        static bool later(const appointment& left, const appointment& right) noexcept {
            return left.at > right.at;
        }

        void plan(const appointment& next) {
            agenda.push_back(next);
            std::push_heap(agenda.begin(), agenda.end(), later);
        }

        [[nodiscard]] bool concerned(const fault& what) const {
            return is_of_process(what.kind) || what.client == fault::everyone
                       ? what.server == world.number_of(client.server())
                       : what.client == client.number();
        }

        // Takes note of the faults that were asked for since the last time.
        void pick_up() {
            const script& all = world.played();
            if (seen == all.size())
                return;
            for (; seen < all.size(); ++seen) {
                const fault& what = all[seen];
                if (!concerned(what))
                    continue;
                const duration begin = std::max(what.at, duration::zero());
                plan({begin, what.every, what.kind == fault_kind::restart});
                // When a pause is over, and when a process that announced its end is gone.
                if (what.span > duration::zero())
                    plan({saturating_sum(begin, what.span), what.every, false});
                if (!is_momentary(what.kind) && what.lasting > duration::zero())
                    plan({saturating_sum(begin, what.lasting), what.every, false});
            }
            look_in_time();
        }

        // The world was told of all faults before, so of what happens at one moment it does its
        // part first, and the look finds what has become of it. Only the last of these plans is
        // kept to.
        void look_in_time() {
            if (agenda.empty() || agenda.front().at == duration::max())
                return;
            world.queue().at(steady_time{agenda.front().at},
                             [of = this->weak_from_this(), number = ++planned] {
                                 const auto alive = of.lock();
                                 if (alive && number == alive->planned && !alive->finished)
                                     alive->look_as_planned();
                             });
        }

        void look_as_planned() {
            look();
            const duration now = world.now();
            while (!agenda.empty() && agenda.front().at <= now) {
                std::pop_heap(agenda.begin(), agenda.end(), later);
                appointment met = agenda.back();
                agenda.pop_back();
                if (met.restart && met.at == now)
                    ledger.strike(now, truth());
                if (met.every > duration::zero()) {
                    met.at = saturating_sum(now - (now - met.at) % met.every, met.every);
                    plan(met);
                }
            }
            look_in_time();
        }

        World& world;
        client_type& client;
        std::string name;
        duration timeout;
        monitor rules;
        outage_ledger ledger;
        watch_listener also;
        forest::detail::timestamp_sequence timestamps; // as the client has them
        std::uint64_t changes_at_begin = 0;            // of the check
        std::vector<appointment> agenda;
        std::size_t seen = 0;      // of the faults of the world
        std::uint64_t planned = 0; // counts the looks that were planned
        bool quit = false;
        bool finished = false;
    };

    std::shared_ptr<state> state_;
};

/// Watches a client that is to be started:
///
///     auto& client = world.prepare_client(server, chosen);
///     auto watching = forest::sim::watch(world, client, chosen);
///     client.client().start();
template <typename World, backoff Backoff = exponential_backoff>
[[nodiscard]] watcher<World> watch(World& in, typename World::client_type& client,
                                   const options& chosen, const Backoff& delays = {},
                                   watch_listener listener = {}) {
    return watcher<World>{in, client, chosen, delays, std::move(listener)};
}

} // namespace forest::sim

#endif
