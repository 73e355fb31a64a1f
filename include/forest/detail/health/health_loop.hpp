// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_HEALTH_HEALTH_LOOP_HPP
#define FOREST_DETAIL_HEALTH_HEALTH_LOOP_HPP

#include <forest/core/detail/logic/callbacks.hpp>
#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/detail/logic/health_steps.hpp>
#include <forest/core/detail/logic/timestamp_offset.hpp>
#include <forest/core/detail/logic/timestamp_sequence.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/random.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/core/verdict.hpp>
#include <forest/policy/backoff.hpp>
#include <forest/policy/clock.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <string_view>
#include <system_error>
#include <utility>

// Drives the machine of one target with the policies given: it only executes what the machine
// decides. It is shared by the client and the operations in flight, so that a client may be
// destroyed at any time, from its own callbacks too.

namespace forest::detail {

/// What a check asks and how its answer is judged: the health check of PROTOCOL.md, 1. All members
/// run on the clock's execution context.
struct health_probe {
    /// Adds to a request before it is signed.
    void prepare(request&) const noexcept {}

    [[nodiscard]] verdict judge(const reply& answer, wall_time local) const noexcept {
        return conclude(answer, local);
    }

    /// Whether that verdict has to wait for something else, and the check with it. Who holds it
    /// hands it to `judged` later.
    [[nodiscard]] bool holds(const verdict&) const noexcept { return false; }

