// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_FLEET_LOOP_HPP
#define FOREST_FLEET_LOOP_HPP

#include <forest/core/callbacks.hpp>
#include <forest/core/describe.hpp>
#include <forest/core/event.hpp>
#include <forest/core/fleet_options.hpp>
#include <forest/core/fleet_statistics.hpp>
#include <forest/core/machine.hpp>
#include <forest/core/options.hpp>
#include <forest/core/random.hpp>
#include <forest/core/start_spread.hpp>
#include <forest/core/target_id.hpp>
#include <forest/core/time.hpp>
#include <forest/core/unique_function.hpp>
#include <forest/core/url.hpp>
#include <forest/core/verdict.hpp>
#include <forest/fleet_admission.hpp>
#include <forest/fleet_alarm.hpp>
#include <forest/fleet_flights.hpp>
#include <forest/fleet_reports.hpp>
#include <forest/fleet_servers.hpp>
#include <forest/fleet_targets.hpp>
#include <forest/policy/backoff.hpp>
#include <forest/policy/clock.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>
#include <forest/shared_signatures.hpp>

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

// Drives the machines of many targets on one thread: when each is due, which may begin, and what
// becomes of the answers. What a check means is decided by the machine, as for a single client.

namespace forest {

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
        : options_{checked(chosen)}, alarm_{std::move(clock), chosen.tick},
          flights_{std::move(transports)}, backoff_{backoff}, random_{random}, admission_{chosen} {
        signatures_.add(std::move(signer));
    }

    // Reads only what never changes.
    [[nodiscard]] std::error_code validate(const options& chosen) const {
        const std::error_code ec = forest::validate(chosen, backoff_);
        return !ec && chosen.stall_tolerance < options_.tick
                   ? make_error_code(errc::invalid_stall_tolerance)
                   : ec;
    }

    signer_id add_signer(Signer by) { return signatures_.add(std::move(by)); }

    target_id add(url of, const options& chosen, signer_id by) {
        if (const std::error_code ec = validate(chosen))
            throw std::system_error(ec);
        assert(signatures_.contains(by));
        if (stopped())
            return {};
        const server_number server = servers_.enter(of, alarm_.now());
        const machine<Backoff> idle{chosen, backoff_, random_generator{random_()}};
        target& added = targets_.add(std::move(of), idle, server, by);
        if (started_)
            begin(added);
        return added.id;
    }

    bool remove(target_id id) {
        target* const one = targets_.find(id);
        if (one == nullptr)
            return false;
        const auto alive = this->shared_from_this();
        if (!reports_.telling() && one->announced)
            for (const event_kind last : {event_kind::stopping, event_kind::stopped}) {
                tell(*one, last);
                if (one->id != id) // A callback has removed it.
                    return true;
            }
        if (one->in_flight())
            flights_.abandon(*one);
        servers_.leave(one->server);
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
        reports_.close(
            [this](const target& each) noexcept { return describe(each, event_kind::stopping); });
        try {
            flights_.cancel();
            alarm_.cancel();
        } catch (...) { // What could not be cancelled finds the loop stopped when it ends.
        }
        rest_stopped();
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
    using flight = typename fleet_flights<Transport>::flight;

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
        arm();
    }

    // -- When to wake up --

    // A check that ends may find work before that.
    void arm() {
        if (stopped())
            return;
        const auto due = targets_.next_due();
        const auto admitted = admission_.next(flights_.count());
        const auto next = due && admitted ? std::min(due, admitted) : due ? due : admitted;
        alarm_.set(next, [self = this->shared_from_this()](std::uint64_t number) {
            const auto alive = self; // The handler may be destroyed while it runs.
            alive->wake(number);
        });
    }

    void wake(std::uint64_t number) {
        const auto until = alarm_.ring(number);
        for (target* one = nullptr;
             until && !stopped() && (one = targets_.take_due(*until)) != nullptr;) {
            if (std::exchange(one->next, target_step::turn) == target_step::start)
                drive(*one, machine_input::started(first_delay(*one)));
            else
                admission_.line_up(one->id);
        }
        serve();
    }

    duration first_delay(const target& one) noexcept {
        fleet_server& server = servers_[one.server];
        const double share = start_share(server.ordinal, server.begun++);
        const options& chosen = one.machine.options();
        if (!options_.spread_start || chosen.initial_delay_max != duration::zero())
            return duration::zero();
        return duration{
            static_cast<duration::rep>(static_cast<double>(chosen.interval.count()) * share)};
    }

