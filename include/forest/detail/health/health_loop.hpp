// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_HEALTH_HEALTH_LOOP_HPP
#define FOREST_DETAIL_HEALTH_HEALTH_LOOP_HPP

#include <forest/core/detail/logic/check_watch.hpp>
#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/detail/logic/health_steps.hpp>
#include <forest/core/detail/logic/hold_fields.hpp>
#include <forest/core/detail/logic/hold_state.hpp>
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
#include <forest/detail/health/check_requests.hpp>
#include <forest/detail/health/guarded_call.hpp>
#include <forest/detail/health/health_control.hpp>
#include <forest/detail/health/make_health_loop.hpp>
#include <forest/form.hpp>
#include <forest/health_probe.hpp>
#include <forest/policy/backoff.hpp>
#include <forest/policy/clock.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

// Drives the machine of one target with the given policies: the machine decides, the loop executes.
// The client and the operations in flight share the loop. So a client may be destroyed at any time,
// even in its own callbacks.

namespace forest::inline FOREST_FORM::detail {

/// A probe may hold a verdict back. The check then ends later: the owner of the probe must call
/// `health_loop::ended` with the verdict.
template <typename Probe>
concept holding_probe = requires(Probe& probe, const verdict& result) {
    { probe.holds(result) } -> std::same_as<bool>;
};

/// A probe may choose the input of the machine for a verdict.
template <typename Probe>
concept steering_probe = requires(Probe& probe, const verdict& result) {
    { probe.input(result) } -> std::same_as<health_input>;
};

/// A probe may say that the check with the last verdict has brought another schema (B51).
template <typename Probe>
concept news_probe = requires(const Probe& probe) {
    { probe.brought_news() } -> std::same_as<bool>;
};

/// The state of a basic_health_client, held by a shared_ptr. `start`, `stop`, `stopped` and
/// `status` may be called from any thread; everything else runs on the clock's execution context.
template <transport Transport, clock Clock, signer Signer, backoff Backoff,
          typename Probe = probes::health, typename Machine = health_machine<Backoff>>
class health_loop final : public health_control,
                          public std::enable_shared_from_this<
                              health_loop<Transport, Clock, Signer, Backoff, Probe, Machine>> {
    using std::enable_shared_from_this<health_loop>::shared_from_this;

public:
    /// Throws std::system_error with the error of `settings.validate()`, or
    /// `errc::invalid_backoff`.
    health_loop(Transport transport, Clock clock, Signer signer, Backoff backoff, url target,
                const options& settings, random_generator random, Probe probe = {})
        : health_control{std::move(target)},
          requests_{std::move(transport), target_},
          clock_{std::move(clock)},
          signer_{std::move(signer)},
          machine_{checked(settings, backoff), backoff, random},
          offset_{random},
          probe_{std::move(probe)} {}

    /// Makes a loop from a machine whose rules are valid, and from a signer that keeps a sequence
    /// of timestamps of its own: this loop then adds no offset.
    health_loop(Transport transport, Clock clock, Signer signer, Machine machine, url target,
                Probe probe)
        : health_control{std::move(target)},
          requests_{std::move(transport), target_},
          clock_{std::move(clock)},
          signer_{std::move(signer)},
          machine_{std::move(machine)},
          probe_{std::move(probe)} {}

    void start() override {
        const auto alive = shared_from_this();
        if (!stopped() && !started_.exchange(true))
            wait(duration::zero(), health_input::started());
    }

    void stop() noexcept override {
        const auto alive = shared_from_this();
        listeners_.close([this]() noexcept {
            if (!announced_)
                return;
            event last;
            last.kind = event_kind::stopping;
            last.target = target_.text();
            last.status = status_;
            listeners_.report_last(last);
            cancel();
            last.kind = event_kind::stopped;
            listeners_.report_last(last);
        });
        cancel();
    }

    /// The next check begins at most `delay_max` from now. Call it on the clock's execution
    /// context, outside of callbacks.
    void hurry(duration delay_max) { drive(health_input::hurried(delay_max)); }

    /// Ends the check in flight with a verdict, for example one that the probe has held back. Call
    /// it on the clock's execution context, outside of callbacks.
    void ended(verdict result) {
        judged_ = &result;
        health_input input = input_for(result);
        input.late = late_;
        input.offer = offer_;
        if constexpr (news_probe<Probe>)
            if (probe_.brought_news())
                machine_.brought_news(clock_.steady_now());
        drive(input);
        judged_ = nullptr;
    }

private:
    health_input input_for(const verdict& result) {
        if constexpr (steering_probe<Probe>)
            return probe_.input(result);
        else
            return health_input::reply(result);
    }

    static const options& checked(const options& settings, const Backoff& backoff) {
        if (const std::error_code ec = validate(settings, backoff))
            throw std::system_error(ec);
        return settings;
    }

    using place = typename check_requests<Transport>::place;

    void drive(health_input input) {
        for (;;) {
            if (stopped())
                input = health_input::stopped();
            const steady_time now = clock_.steady_now();
            const health_action next = machine_.step(input, now);
            status_ = machine_.status();
            switch (next.kind) {
            case health_action_kind::report:
                if (next.event == event_kind::check_failed && judged_ != nullptr)
                    judged_->error = counted_error(judged_->error);
                if (next.event == event_kind::check_inconclusive && judged_ != nullptr)
                    judged_->error = doubtful_error(judged_->error);
                report(next.event);
                input = health_input::reported();
                continue;
            case health_action_kind::check:
                watch_.begin(now, machine_.patient());
                if (next.hold != hold_seconds{}) [[unlikely]]
                    watch_.hold(next.hold);
                set_watch(now);
                return send(requests_.first(), next.fresh_connection, machine_.timeout(now));
            case health_action_kind::wait: return wait(next.delay, health_input::woke());
            case health_action_kind::none:
            case health_action_kind::finished: return;
            }
        }
    }

    void wait(duration delay, health_input then) {
        // An earlier wait has no effect any more.
        clock_.async_wait(delay, [self = shared_from_this(), then = then.kind,
                                  number = ++waits_](std::error_code ec) {
            const auto alive = self; // The handler may be destroyed while it runs.
            if (!ec && number == alive->waits_)
                alive->drive({then});
        });
        cancel_if_stopped();
    }

    // -- The watch over a check --

    // There is at most one wait of the watch, which may have begun in an earlier check. It is not
    // cancelled, because a datasource has other waits on the same clock.
    void set_watch(steady_time now) {
        const steady_time next = watch_.next(machine_.options(), now);
        if (watch_at_ && *watch_at_ <= next)
            return;
        watch_at_ = next;
        clock_.async_wait(next - now,
                          [self = shared_from_this(), number = ++watches_](std::error_code ec) {
                              const auto alive = self;
                              if (!ec && number == alive->watches_ && !alive->stopped())
                                  alive->watch();
                          });
    }

    // How late this process is now.
    [[nodiscard]] duration lateness(steady_time now) const noexcept {
        return watch_at_ && *watch_at_ < now ? now - *watch_at_ : duration::zero();
    }

    void watch() {
        const steady_time now = clock_.steady_now();
        const duration late = lateness(now);
        watch_at_.reset();
        if (!requests_.in_flight())
            return;
        switch (watch_.woke(machine_.options(), now, late)) {
        case check_watch::advice::none: break;
        case check_watch::advice::hedge: hedge(now); break;
        case check_watch::advice::give_up: gave_up_ = true; return guarded_cancel(requests_);
        }
        set_watch(now);
        cancel_if_stopped();
    }

    void hedge(steady_time now) {
        if constexpr (hedging_transport<Transport>) {
            if (!requests_.first().transport.waits_on_kept_connection())
                return;
            try {
                send(requests_.second(), true, machine_.time_left(now));
            } catch (...) { // The first request goes on alone.
            }
        }
    }

    // -- Requests --

    void send(place& from, bool fresh_connection, duration timeout) {
        from.in_flight = true;
        guarded_call(
            [&] {
                from.get.fresh_connection = fresh_connection;
                from.get.fields.clear();
                probe_.prepare(from.get);
                if (watch_.hold() != hold_seconds{}) [[unlikely]]
                    add_wait_preference(from.get.fields, watch_.hold());
                const wall_time moment = timestamps_.next(offset_.before(clock_.now()));
                from.is_signed =
                    sign_at(signer_, from.get, offset_.precise(moment), from.get.fields);
                from.transport.async_get(from.get, timeout,
                                         [self = shared_from_this(), &from](const reply& answer) {
                                             const auto alive = self;
                                             if (!alive->stopped())
                                                 alive->answered(from, answer);
                                         });
                cancel_if_stopped();
            },
            [&](std::string_view text) {
                outage unused;
                event failed = describe(event_kind::callback_failed, unused);
                failed.detail = text;
                listeners_.report(failed);
                return true;
            },
            [&](const reply& answer) { answered(from, answer); });
    }

    // A check ends when all of its requests have ended. The first complete answer counts. If there
    // is none, the last failure does.
    void answered(place& from, reply answer) {
        from.in_flight = false;
        const bool is_last = !requests_.in_flight();
        if (answer.send_again && is_last && !outcome_ && machine_.may_send_again())
            return drive(health_input::unsent(was_late()));
        if (!decided_ && !(answer.send_again && outcome_)) {
            if (gave_up_ && answer.error == errc::operation_canceled)
                answer.error = errc::timed_out;
            answer.signature_sent = from.is_signed;
            outcome_ = probe_.judge(answer, clock_.now());
            if (machine_.options().hold != duration::zero()) [[unlikely]]
                read_hold(answer);
            decided_ = !answer.error;
        }
        if (is_last)
            return conclude();
        if (decided_)
            requests_.prefer(from);
    }

    FOREST_COLD void read_hold(const reply& answer) noexcept {
        offer_ = offer_of(answer, *outcome_);
        if (watch_.hold() != hold_seconds{})
            mark_held(outcome_->timings);
    }

    [[nodiscard]] bool was_late() {
        const steady_time now = clock_.steady_now();
        return watch_.ended(machine_.options(), now, lateness(now));
    }

    void conclude() {
        late_ = was_late();
        decided_ = gave_up_ = false;
        verdict result = *std::exchange(outcome_, std::nullopt);
        if constexpr (holding_probe<Probe>)
            if (probe_.holds(result))
                return;
        ended(result);
    }

    void report(event_kind kind) {
        announced_ = true;
        outage outage_storage;
        listeners_.report(describe(kind, outage_storage));
    }

    event describe(event_kind kind, outage& outage_storage) const noexcept {
        event result =
            forest::detail::describe(machine_, kind, judged_, target_.text(), outage_storage);
        if (result.check != nullptr)
            result.path = requests_.first().get.target.target();
        return result;
    }

    void cancel() noexcept { guarded_cancel(requests_, clock_); }

    // Another thread may stop the loop after the decision to begin an operation and before the
    // operation begins.
    void cancel_if_stopped() {
        if (stopped())
            cancel();
    }

    check_requests<Transport> requests_;
    Clock clock_;
    Signer signer_;
    Machine machine_;
    timestamp_offset offset_;
    std::uint64_t waits_ = 0; // the number of waits so far
    timestamp_sequence timestamps_;
    check_watch watch_;
    std::optional<steady_time> watch_at_; // the end of the wait of the watch
    std::uint64_t watches_ = 0;           // the number of these waits so far
    std::optional<verdict> outcome_;      // of the requests of this check that have ended
    bool decided_ = false;                // an answer is complete
    bool gave_up_ = false;                // the requests are cancelled
    bool late_ = false;                   // this process was late in the check that has ended
    hold_seconds offer_{};                // of the answer to this check
    [[no_unique_address]] Probe probe_;
    verdict* judged_ = nullptr; // not null while the verdict is reported
};

template <typename Transport, typename Clock, typename Signer, typename Backoff, typename Probe>
std::shared_ptr<health_control>
make_health_loop(Transport transport, Clock clock, Signer signer, Backoff backoff, Probe probe,
                 url target, const options& settings, const random_generator* random) {
    const auto drawn =
        random != nullptr ? *random : random_generator::seeded(target.text(), clock.steady_now());
    const auto made = std::make_shared<health_loop<Transport, Clock, Signer, Backoff, Probe>>(
        std::move(transport), std::move(clock), std::move(signer), std::move(backoff),
        std::move(target), settings, drawn, std::move(probe));
    made->listeners().on_unheard(default_unheard<Clock>());
    return made;
}

template <typename Transport, typename Clock, typename Signer, typename Backoff, typename Probe>
std::shared_ptr<health_control> make_health_loop(Clock clock, std::string_view secret, url target,
                                                 const options& settings) {
    Signer signer(secret);
    Backoff backoff{};
    const auto random = random_generator::seeded(target.text(), clock.steady_now());
    Transport transport(std::as_const(clock));
    return make_health_loop(std::move(transport), std::move(clock), std::move(signer),
                            std::move(backoff), Probe{}, std::move(target), settings, &random);
}

} // namespace forest::inline FOREST_FORM::detail

#endif
