// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_HEALTH_HEALTH_LOOP_HPP
#define FOREST_DETAIL_HEALTH_HEALTH_LOOP_HPP

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
#include <forest/detail/health/guarded_call.hpp>
#include <forest/detail/health/health_control.hpp>
#include <forest/detail/health/judge.hpp>
#include <forest/detail/health/make_health_loop.hpp>
#include <forest/form.hpp>
#include <forest/policy/backoff.hpp>
#include <forest/policy/clock.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <cstdint>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

// Drives the machine of one target with the given policies: the machine decides, the loop executes.
// The client and the operations in flight share the loop. So a client may be destroyed at any time,
// even in its own callbacks.

namespace forest::inline FOREST_FORM::detail {

/// The request of a check and the meaning of its reply: here the health check of PROTOCOL.md, 1.
/// All members run on the clock's execution context.
struct health_probe {
    /// Changes a request before it is signed.
    void prepare(request&) const noexcept {}

    /// Reads more from a reply than the verdict contains, and may correct the verdict.
    void read(const reply&, verdict&) const noexcept {}

    /// Returns whether the verdict is held back. The check then ends later: the owner of the probe
    /// must call `health_loop::ended` with the verdict.
    [[nodiscard]] bool holds(const verdict&) const noexcept { return false; }

    /// Returns the input of the machine for a verdict.
    [[nodiscard]] health_input input(const verdict& result) const noexcept {
        return health_input::reply(result);
    }
};

/// The state of a basic_health_client, held by a shared_ptr. `start`, `stop`, `stopped` and
/// `status` may be called from any thread; everything else runs on the clock's execution context.
template <transport Transport, clock Clock, signer Signer, backoff Backoff,
          typename Probe = health_probe, typename Machine = health_machine<Backoff>>
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
          transport_{std::move(transport)},
          clock_{std::move(clock)},
          signer_{std::move(signer)},
          machine_{checked(settings, backoff), backoff, random},
          offset_{random},
          request_{.target = target_},
          probe_{std::move(probe)} {}

    /// Makes a loop from a machine whose rules are valid, and from a signer that keeps a sequence
    /// of timestamps of its own: this loop then adds no offset.
    health_loop(Transport transport, Clock clock, Signer signer, Machine machine, url target,
                Probe probe)
        : health_control{std::move(target)},
          transport_{std::move(transport)},
          clock_{std::move(clock)},
          signer_{std::move(signer)},
          machine_{std::move(machine)},
          request_{.target = target_},
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
        drive(probe_.input(result));
        judged_ = nullptr;
    }

private:
    static const options& checked(const options& settings, const Backoff& backoff) {
        if (const std::error_code ec = validate(settings, backoff))
            throw std::system_error(ec);
        return settings;
    }

    void drive(health_input input) {
        for (;;) {
            if (stopped())
                input = health_input::stopped();
            const health_action next = machine_.step(input, clock_.steady_now());
            status_ = machine_.status();
            switch (next.kind) {
            case health_action_kind::report:
                if (next.event == event_kind::check_failed && judged_ != nullptr)
                    judged_->error = counted_error(judged_->error);
                report(next.event);
                input = health_input::reported();
                continue;
            case health_action_kind::check: return check(next.fresh_connection);
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

    void check(bool fresh_connection) {
        guarded_call(
            [&] {
                request_.fresh_connection = fresh_connection;
                request_.fields.clear();
                probe_.prepare(request_);
                const wall_time moment = timestamps_.next(offset_.before(clock_.now()));
                signed_ = sign_at(signer_, request_, offset_.precise(moment), request_.fields);
                transport_.async_get(request_, machine_.timeout(clock_.steady_now()),
                                     [self = shared_from_this()](const reply& answer) {
                                         const auto alive = self;
                                         if (!alive->stopped())
                                             alive->answered(answer);
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
            [&](const reply& answer) { answered(answer); });
    }

    void answered(reply answer) {
        if (answer.send_again && machine_.may_send_again())
            return drive(health_input::unsent());
        answer.signature_sent = signed_;
        verdict result = judge(answer, clock_.now());
        probe_.read(answer, result);
        if (!probe_.holds(result))
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
            result.path = request_.target.target();
        return result;
    }

    void cancel() noexcept { guarded_cancel(transport_, clock_); }

    // Another thread may stop the loop after the decision to begin an operation and before the
    // operation begins.
    void cancel_if_stopped() {
        if (stopped())
            cancel();
    }

    Transport transport_;
    Clock clock_;
    Signer signer_;
    Machine machine_;
    timestamp_offset offset_;
    request request_;
    std::uint64_t waits_ = 0; // the number of waits so far
    timestamp_sequence timestamps_;
    bool signed_ = false; // whether the request in flight is signed
    [[no_unique_address]] Probe probe_;
    verdict* judged_ = nullptr; // not null while the verdict is reported
};

template <typename Transport, typename Clock, typename Signer, typename Backoff>
std::shared_ptr<health_control>
make_health_loop(Transport transport, Clock clock, Signer signer, Backoff backoff, url target,
                 const options& settings, const random_generator* random) {
    const auto drawn =
        random != nullptr ? *random : random_generator::seeded(target.text(), clock.steady_now());
    const auto made = std::make_shared<health_loop<Transport, Clock, Signer, Backoff>>(
        std::move(transport), std::move(clock), std::move(signer), std::move(backoff),
        std::move(target), settings, drawn);
    made->listeners().on_unheard(default_unheard<Clock>());
    return made;
}

template <typename Transport, typename Clock, typename Signer, typename Backoff>
std::shared_ptr<health_control> make_health_loop(Clock clock, std::string_view secret, url target,
                                                 const options& settings) {
    Signer signer(secret);
    Backoff backoff{};
    const auto random = random_generator::seeded(target.text(), clock.steady_now());
    Transport transport(std::as_const(clock));
    return make_health_loop(std::move(transport), std::move(clock), std::move(signer),
                            std::move(backoff), std::move(target), settings, &random);
}

} // namespace forest::inline FOREST_FORM::detail

#endif
