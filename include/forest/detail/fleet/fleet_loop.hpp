// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_FLEET_FLEET_LOOP_HPP
#define FOREST_DETAIL_FLEET_FLEET_LOOP_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/logic/callbacks.hpp>
#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/detail/logic/timestamp_offset.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/fleet_options.hpp>
#include <forest/core/fleet_statistics.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/random.hpp>
#include <forest/core/target_id.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/core/verdict.hpp>
#include <forest/detail/fleet/callbacks.hpp>
#include <forest/detail/fleet/checks_in_flight.hpp>
#include <forest/detail/fleet/overdue.hpp>
#include <forest/detail/fleet/scheduler.hpp>
#include <forest/detail/fleet/shared_signatures.hpp>
#include <forest/detail/fleet/signing.hpp>
#include <forest/detail/fleet/targets.hpp>
#include <forest/detail/fleet/tick_timer.hpp>
#include <forest/policy/backoff.hpp>
#include <forest/policy/clock.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <string_view>
#include <system_error>
#include <utility>

// Drives the machines of many targets on one thread: when each is due, which may begin, and what
// becomes of the answers. What a check means is decided by the machine, as for a single client.

namespace forest::detail {

/// What is behind a basic_health_fleet; held by a shared_ptr, which the operations in flight share.
/// All members run on the clock's execution context.
template <transport Transport, clock Clock, signer Signer, backoff Backoff>
class fleet_loop
    : public std::enable_shared_from_this<fleet_loop<Transport, Clock, Signer, Backoff>> {
public:
    using targets = fleet_targets<Backoff>;
    using target = typename targets::target;

    fleet_loop(unique_function<Transport()> transports, Clock clock, Signer signer,
               const Backoff& backoff, const fleet_options& chosen, random_generator random)
        : options_{checked(chosen)},
          alarm_{std::move(clock), chosen.tick},
          flights_{std::move(transports)},
          signing_{std::move(signer), timestamp_offset{random}},
          backoff_{backoff},
          random_{random} {}

    // Reads only what never changes.
    [[nodiscard]] std::error_code validate(const options& chosen) const {
        const std::error_code ec = forest::validate(chosen, backoff_);
        return !ec && chosen.stall_tolerance < options_.tick
                   ? make_error_code(errc::invalid_stall_tolerance)
                   : ec;
    }

    signer_id add_signer(Signer by) { return signing_.signers().add(std::move(by)); }
    bool remove_signer(signer_id id) { return signing_.signers().remove(id); }

    target_id add(url of, const options& chosen, signer_id by) {
        if (const std::error_code ec = validate(chosen))
            throw std::system_error(ec);
        assert(signing_.signers().contains(by));
        if (stopped())
            return {};
        const origin_number server = signing_.enter(of, by, alarm_.now());
        target* added = nullptr;
        try {
            added = &targets_.add(std::move(of), chosen, random_generator{random_()}, server, by);
        } catch (...) {
            signing_.leave(server, by);
            throw;
        }
        if (started_)
            begin(*added);
        return added->id;
    }

    bool remove(target_id id) {
        target* const one = targets_.find(id);
        if (one == nullptr)
            return false;
        targets_.reserve_removal(); // Nothing has changed when this throws.
        const auto alive = this->shared_from_this();
        if (!reports_.telling() && one->announced)
            for (const event_kind last : {event_kind::stopping, event_kind::stopped}) {
                reports_.tell(*one, reports_.describe(*one, url_of(*one), last));
                if (one->id != id) // A callback has removed it.
                    return true;
            }
        if (one->in_flight())
            flights_.abandon(*one);
        signing_.leave(one->server, one->signer);
        targets_.remove(*one);
        rest();
        return true;
    }

    void start() {
        if (stopped() || std::exchange(started_, true))
            return;
        const auto alive = this->shared_from_this();
        targets_.for_each([this](target& each) { begin(each); });
    }

    void stop() noexcept {
        const auto alive = this->shared_from_this();
        reports_.close([this](const target& each) noexcept {
            return reports_.describe(each, url_of(each), event_kind::stopping);
        });
        try {
            flights_.cancel();
            alarm_.cancel();
        } catch (...) { // What could not be cancelled finds the loop stopped when it ends.
        }
        rest();
    }

    [[nodiscard]] bool stopped() const noexcept { return reports_.closed(); }
    [[nodiscard]] callbacks& listeners() noexcept { return reports_.listeners(); }
    [[nodiscard]] const targets& all() const noexcept { return targets_; }
    [[nodiscard]] const fleet_statistics& statistics() const noexcept { return statistics_; }

    /// The URL of a target, which a check in flight has borrowed.
    [[nodiscard]] const url& url_of(const target& one) const noexcept {
        return one.in_flight() ? flights_.of(one).what.target : one.where;
    }

private:
    using flight = typename checks_in_flight<Transport>::flight;
    using turn = typename fleet_scheduler<Transport, Signer, Backoff>::turn;

    static const fleet_options& checked(const fleet_options& chosen) {
        if (const std::error_code ec = chosen.validate())
            throw std::system_error(ec);
        return chosen;
    }

    // A target begins with the next tick and never inside a call of the application's, so that no
    // callback runs inside another one; nor in the tick that is being served, which would never
    // end if each target that begins adds another.
    void begin(target& one) {
        one.next = target_step::start;
        targets_.put_off(one, alarm_.steady_now() + duration{1});
        rest();
    }

    // -- When to wake up --

    // After all that could be done now. A check that ends may find work before the alarm rings.
    void rest() {
        if (stopped()) {
            if (!reports_.telling()) // Perhaps of a transport's handler: then when that is done.
                flights_.drop_idle();
            return;
        }
        alarm_.set(turns_.next_at(alarm_.steady_now(), alarm_.now()),
                   [self = this->shared_from_this()](std::uint64_t number) {
                       const auto alive = self; // The handler may be destroyed while it runs.
                       alive->wake(number);
                   });
    }

    void wake(std::uint64_t number) {
        if (const auto ringing = alarm_.ring(number)) {
            overdue_.rang(ringing->until, ringing->late);
            for (target* one = nullptr; !stopped() && (one = overdue_.take()) != nullptr;) {
                if (one->next == target_step::pause) {
                    one->next = target_step::check;
                    turns_.repeat(*one, alarm_.steady_now());
                } else if (std::exchange(one->next, target_step::turn) == target_step::start) {
                    drive(*one, health_input::started(first_delay(*one)));
                } else {
                    turns_.line_up(*one, alarm_.steady_now());
                }
            }
        }
        serve();
    }

    duration first_delay(const target& one) noexcept {
        const options& chosen = one.machine.options();
        const duration delay = signing_.start_delay(one.server, chosen.interval);
        const bool spread = options_.spread_start && chosen.initial_delay_max == duration::zero();
        return spread ? delay : duration::zero();
    }

    void serve() {
        while (!stopped()) {
            auto next = turns_.next(alarm_.steady_now(), alarm_.now());
            if (!next)
                break;
            if (next->of.next == target_step::turn) {
                drive(next->of, health_input::woke(), &*next);
            } else {
                (void)next->of.machine.step(health_input::launched(), alarm_.steady_now());
                launch(*next);
            }
        }
        rest();
    }

    // -- What the machine decides --

    // `judged` is the outcome of the check that the input tells of, if any.
    void drive(target& one, health_input input, turn* its = nullptr, verdict* judged = nullptr) {
        const target_id id = one.id;
        for (;;) {
            const target_status before = one.machine.status();
            const health_action next = one.machine.step(input, alarm_.steady_now());
            targets_.moved(before, one.machine.status());
            switch (next.what) {
            case health_action::kind::report:
                one.announced = true;
                count(next.event, judged);
                if (reports_.listeners().hears(next.event)) {
                    outage told;
                    reports_.tell(one,
                                  reports_.describe(one, url_of(one), next.event, judged, told));
                }
                if (stopped() || one.id != id) // One of the callbacks stopped or removed it.
                    return;
                input = health_input::reported();
                continue;
            case health_action::kind::check:
                one.fresh_connection = next.fresh_connection;
                if (its != nullptr)
                    return launch(*its);
                one.next = target_step::check;
                return next.fresh_connection ? turns_.repeat(one, alarm_.steady_now())
                                             : turns_.line_up(one, alarm_.steady_now());
            case health_action::kind::wait:
                one.next = target_step::wake;
                return targets_.put_off(one, one.machine.due());
            case health_action::kind::none:
            case health_action::kind::finished: return;
            }
        }
    }

    // -- Checks --

    // A policy that throws must not end the polling in silence. Want of memory is no fault of the
    // server's (B12).
    void launch(turn& its) {
        target& one = its.of;
        statistics_.lateness.add(alarm_.steady_now() - its.due);
        one.next = target_step::answer;
        try {
            flight& begun = flights_.begin(
                one,
                [&](request& what) { signing_.sign(one.server, one.signer, what, alarm_.now()); },
                [self = this->shared_from_this()](flight& by, const reply& answer) {
                    const auto alive = self; // The handler may be destroyed while it runs.
                    alive->answered(by, answer);
                });
            begun.connections_paid = its.right.use();
        } catch (const std::bad_alloc&) {
            judge(one, {.error = errc::local_resources_exhausted});
        } catch (const std::exception& thrown) {
            give_up(one, thrown.what());
        } catch (...) {
            give_up(one, "an exception that is no std::exception");
        }
    }

    void give_up(target& one, std::string_view thrown) {
        event failed = reports_.describe(one, one.where, event_kind::callback_failed);
        failed.detail = thrown;
        reports_.tell(one, failed);
        if (!stopped() && one.id == failed.id)
            judge(one, {.error = errc::unreachable});
    }

    void answered(flight& by, const reply& answer) {
        reply asked = answer;
        asked.signature_sent = !by.what.fields.text().empty(); // There is nothing else in them.
        turns_.settle(by.connections_paid, answer.connections_opened, alarm_.steady_now());
        target* const one = targets_.find(by.of);
        flights_.end(by, one);
        if (one != nullptr && !stopped())
            judge(*one, asked);
        serve();
    }

    void judge(target& one, const reply& answer) {
        verdict result = conclude(answer, alarm_.now());
        drive(one, health_input::reply(result), nullptr, &result);
    }

    void count(event_kind told, verdict* judged) noexcept {
        statistics_.count(told);
        if (judged == nullptr)
            return;
        if (told == event_kind::check_inconclusive && judged->error == errc::resolver_unavailable)
            ++statistics_.unresolved;
        else if (told == event_kind::check_failed)
            judged->error = counted_error(judged->error);
    }

    const fleet_options options_;
    tick_timer<Clock> alarm_;
    checks_in_flight<Transport> flights_;
    fleet_signing<Signer> signing_;
    const Backoff backoff_;
    targets targets_{backoff_};
    fleet_callbacks<Backoff> reports_{targets_};
    random_generator random_;
    fleet_overdue<Backoff> overdue_{targets_};
    fleet_scheduler<Transport, Signer, Backoff> turns_{targets_, flights_, signing_, options_};
    bool started_ = false;
    fleet_statistics statistics_;
};

} // namespace forest::detail

#endif