    /// What the machine is told of that.
    [[nodiscard]] health_input input(const verdict& result) const noexcept {
        return health_input::reply(result);
    }
};

/// What is behind a basic_health_client; held by a shared_ptr. `start`, `stop`, `stopped` and
/// `status` may be called from any thread; all else runs on the clock's execution context.
template <transport Transport, clock Clock, signer Signer, backoff Backoff,
          typename Probe = health_probe, typename Machine = health_machine<Backoff>>
class health_loop : public std::enable_shared_from_this<
                        health_loop<Transport, Clock, Signer, Backoff, Probe, Machine>> {
public:
    /// Throws std::system_error with the error of `chosen.validate()`, or `errc::invalid_backoff`.
    health_loop(Transport transport, Clock clock, Signer signer, Backoff backoff, url target,
                const options& chosen, random_generator random, Probe probe = {})
        : transport_{std::move(transport)},
          clock_{std::move(clock)},
          signer_{std::move(signer)},
          machine_{checked(chosen, backoff), backoff, random},
          target_{std::move(target)},
          offset_{random},
          what_{.target = target_},
          probe_{std::move(probe)} {}

    /// The same with a machine, whose rules have been found valid, and for a signer that keeps the
    /// sequence of its timestamps: it signs without an offset.
    health_loop(Transport transport, Clock clock, Signer signer, Machine machine, url target,
                Probe probe)
        : transport_{std::move(transport)},
          clock_{std::move(clock)},
          signer_{std::move(signer)},
          machine_{std::move(machine)},
          target_{std::move(target)},
          what_{.target = target_},
          probe_{std::move(probe)} {}

    void start() {
        const auto alive = this->shared_from_this();
        if (!stopped() && !started_.exchange(true))
            wait(duration::zero(), health_input::started());
    }

    void stop() noexcept {
        const auto alive = this->shared_from_this();
        listeners_.close([this]() noexcept {
            if (!announced_)
                return;
            event last;
            last.kind = event_kind::stopping;
            last.target = target_.text();
            last.status = status_;
            listeners_.tell_last(last);
            cancel();
            last.kind = event_kind::stopped;
            listeners_.tell_last(last);
        });
        cancel();
    }

    /// A check that is waited for comes `within` this time from now. On the clock's execution
    /// context, outside of callbacks.
    void hurry(duration within) { drive(health_input::hurried(within)); }

    /// The check under way has ended so. For the driver of a probe that has held this verdict, on
    /// the clock's execution context, outside of callbacks.
    void judged(verdict result) {
        judged_ = &result;
        drive(probe_.input(result));
        judged_ = nullptr;
    }

    [[nodiscard]] bool stopped() const { return listeners_.closed(); }
    [[nodiscard]] target_status status() const noexcept { return status_; }
    [[nodiscard]] const url& target() const noexcept { return target_; }
    [[nodiscard]] callbacks& listeners() noexcept { return listeners_; }

private:
    static const options& checked(const options& chosen, const Backoff& backoff) {
        if (const std::error_code ec = validate(chosen, backoff))
            throw std::system_error(ec);
        return chosen;
    }

    void drive(health_input input) {
        for (;;) {
            if (stopped())
                input = health_input::stopped();
            const health_action next = machine_.step(input, clock_.steady_now());
            status_ = machine_.status();
            switch (next.what) {
            case health_action::kind::report:
                if (next.event == event_kind::check_failed && judged_ != nullptr)
                    judged_->error = counted_error(judged_->error);
                report(next.event);
                input = health_input::reported();
                continue;
            case health_action::kind::check: return check(next.fresh_connection);
            case health_action::kind::wait: return wait(next.delay, health_input::woke());
            case health_action::kind::none:
            case health_action::kind::finished: return;
            }
        }
    }

    void wait(duration delay, health_input then) {
        // What was waited for before is void.
        clock_.async_wait(delay, [self = this->shared_from_this(), then = then.what,
                                  number = ++waits_](std::error_code ec) {
            const auto alive = self; // The handler may be destroyed while it runs.
            if (!ec && number == alive->waits_)
                alive->drive({then});
        });
        cancel_if_stopped();
    }

    // A policy that throws must not end the polling in silence. Want of memory is no fault of the
    // server's (B12).
    void check(bool fresh_connection) {
        try {
            what_.fresh_connection = fresh_connection;
            what_.fields.clear();
            probe_.prepare(what_);
            const wall_time at = timestamps_.next(offset_.before(clock_.now()));
            signed_ = sign_at(signer_, what_, offset_.precise(at), what_.fields);
            transport_.async_get(what_, machine_.options().timeout,
                                 [self = this->shared_from_this()](const reply& answer) {
                                     const auto alive = self;
                                     if (!alive->stopped())
                                         alive->conclude(answer);
                                 });
            cancel_if_stopped();
        } catch (const std::bad_alloc&) {
            reply none;
            none.error = errc::local_resources_exhausted;
            conclude(none);
        } catch (const std::exception& thrown) {
            give_up(thrown.what());
        } catch (...) {
            give_up("an exception that is no std::exception");
        }
    }

    void give_up(std::string_view thrown) {
        outage none_told;
        event failed = describe(event_kind::callback_failed, none_told);
        failed.detail = thrown;
        listeners_.tell(failed);
        reply none;
        none.error = errc::unreachable;
        conclude(none);
    }

    void conclude(const reply& answer) {
        reply asked = answer;
        asked.signature_sent = signed_;
        const verdict result = probe_.judge(asked, clock_.now());
        if (!probe_.holds(result))
            judged(result);
    }

    void report(event_kind kind) {
        announced_ = true;
        outage told;
        listeners_.tell(describe(kind, told));
    }

    event describe(event_kind kind, outage& told) const noexcept {
        event result = forest::detail::describe(machine_, kind, judged_, target_.text(), told);
        if (result.check != nullptr)
            result.path = what_.target.target();
        return result;
    }

    void cancel() noexcept {
        try {
            transport_.cancel();
            clock_.cancel();
        } catch (...) { // What could not be cancelled finds the loop stopped when it ends.
        }
    }

    // Stopping from another thread may come between the decision to begin an operation and its
    // beginning.
    void cancel_if_stopped() {
        if (stopped())
            cancel();
    }

    Transport transport_;
    Clock clock_;
    Signer signer_;
    Machine machine_;
    const url target_; // its name; what is asked may be another of the server's routes
    timestamp_offset offset_;
    request what_;
    std::uint64_t waits_ = 0; // counts them
    timestamp_sequence timestamps_;
    bool signed_ = false; // the request in flight
    [[no_unique_address]] Probe probe_;
    verdict* judged_ = nullptr; // while it is being reported
    std::atomic<target_status> status_ = target_status::unknown;
    std::atomic<bool> started_ = false;
    std::atomic<bool> announced_ = false; // an event has been told, so the last ones are, too
    callbacks listeners_;
};

} // namespace forest::detail

#endif
