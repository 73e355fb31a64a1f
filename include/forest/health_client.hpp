// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_HEALTH_CLIENT_HPP
#define FOREST_HEALTH_CLIENT_HPP

#include <forest/core/callbacks.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/machine.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/random.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/core/verdict.hpp>
#include <forest/policy/backoff.hpp>
#include <forest/policy/clock.hpp>
#include <forest/policy/observer.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

// Drives the machine of one target with the policies given: it only executes what the machine
// decides. The state is shared with the operations in flight, so that a client may be destroyed at
// any time, from its own callbacks too.

namespace forest {

/// Polls one target and tells when it goes down, exactly once per outage, and when it is back.
///
/// Callbacks run one at a time on the clock's execution context (B16). They may call any member,
/// `stop()` included, and may destroy the client; one that throws is reported as `callback_failed`,
/// and polling goes on. All members may be called from any thread, provided that the policies' may.
/// Set the callbacks before `start()` if no event is to be missed.
template <transport Transport, clock Clock, signer Signer, backoff Backoff>
class basic_health_client {
public:
    /// A client from policies of one's own. `random` spreads the first check and jitters the
    /// delays. Throws std::system_error with the error of `chosen.validate()`, or
    /// `errc::invalid_backoff`.
    basic_health_client(Transport transport, Clock clock, Signer signer, Backoff backoff,
                        url target, options chosen, random_generator random)
        : state_{std::make_shared<state>(std::move(transport), std::move(clock), std::move(signer),
                                         checked(backoff, chosen), std::move(target), chosen,
                                         random)} {}

    /// The same, seeded from the URL and the clock, so that neither two targets nor two starts
    /// share a schedule.
    basic_health_client(Transport transport, Clock clock, Signer signer, Backoff backoff,
                        url target, options chosen = {})
        : basic_health_client{seeded(target, clock),
                              std::move(transport),
                              std::move(clock),
                              std::move(signer),
                              std::move(backoff),
                              std::move(target),
                              chosen} {}

    /// A client whose policies make themselves: the clock from the context, the transport from the
    /// clock, because they share its execution context, and the signer from the secret. Throws as
    /// above, and what they throw.
    template <typename Context>
        requires std::constructible_from<Clock, Context> &&
            std::constructible_from<Transport, const Clock&> &&
            std::constructible_from<Signer, std::string_view> && std::default_initializable<Backoff>
            basic_health_client(Context&& context, url target, std::string_view secret,
                                options chosen = {})
            : basic_health_client{Clock(std::forward<Context>(context)), std::move(target),
                                  Signer(secret), chosen} {}

        basic_health_client(basic_health_client&&) noexcept = default;

        basic_health_client& operator=(basic_health_client&& other) noexcept {
            basic_health_client old{std::move(other)};
            state_.swap(old.state_);
            return *this;
        }

        /// Stops the client (B14).
        ~basic_health_client() {
            if (state_ != nullptr)
                stop();
        }

        /// Called once per outage, at the failure that reaches the threshold (B7).
        void on_server_down(std::function<void(const outage&)> callback) {
            state_->listeners.on_server_down(std::move(callback));
        }

        /// Called once per outage, at the success that ends it (B8).
        void on_server_up(std::function<void(const outage&)> callback) {
            state_->listeners.on_server_up(std::move(callback));
        }

        /// Called for every event, before the two above. Replaces the previous one; `tee` makes one
        /// of several.
        void on_event(std::function<void(const event&)> callback) {
            state_->listeners.on_event(std::move(callback));
        }

        /// The same for an observer, which is moved into the client.
        template <observer Observer>
        void on_event(Observer watching) {
            on_event([shared = std::make_shared<Observer>(std::move(watching))](
                         const event& happened) { shared->on_event(happened); });
        }

        /// Checks at once, or after the initial delay, and then at the interval (B1). Does nothing
        /// the second time, and nothing after `stop()` (B13).
        void start() {
            if (!stopped() && !state_->has_started.exchange(true))
                state_->wait(duration::zero(), machine_input::started());
        }

        /// Ends the polling for good. When it returns, no callback is running and none will start;
        /// called from inside a callback it returns at once, and that callback is the last (B14).
        /// Idempotent. Called elsewhere, the calling thread itself tells the observer of `stopping`
        /// and `stopped`. Two callbacks on two threads that stop each other's client would wait for
        /// each other for ever.
        void stop() {
            state_->stop();
        }

        /// Whether `stop()` has been called (B15).
        [[nodiscard]] bool stopped() const {
            return state_->listeners.closed();
        }

        /// What is known of the target now.
        [[nodiscard]] target_status status() const noexcept {
            return state_->status;
        }

        [[nodiscard]] const url& target() const noexcept {
            return state_->what.target;
        }

    private:
        basic_health_client(random_generator random, Transport&& transport, Clock&& clock,
                            Signer&& signer, Backoff&& backoff, url&& target, const options& chosen)
            : basic_health_client{std::move(transport),
                                  std::move(clock),
                                  std::move(signer),
                                  std::move(backoff),
                                  std::move(target),
                                  chosen,
                                  random} {}

        basic_health_client(Clock&& clock, url&& target, Signer&& signer, const options& chosen)
            : basic_health_client{seeded(target, clock),
                                  Transport(std::as_const(clock)),
                                  std::move(clock),
                                  std::move(signer),
                                  Backoff{},
                                  std::move(target),
                                  chosen} {}

