// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_FLEET_FLEET_LOOP_HPP
#define FOREST_DETAIL_FLEET_FLEET_LOOP_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/logic/callbacks.hpp>
#include <forest/core/detail/logic/check_watch.hpp>
#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/detail/logic/hold_fields.hpp>
#include <forest/core/detail/logic/hold_state.hpp>
#include <forest/core/detail/logic/timestamp_offset.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/fleet_options.hpp>
#include <forest/core/fleet_statistics.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/random.hpp>
#include <forest/core/signer_id.hpp>
#include <forest/core/target_id.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/core/verdict.hpp>
#include <forest/detail/fleet/callbacks.hpp>
#include <forest/detail/fleet/checks_in_flight.hpp>
#include <forest/detail/fleet/origins.hpp>
#include <forest/detail/fleet/scheduler.hpp>
#include <forest/detail/fleet/signing.hpp>
#include <forest/detail/fleet/targets.hpp>
#include <forest/detail/fleet/tick_timer.hpp>
#include <forest/detail/fleet/watches.hpp>
#include <forest/detail/health/guarded_call.hpp>
#include <forest/form.hpp>
#include <forest/health_probe.hpp>
#include <forest/policy/backoff.hpp>
#include <forest/policy/clock.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

// Drives the machines of many targets on one thread. It decides when each target is due and which
// check may begin. As in a single client, the machine of a target decides what a reply means.