    // -- Which may begin --

    bool admit() { return admission_.take(flights_.count(), alarm_.steady_now()); }

    void serve() {
        while (!stopped() && !admission_.nobody_waits() && admit()) {
            target* const one = targets_.find(admission_.first());
            if (one == nullptr)
                continue;
            if (one->next == target_step::check) {
                (void)one->machine.step(machine_input::launched(), alarm_.steady_now());
                launch(*one);
            } else {
                statistics_.lateness.add(alarm_.steady_now() - one->machine.due());
                drive(*one, machine_input::woke());
            }
        }
        admission_.give_back();
        rest();
    }

    // After all that could be done now.
    void rest() {
        if (stopped())
            rest_stopped();
        else
            arm();
    }

    void rest_stopped() noexcept {
        if (!reports_.telling()) // Perhaps of a transport's handler: then when that is done.
            flights_.drop_idle();
    }

    // -- What the machine decides --

    void drive(target& one, machine_input input) {
        const target_id id = one.id;
        for (;;) {
            const target_status before = one.machine.status();
            const action next = one.machine.step(input, alarm_.steady_now());
            targets_.moved(before, one.machine.status());
            switch (next.what) {
            case action::kind::report:
                one.announced = true;
                statistics_.count(next.event);
                tell(one, next.event);
                if (stopped() || one.id != id) // One of the callbacks stopped or removed it.
                    return;
                input = machine_input::reported();
                continue;
            case action::kind::check:
                one.fresh_connection = next.fresh_connection;
                if (admission_.taken() || (admission_.nobody_waits() && admit()))
                    return launch(one);
                one.next = target_step::check;
                return admission_.line_up(id);
            case action::kind::wait:
                one.next = target_step::wake;
                return targets_.put_off(one, one.machine.due());
            case action::kind::none:
            case action::kind::finished: return;
            }
        }
    }

    void tell(const target& one, event_kind kind, std::string_view detail = {}) {
        event happened = describe(one, kind);
        happened.detail = detail;
        reports_.tell(one, happened);
    }

    event describe(const target& one, event_kind kind) const noexcept {
        event result = forest::describe(one.machine, kind, judged_);
        result.target = url_of(one).text();
        result.id = one.id;
        return result;
    }

    // -- Checks --

    // A policy that throws, for want of memory perhaps, must not end the polling in silence.
    void launch(target& one) {
        admission_.use();
        one.next = target_step::answer;
        flight* by = nullptr;
        try {
            by = &flights_.begin(one);
            by->what.fresh_connection = one.fresh_connection;
            const wall_time at = servers_[one.server].timestamps.next(alarm_.now());
            signatures_.sign(one.signer, by->what, at, by->what.fields);
            by->transport.async_get(by->what, one.machine.options().timeout,
                                    [self = this->shared_from_this(), by](const reply& answer) {
                                        const auto alive = self;
                                        alive->answered(*by, answer);
                                    });
        } catch (const std::exception& thrown) {
            give_up(one, by, thrown.what());
        } catch (...) {
            give_up(one, by, "an exception that is no std::exception");
        }
    }

    void give_up(target& one, flight* by, std::string_view thrown) {
        admission_.opened_none();
        if (by != nullptr)
            flights_.end(*by, &one);
        const target_id id = one.id;
        tell(one, event_kind::callback_failed, thrown);
        reply none;
        none.error = errc::unreachable;
        if (!stopped() && one.id == id)
            judge(one, none);
    }

    void answered(flight& by, const reply& answer) {
        if (answer.over_kept_connection)
            admission_.opened_none();
        target* const one = targets_.find(by.of);
        flights_.end(by, one);
        if (one != nullptr && !stopped())
            judge(*one, answer);
        serve();
    }

    void judge(target& one, const reply& answer) {
        const verdict result = conclude(answer, alarm_.now());
        judged_ = &result;
        drive(one, machine_input::reply(result));
        judged_ = nullptr;
    }

    const fleet_options options_;
    fleet_alarm<Clock> alarm_;
    fleet_flights<Transport> flights_;
    fleet_servers servers_;
    shared_signatures<Signer> signatures_;
    targets targets_;
    fleet_reports<Backoff> reports_{targets_};
    const Backoff backoff_;
    random_generator random_;
    fleet_admission admission_;
    bool started_ = false;
    const verdict* judged_ = nullptr; // while it is being reported
    fleet_statistics statistics_;
};

} // namespace forest

#endif
