// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_HEALTH_CLIENT_HPP
#define FOREST_HEALTH_CLIENT_HPP

#include <forest/core/backoff.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/logic/option_mistake.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/random.hpp>
#include <forest/core/url.hpp>
#include <forest/detail/health/health_loop.hpp>
#include <forest/policy/backoff.hpp>
#include <forest/policy/clock.hpp>
#include <forest/policy/observable.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

// What an application holds of one watched server: a handle to the loop that checks it.

namespace forest {

/// Polls one target and tells when it goes down, exactly once per outage, and when it is back.
///
/// Callbacks run one at a time on the clock's execution context (B16). They may call any member,
/// `stop()` included, and may destroy the client; one that throws is reported as `callback_failed`,
/// and polling goes on. All members may be called from any thread, provided that the policies' may.
/// Set the callbacks before `start()` if no event is to be missed. A client that was moved from may
/// only be assigned to or destroyed.
template <transport Transport, clock Clock, signer Signer, backoff Backoff>
class basic_health_client
    : public observable<basic_health_client<Transport, Clock, Signer, Backoff>> {
public:
    using observable<basic_health_client>::on_event;

    /// A client from policies of one's own. `random` spreads the first check and jitters the
    /// delays. Throws std::system_error with the error of `chosen.validate()`, or
    /// `errc::invalid_backoff`.
    basic_health_client(Transport transport, Clock clock, Signer signer, Backoff backoff,
                        url target, options chosen, random_generator random)
        : loop_{std::make_shared<loop>(std::move(transport), std::move(clock), std::move(signer),
                                       std::move(backoff), std::move(target), chosen, random)} {
        on_unheard(default_unheard<Clock>());
    }

    /// The same, seeded from the URL and the clock, so that neither two targets nor two starts
    /// share a schedule.
    basic_health_client(Transport transport, Clock clock, Signer signer, Backoff backoff,
                        url target, options chosen = {})
        : basic_health_client{random_generator::seeded(target.text(), clock.steady_now()),
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
        requires(std::constructible_from<Clock, Context> &&
                 std::constructible_from<Transport, const Clock&> &&
                 std::constructible_from<Signer, std::string_view> &&
                 std::default_initializable<Backoff>)
    basic_health_client(Context&& context, url target, std::string_view secret,
                        const options& chosen = {})
        : basic_health_client{Clock(std::forward<Context>(context)), std::move(target),
                              Signer(secret), chosen} {}

    // These say what is wrong with braced options.
    basic_health_client(detail::source_of<Clock>, url, std::string_view,
                        const detail::options_of_wrong_types&) {
        detail::refuse_options<sizeof(Clock)>();
    }
    template <std::size_t MisspeltOrWithoutUnit>
    basic_health_client(detail::source_of<Clock>, url, std::string_view,
                        const detail::any_member (&)[MisspeltOrWithoutUnit]) {
        detail::refuse_options<MisspeltOrWithoutUnit>();
    }
    template <std::size_t MisspeltOrWithoutUnit>
    basic_health_client(const Transport&, const Clock&, const Signer&, detail::any_backoff,
                        const url&, const detail::any_member (&)[MisspeltOrWithoutUnit]) {
        detail::refuse_options<MisspeltOrWithoutUnit>();
    }

    basic_health_client(basic_health_client&&) noexcept = default;

    basic_health_client& operator=(basic_health_client&& other) noexcept {
        basic_health_client old{std::move(other)};
        loop_.swap(old.loop_);
        return *this;
    }

    /// Stops the client (B14) without a word, since what `on_event` refers to may be gone already;
    /// `stop()` tells the last two events.
    ~basic_health_client() {
        if (loop_ == nullptr)
            return;
        loop_->listeners().on_event({});
        loop_->stop();
    }

    /// Called once per outage, at the failure that reaches the threshold (B7).
    void on_server_down(detail::unique_function<void(const outage&)> callback) {
        loop_->listeners().on_server_down(std::move(callback));
    }

    /// Called once per outage, at the success that ends it (B8).
    void on_server_up(detail::unique_function<void(const outage&)> callback) {
        loop_->listeners().on_server_up(std::move(callback));
    }

    /// Called for every event, before the two above. Replaces the previous one; `tee` makes one of
    /// several. The last two events, `stopping` and `stopped`, are told by the thread that calls
    /// `stop()`, because after it nothing may be told any more.
    void on_event(detail::unique_function<void(const event&)> callback) {
        loop_->listeners().on_event(std::move(callback));
    }

    /// Called, instead of `on_event`, with each `callback_failed` of which no `on_event` is told:
    /// there is none, or it threw, too. On Asio the default writes to standard error
    /// (`failure_reporter`); an empty function does nothing.
    void on_unheard(detail::unique_function<void(const event&)> callback) {
        loop_->listeners().on_unheard(std::move(callback));
    }

    /// Checks at once, or after the initial delay, and then at the interval (B1). Does nothing
    /// the second time, and nothing after `stop()` (B13).
    void start() { loop_->start(); }

    /// Ends the polling for good. When it returns, no callback is running and none will start;
    /// called from inside a callback it returns at once, and that callback is the last (B14).
    /// Idempotent. Drops the callbacks. It waits for a running callback, so do not call it with a
    /// lock held that a callback takes, nor from two callbacks on two threads that stop each
    /// other's client.
    void stop() { loop_->stop(); }

    /// Whether `stop()` has been called (B15).
    [[nodiscard]] bool stopped() const { return loop_->stopped(); }

    /// What is known of the target now.
    [[nodiscard]] target_status status() const noexcept { return loop_->status(); }

    [[nodiscard]] const url& target() const noexcept { return loop_->target(); }

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
        : basic_health_client{random_generator::seeded(target.text(), clock.steady_now()),
                              Transport(std::as_const(clock)),
                              std::move(clock),
                              std::move(signer),
                              Backoff{},
                              std::move(target),
                              chosen} {}

    using loop = detail::health_loop<Transport, Clock, Signer, Backoff>;

    std::shared_ptr<loop> loop_;
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

// Leads to the constructor that says what is wrong with braced options.
template <typename Transport, typename Clock, typename Signer, std::size_t MisspeltOrWithoutUnit>
basic_health_client(Transport, Clock, Signer, detail::any_backoff, url,
                    const detail::any_member (&)[MisspeltOrWithoutUnit])
    -> basic_health_client<Transport, Clock, Signer, exponential_backoff>;

} // namespace forest

#endif