        static random_generator seeded(const url& target, const Clock& clock) {
            const steady_time now = clock.steady_now();
            return random_generator{std::hash<std::string_view>{}(target.text()) ^
                                    static_cast<std::uint64_t>(now.time_since_epoch().count())};
        }

        static const Backoff& checked(const Backoff& backoff, const options& chosen) {
            if (const std::error_code ec = chosen.validate())
                throw std::system_error(ec);
            if (duration{backoff(1, chosen.interval)} <= duration::zero())
                throw std::system_error(make_error_code(errc::invalid_backoff));
            return backoff;
        }

        struct state;
        std::shared_ptr<state> state_;
};

namespace detail {

// A deduction that finds no constructor says little; this says which operation a policy lacks.
template <typename Transport, typename Clock, typename Signer, typename Backoff>
struct client_policies {
    static_assert(transport<Transport>);
    static_assert(clock<Clock>);
    static_assert(signer<Signer>);
    static_assert(backoff<Backoff>);
    using transport_type = Transport;
};

} // namespace detail

template <typename Transport, typename Clock, typename Signer, typename Backoff>
basic_health_client(Transport, Clock, Signer, Backoff, url, options = {},
                    random_generator = random_generator{})
    -> basic_health_client<
        typename detail::client_policies<Transport, Clock, Signer, Backoff>::transport_type, Clock,
        Signer, Backoff>;

// Everything but `stop` and `wait` runs on the clock's execution context; the gate and the atomics
// are what other threads share with it.
template <transport Transport, clock Clock, signer Signer, backoff Backoff>
struct basic_health_client<Transport, Clock, Signer, Backoff>::state
    : std::enable_shared_from_this<state> {
    state(Transport&& with, Clock&& at, Signer&& by, const Backoff& backoff, url&& target,
          const options& chosen, random_generator random)
        : carrier{std::move(with)}, time{std::move(at)}, seal{std::move(by)}, logic{chosen, backoff,
                                                                                    random} {
        what.target = std::move(target);
    }

    void drive(machine_input input) {
        for (;;) {
            if (listeners.closed())
                input = machine_input::stopped();
            const action next = logic.step(input, time.steady_now());
            status = logic.status();
            switch (next.what) {
            case action::kind::report:
                report(next.event);
                input = machine_input::reported();
                continue;
            case action::kind::check: return check(next.fresh_connection);
            case action::kind::wait: return wait(next.delay, machine_input::woke());
            case action::kind::none:
            case action::kind::finished: return;
            }
        }
    }

    void wait(duration delay, machine_input then) {
        time.async_wait(delay, [self = this->shared_from_this(), then](std::error_code ec) {
            const auto alive = self; // The handler may be destroyed while it runs.
            if (!ec)
                alive->drive(then);
        });
        cancel_if_stopped();
    }

    void check(bool fresh_connection) {
        signed_at = timestamp_after(signed_at);
        what.fresh_connection = fresh_connection;
        what.fields.clear();
        seal.sign(what, signed_at, what.fields);
        carrier.async_get(what, logic.options().timeout,
                          [self = this->shared_from_this()](const reply& answer) {
                              const auto alive = self;
                              if (!alive->listeners.closed())
                                  alive->conclude(answer);
                          });
        cancel_if_stopped();
    }

    // Two checks in one millisecond must not sign the same bytes, so the timestamp always advances.
    // Only a wall clock set back by more than servers tolerate starts it anew: they would refuse
    // the old time for as long.
    wall_time timestamp_after(wall_time last) const {
        constexpr std::chrono::seconds tolerated{300};
        const wall_time now = time.now();
        return last - now > tolerated ? now : std::max(now, last + std::chrono::milliseconds{1});
    }

    void conclude(const reply& answer) {
        const verdict result = forest::conclude(answer, signed_at);
        judged = &result;
        drive(machine_input::reply(result));
        judged = nullptr;
    }

    void report(event_kind kind) {
        const bool of_outage = kind == event_kind::server_down || kind == event_kind::server_up;
        listeners.tell({.kind = kind,
                        .target = what.target.text(),
                        .status = logic.status(),
                        .attempt = logic.attempt(),
                        .failures = logic.failures(),
                        .failure_threshold = logic.options().failure_threshold,
                        .check = kind == event_kind::check_started ? nullptr : judged,
                        .outage = of_outage ? &logic.outage() : nullptr,
                        .detail = {}});
    }

    void stop() noexcept {
        listeners.close([this] {
            if (!has_started)
                return;
            event last;
            last.kind = event_kind::stopping;
            last.target = what.target.text();
            last.status = status;
            listeners.tell_last(last);
            cancel();
            last.kind = event_kind::stopped;
            listeners.tell_last(last);
        });
        cancel();
    }

    void cancel() noexcept {
        carrier.cancel();
        time.cancel();
    }

    // Stopping from another thread may come between the decision to begin an operation and its
    // beginning.
    void cancel_if_stopped() {
        if (listeners.closed())
            cancel();
    }

    Transport carrier;
    Clock time;
    Signer seal;
    machine<Backoff> logic;
    request what;
    wall_time signed_at{};
    const verdict* judged = nullptr; // while it is being reported
    std::atomic<target_status> status = target_status::unknown;
    std::atomic<bool> has_started = false;
    callbacks listeners;
};

} // namespace forest

#endif