namespace forest::inline FOREST_FORM::detail {

/// The state of a basic_health_fleet. The operations in flight share it by a shared_ptr. All
/// members run on the clock's execution context.
template <transport Transport, clock Clock, signer Signer, backoff Backoff,
          typename Probe = probes::health>
class fleet_loop
    : public std::enable_shared_from_this<fleet_loop<Transport, Clock, Signer, Backoff, Probe>> {
    using std::enable_shared_from_this<fleet_loop>::shared_from_this;

public:
    using targets = fleet_targets<Backoff>;
    using target = typename targets::target;

    fleet_loop(unique_function<Transport()> transports, Clock clock, Signer signer,
               const Backoff& backoff, const fleet_options& settings, random_generator random,
               Probe probe = {})
        : probe_{std::move(probe)},
          options_{checked(settings)},
          timer_{std::move(clock), settings.tick},
          checks_{std::move(transports)},
          signing_{std::move(signer), timestamp_offset{random}},
          backoff_{backoff},
          random_{random} {}

    // Reads only members that never change, so it may be called from any thread.
    [[nodiscard]] std::error_code validate(const options& settings) const {
        const std::error_code ec = forest::validate(settings, backoff_);
        return !ec && settings.stall_tolerance < options_.tick
                   ? make_error_code(errc::invalid_stall_tolerance)
                   : ec;
    }

    signer_id add_signer(Signer signer) { return signing_.signers().add(std::move(signer)); }
    bool remove_signer(signer_id id) { return signing_.signers().remove(id); }

    target_id add(url location, const options& settings, signer_id signer) {
        if (const std::error_code ec = validate(settings))
            throw std::system_error(ec);
        assert(signing_.signers().contains(signer));
        if (stopped())
            return {};
        const int held = settings.hold == duration::zero() ? 0 : 1;
        if (held != 0)
            check_held();
        const origin_number origin = signing_.enter(location, signer, timer_.now());
        target* added = nullptr;
        try {
            added = &targets_.add(std::move(location), settings, random_generator{random_()},
                                  origin, signer);
        } catch (...) {
            signing_.leave(origin, signer);
            throw;
        }
        held_targets_ += held;
        watches_.include(settings);
        if (started_)
            begin(*added);
        return added->id;
    }

    bool remove(target_id id) {
        target* const found = targets_.find(id);
        if (found == nullptr)
            return false;
        targets_.reserve_removal(); // Nothing has changed when this throws.
        const auto alive = shared_from_this();
        if (!callbacks_.reporting() && found->announced)
            for (const event_kind last : {event_kind::stopping, event_kind::stopped}) {
                callbacks_.report(*found, callbacks_.describe(*found, url_of(*found), last));
                if (found->id != id) // A callback has removed the target.
                    return true;
            }
        if (found->in_flight())
            checks_.abandon(*found);
        signing_.leave(found->origin, found->signer);
        held_targets_ -= found->machine.options().hold == duration::zero() ? 0 : 1;
        targets_.remove(*found);
        set_timer();
        return true;
    }

    void start() {
        if (stopped() || std::exchange(started_, true))
            return;
        const auto alive = shared_from_this();
        targets_.for_each([this](target& each) { begin(each); });
    }

    void stop() noexcept {
        const auto alive = shared_from_this();
        callbacks_.close([this](const target& each) noexcept {
            return callbacks_.describe(each, url_of(each), event_kind::stopping);
        });
        guarded_cancel(checks_, timer_);
        set_timer();
    }

    [[nodiscard]] bool stopped() const noexcept { return callbacks_.closed(); }
    [[nodiscard]] callbacks& listeners() noexcept { return callbacks_.listeners(); }
    [[nodiscard]] const targets& all() const noexcept { return targets_; }
    [[nodiscard]] const fleet_statistics& statistics() const noexcept {
        statistics_.held_now = static_cast<std::uint64_t>(checks_.held());
        return statistics_;
    }

    /// Returns the URL of a target. While a check is in flight, the URL is in the request.
    [[nodiscard]] const url& url_of(const target& subject) const noexcept {
        return subject.in_flight() ? checks_.of(subject).get.target : subject.location;
    }

private:
    using check = typename checks_in_flight<Transport>::check;

    // For what else a process opens: libraries, log files, the event loop.
    static constexpr std::size_t descriptors_spare = 32;

    using permitted_check = typename fleet_scheduler<Transport, Signer, Backoff>::permitted_check;

    static const fleet_options& checked(const fleet_options& settings) {
        if (const std::error_code ec = settings.validate())
            throw std::system_error(ec);
        return settings;
    }

    // Throws if the fleet, or the limit of descriptors, has no room for another target whose checks
    // are held (B52).
    void check_held() const {
        if (held_targets_ >= options_.held_max)
            throw std::system_error(make_error_code(errc::too_many_held));
        if constexpr (descriptor_counter<Transport>) {
            const auto held = static_cast<std::size_t>(held_targets_) + 1;
            const std::size_t others = targets_.size() + 1 - held;
            const std::size_t in_flight =
                std::min(others, static_cast<std::size_t>(options_.checks_in_flight_max));
            if (held + in_flight + descriptors_spare > Transport::descriptors_max())
                throw std::system_error(make_error_code(errc::too_few_descriptors));
        }
    }

    // A target begins with the next tick. It does not begin inside a call of the application,
    // because no callback may run inside another one. It does not begin in the current tick either:
    // the tick would never end if each new target added another one.
    void begin(target& added) {
        added.step = target_step::start;
        targets_.put_off(added, timer_.steady_now() + duration{1});
        set_timer();
    }

    // -- When to wake up --

    // Call it when no more work can be done now. The end of a check may make work possible before
    // the timer expires.
    void set_timer() {
        if (stopped()) {
            // A callback may run inside a handler of a transport. Then the transport is dropped
            // later.
            if (!callbacks_.reporting())
                checks_.drop_idle();
            return;
        }
        auto next = scheduler_.next_at(timer_);
        if (checks_.count() > 0)
            next = next ? std::min(*next, watches_.next()) : watches_.next();
        timer_.set(next, [self = shared_from_this()](std::uint64_t number) {
            const auto alive = self; // The handler may be destroyed while it runs.
            alive->wake(number);
        });
    }

    void wake(std::uint64_t number) {
        if (const auto expiry = timer_.expired(number)) {
            watch(expiry->moment, expiry->late);
            overdue_.expired(expiry->moment, expiry->late);
            for (target* due = nullptr; !stopped() && (due = overdue_.take()) != nullptr;) {
                if (due->step == target_step::pause) {
                    due->step = target_step::check;
                    scheduler_.add_first(*due, expiry->moment);
                } else if (std::exchange(due->step, target_step::permit) == target_step::start) {
                    drive(*due, health_input::started(first_delay(*due)), timer_.steady_now());
                } else {
                    scheduler_.add(*due, expiry->moment);
                }
            }
        }
        begin_permitted();
    }

    duration first_delay(const target& subject) noexcept {
        const options& settings = subject.machine.options();
        const duration delay = signing_.start_delay(subject.origin, settings.interval);
        const bool spread = options_.spread_start && settings.initial_delay_max == duration::zero();
        return spread ? delay : duration::zero();
    }

    void begin_permitted() {
        while (!stopped()) {
            auto next = scheduler_.next(timer_);
            if (!next)
                break;
            if (next->subject.step == target_step::permit) {
                drive(next->subject, health_input::woke(), next->now, &*next);
            } else {
                (void)next->subject.machine.step(health_input::launched(), next->now);
                launch(*next);
            }
        }
        set_timer();
    }

    // -- What the machine decides --

    // `permitted` is null if no check of the target may begin now, and `judged` is the verdict of
    // the check that has ended, or null.
    void drive(target& subject, health_input input, steady_time now,
               permitted_check* permitted = nullptr, verdict* judged = nullptr) {
        const target_id id = subject.id;
        for (;;) {
            const target_status before = subject.machine.status();
            const health_action next = subject.machine.step(input, now);
            targets_.status_changed(before, subject.machine.status());
            switch (next.kind) {
            case health_action_kind::report:
                subject.announced = true;
                count(next.event, judged);
                if (callbacks_.listeners().receives(next.event)) {
                    outage outage_storage;
                    callbacks_.report(subject,
                                      callbacks_.describe(subject, url_of(subject), next.event,
                                                          judged, outage_storage));
                    now = timer_.steady_now();
                    if (permitted != nullptr) {
                        permitted->now = now;
                        permitted->local = timer_.now();
                    }
                }
                if (stopped() || subject.id != id) // A callback called stop() or remove().
                    return;
                input = health_input::reported();
                continue;
            case health_action_kind::check:
                subject.fresh_connection = next.fresh_connection;
                subject.hold = next.hold;
                if (permitted != nullptr)
                    return launch(*permitted);
                if (next.hold != hold_seconds{}) [[unlikely]]
                    if (auto held = scheduler_.at_once(subject, timer_))
                        return launch(*held);
                subject.step = target_step::check;
                return next.fresh_connection ? scheduler_.add_first(subject, now)
                                             : scheduler_.add(subject, now);
            case health_action_kind::wait:
                subject.step = target_step::wake;
                return targets_.put_off(subject, subject.machine.due());
            case health_action_kind::none:
            case health_action_kind::finished: return;
            }
        }
    }

    // -- The watch over the checks --

    // This process runs at `now`, and was to run `late` earlier.
    void watch(steady_time now, duration late) {
        if (!watches_.due(now, late))
            return;
        steady_time next = steady_time::max();
        checks_.for_each([&](check& each) {
            target* const subject = targets_.find(each.id);
            if (subject == nullptr)
                return;
            const options& settings = subject->machine.options();
            switch (each.watch.woke(settings, now, late)) {
            case check_watch::advice::none: break;
            case check_watch::advice::hedge: hedge(*subject, each, now); break;
            case check_watch::advice::give_up:
                each.gave_up = true;
                each.transport.cancel();
                break;
            }
            if (!each.held) // Thousands of moments would leave no pause between the wake-ups.
                next = std::min(next, each.watch.next(settings, now));
        });
        watches_.woken(now, late, next);
    }

    void hedge(target& subject, check& silent, steady_time now) {
        if constexpr (hedging_transport<Transport>) {
            if (silent.beside != nullptr || !silent.transport.waits_on_kept_connection())
                return;
            try {
                checks_.begin_beside(silent, subject.machine.time_left(now),
                                     sign(subject, timer_.now()), end_of_request());
            } catch (...) { // The first request goes on alone.
            }
        }
    }

    // -- Checks --

    void launch(permitted_check& permitted) {
        target& subject = permitted.subject;
        statistics_.lateness.add(permitted.now - permitted.due);
        subject.step = target_step::answer;
        guarded_call(
            [&] {
                check& begun = checks_.begin(subject, subject.machine.timeout(permitted.now),
                                             sign(subject, permitted.local), end_of_request());
                begun.connections_paid = permitted.permit.use();
                begun.watch.begin(permitted.now, subject.machine.patient());
                if (subject.hold != hold_seconds{}) [[unlikely]]
                    checks_.hold(begun, subject.hold);
                watches_.begun(permitted.now);
            },
            [&](std::string_view text) {
                event failed =
                    callbacks_.describe(subject, subject.location, event_kind::callback_failed);
                failed.detail = text;
                callbacks_.report(subject, failed);
                return !stopped() && subject.id == failed.id;
            },
            [&](const reply& answer) {
                verdict result = probe_.judge(answer, timer_.now());
                drive(subject, health_input::reply(result), timer_.steady_now(), nullptr, &result);
            });
    }

    [[nodiscard]] auto sign(const target& subject, wall_time local) {
        return [this, &subject, local](check& begun) {
            probe_.prepare(begun.get);
            if (subject.hold != hold_seconds{}) [[unlikely]]
                add_wait_preference(begun.get.fields, subject.hold);
            begun.is_signed = signing_.sign(subject.origin, subject.signer, begun.get, local);
        };
    }

    [[nodiscard]] auto end_of_request() {
        return [self = shared_from_this()](check& ended, const reply& answer) {
            const auto alive = self; // The handler may be destroyed while it runs.
            alive->answered(ended, answer);
        };
    }

    void answered(check& ended, reply answer) {
        answer.signature_sent = ended.is_signed;
        if (ended.held) [[unlikely]]
            checks_.end_hold(ended);
        if (ended.gave_up && answer.error == errc::operation_canceled)
            answer.error = errc::timed_out;
        const steady_time now = timer_.steady_now();
        const duration late = timer_.lateness(now);
        scheduler_.settle(ended.connections_paid, answer.connections_opened, now);
        target* const subject = targets_.find(ended.id);
        if (subject == nullptr || stopped())
            checks_.end(ended, subject);
        else
            end_request(*subject, ended, answer, now, late);
        watch(now, late); // before the timer is set again
        begin_permitted();
    }

    void end_request(target& subject, check& ended, const reply& answer, steady_time now,
                     duration late) {
        const bool was_late = ended.watch.ended(subject.machine.options(), now, late);
        if (ended.beside != nullptr || ended.outcome)
            return end_one_of_two(subject, ended, answer, now, was_late);
        checks_.end(ended, &subject);
        if (answer.send_again && subject.machine.may_send_again())
            return drive(subject, health_input::unsent(was_late), now);
        verdict result = probe_.judge(answer, timer_.now());
        if (ended.watch.hold() != hold_seconds{}) [[unlikely]] {
            mark_held(result.timings);
            ++statistics_.held;
        }
        drive(subject, health_input::reply(result, was_late, offer(subject, answer, result)), now,
              nullptr, &result);
    }

    static hold_seconds offer(const target& subject, const reply& answer, const verdict& result) {
        return subject.machine.options().hold == duration::zero() ? hold_seconds{}
                                                                  : offer_of(answer, result);
    }

    // A check ends when both of its requests have ended. The first complete answer counts. If there
    // is none, the last failure does, except that of a connection that was closed before.
    void end_one_of_two(target& subject, check& ended, const reply& answer, steady_time now,
                        bool was_late) {
        const bool known = ended.decided || (answer.send_again && ended.outcome);
        verdict outcome = known ? *ended.outcome : probe_.judge(answer, timer_.now());
        const hold_seconds held = known ? ended.offer : offer(subject, answer, outcome);
        if (ended.beside != nullptr)
            return checks_.end_beside(ended, subject, outcome, ended.decided || !answer.error,
                                      held);
        checks_.end(ended, &subject);
        drive(subject, health_input::reply(outcome, was_late, held), now, nullptr, &outcome);
    }

    void count(event_kind kind, verdict* judged) noexcept {
        statistics_.count(kind);
        if (judged == nullptr)
            return;
        if (kind == event_kind::check_inconclusive) {
            statistics_.unresolved += judged->error == errc::resolver_unavailable ? 1 : 0;
            judged->error = doubtful_error(judged->error);
        } else if (kind == event_kind::check_failed) {
            judged->error = counted_error(judged->error);
        }
    }

    [[no_unique_address]] const Probe probe_;
    const fleet_options options_;
    tick_timer<Clock> timer_;
    checks_in_flight<Transport> checks_;
    fleet_signing<Signer> signing_;
    const Backoff backoff_;
    targets targets_{backoff_};
    fleet_callbacks<Backoff> callbacks_{targets_};
    random_generator random_;
    overdue_targets<Backoff> overdue_{targets_};
    fleet_scheduler<Transport, Signer, Backoff> scheduler_{targets_, checks_, signing_, options_};
    fleet_watches watches_;
    bool started_ = false;
    int held_targets_ = 0;                // with options::hold
    mutable fleet_statistics statistics_; // `held_now` is set when it is read
};

} // namespace forest::inline FOREST_FORM::detail

#endif
