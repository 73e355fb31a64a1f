// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_BASIC_HEALTH_CLIENT_HPP
#define FOREST_BASIC_HEALTH_CLIENT_HPP

#include <forest/basic_fwd.hpp>
#include <forest/core/backoff.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/logic/option_mistake.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/random.hpp>
#include <forest/core/url.hpp>
#include <forest/detail/health/client_handle.hpp>
#include <forest/detail/health/make_health_loop.hpp>
#include <forest/detail/health/policy_set.hpp>
#include <forest/form.hpp>
#include <forest/health_probe.hpp>
#include <forest/policy/backoff.hpp>
#include <forest/policy/clock.hpp>
#include <forest/policy/observable.hpp>
#include <forest/policy/probe.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

// Watches one server.

namespace forest::inline FOREST_FORM {

/// Polls one target and reports when it goes down and when it is back, each exactly once per
/// outage.
///
/// From examples/tutorial/01_watch_one_server.cpp:
///     forest::health_client client{
///         io.get_executor(), url, secret, {.interval = 10s, .failure_threshold = 3}};
///     client.on_server_down([](const forest::outage& begun) {
///         std::cout << "down: " << begun.last_error.message() << '\n';
///     });
///     client.on_server_up([](const forest::outage& ended) {
///         std::cout << "up again after " << *ended.ended_after / 1s << " s\n";
///     });
///
/// **Thread safety:** all members may be called from any thread if this is true for the members of
/// the policies; moving, assigning and destroying need the same care as for any object. Callbacks
/// run one at a time on the clock's execution context (B16: callbacks), outside every lock. Set the
/// callbacks before `start()` if no event is to be missed.
///
/// **Lifetime:** may be destroyed at any time, also from its own callbacks, which may call any
/// member, `stop()` included. The clock's execution context must outlive it. A client that was
/// moved from may only be assigned to or destroyed.
///
/// **Errors:** the constructors throw std::system_error for a URL, options or a backoff that are
/// not valid, and pass on what the policies throw, such as `errc::secret_missing`. The constructors
/// and the members that set a callback may throw std::bad_alloc. Failures of checks are events; a
/// callback or policy that throws is reported as the event `callback_failed`, and polling
/// continues.
template <typename Transport, typename Clock, typename Signer, typename Backoff, typename Probe>
class basic_health_client
    : public observable<basic_health_client<Transport, Clock, Signer, Backoff, Probe>> {
    static_assert(transport<Transport>);
    static_assert(clock<Clock>);
    static_assert(signer<Signer>);
    static_assert(backoff<Backoff>);
    static_assert(detail::probe_fits<Probe, Transport>::value);

public:
    using observable<basic_health_client>::on_event;

    /// Makes a client from your own policies. `random` varies the initial delay and the jitter.
    /// Throws std::system_error with the error of `settings.validate()`, or
    /// `errc::invalid_backoff`.
    basic_health_client(Transport transport, Clock clock, Signer signer, Backoff backoff,
                        url target, options settings, random_generator random)
        requires std::default_initializable<Probe>
        : handle_{detail::make_health_loop<Transport, Clock, Signer, Backoff, Probe>(
              std::move(transport), std::move(clock), std::move(signer), std::move(backoff),
              Probe{}, std::move(target), settings, &random)} {}

    /// Like the first constructor, with a generator that is seeded from the URL and the clock, so
    /// that no two targets and no two starts share a schedule.
    basic_health_client(Transport transport, Clock clock, Signer signer, Backoff backoff,
                        url target, options settings = {})
        requires std::default_initializable<Probe>
        : handle_{detail::make_health_loop<Transport, Clock, Signer, Backoff, Probe>(
              std::move(transport), std::move(clock), std::move(signer), std::move(backoff),
              Probe{}, std::move(target), settings, nullptr)} {}

    /// Like the first constructor, with a probe: what a check asks, and what counts as healthy.
    basic_health_client(Transport transport, Clock clock, Signer signer, Backoff backoff,
                        Probe probe, url target, options settings, random_generator random)
        : handle_{detail::make_health_loop<Transport, Clock, Signer, Backoff, Probe>(
              std::move(transport), std::move(clock), std::move(signer), std::move(backoff),
              std::move(probe), std::move(target), settings, &random)} {}

    /// Like the second constructor, with a probe.
    basic_health_client(Transport transport, Clock clock, Signer signer, Backoff backoff,
                        Probe probe, url target, options settings = {})
        : handle_{detail::make_health_loop<Transport, Clock, Signer, Backoff, Probe>(
              std::move(transport), std::move(clock), std::move(signer), std::move(backoff),
              std::move(probe), std::move(target), settings, nullptr)} {}

    /// Makes a client and its policies: the clock from `context`, the transport from the clock,
    /// because they share an execution context, and the signer from `secret`. Throws what the first
    /// constructor throws, and what the policies throw.
    template <typename Context>
        requires(std::constructible_from<Clock, Context> &&
                 std::constructible_from<Transport, const Clock&> &&
                 std::constructible_from<Signer, std::string_view> &&
                 std::default_initializable<Backoff> && std::default_initializable<Probe>)
    basic_health_client(Context&& context, url target, std::string_view secret,
                        const options& settings = {})
        : handle_{detail::make_health_loop<Transport, Clock, Signer, Backoff, Probe>(
              Clock(std::forward<Context>(context)), secret, std::move(target), settings)} {}

    // These make the compiler say what is wrong with braced options.
    basic_health_client(detail::source_of<Clock>, url, std::string_view,
                        const detail::options_of_wrong_types&)
        : handle_{nullptr} {
        detail::refuse_options<sizeof(Clock)>();
    }
    template <std::size_t MisspeltOrWithoutUnit>
    basic_health_client(detail::source_of<Clock>, url, std::string_view,
                        const detail::any_member (&)[MisspeltOrWithoutUnit])
        : handle_{nullptr} {
        detail::refuse_options<MisspeltOrWithoutUnit>();
    }
    template <std::size_t MisspeltOrWithoutUnit>
    basic_health_client(const Transport&, const Clock&, const Signer&, detail::any_backoff,
                        const url&, const detail::any_member (&)[MisspeltOrWithoutUnit])
        : handle_{nullptr} {
        detail::refuse_options<MisspeltOrWithoutUnit>();
    }

    basic_health_client(basic_health_client&&) noexcept = default;

    basic_health_client& operator=(basic_health_client&&) noexcept = default;

    /// Stops the client (B14: no callback runs after that), and reports no event, because the
    /// objects that `on_event` refers to may be gone already. `stop()` reports the last two events.
    ~basic_health_client() = default;

    /// Called once per outage, at the failure that reaches the threshold (B7).
    void on_server_down(detail::unique_function<void(const outage&)> callback) {
        handle_.on_server_down(std::move(callback));
    }

    /// Called once per outage, at the success that ends it (B8).
    void on_server_up(detail::unique_function<void(const outage&)> callback) {
        handle_.on_server_up(std::move(callback));
    }

    /// Called for every event, before the two callbacks above. Replaces the previous callback;
    /// `tee` makes one observer of several. The thread that calls `stop()` reports the last two
    /// events, `stopping` and `stopped`, because nothing may be reported after `stop()`.
    void on_event(detail::unique_function<void(const event&)> callback) {
        handle_.on_event(std::move(callback));
    }

    /// Called, instead of `on_event`, with each `callback_failed` that no `on_event` can receive,
    /// because there is none, or it threw as well. On Asio the default writes to standard error
    /// (`failure_reporter`); an empty function does nothing.
    void on_unheard(detail::unique_function<void(const event&)> callback) {
        handle_.on_unheard(std::move(callback));
    }

    /// Checks at once, or after the initial delay, and then at the interval (B1). Does nothing when
    /// it is called again or after `stop()` (B13).
    void start() { handle_.start(); }

    /// Ends the polling for good. When it returns, no callback is running and none will start. When
    /// it is called from inside a callback, it returns at once, and that callback is the last
    /// (B14). Further calls do nothing. Drops the callbacks. Waits for a running callback, so do
    /// not call it while you hold a lock that a callback takes, and do not let two callbacks on two
    /// threads stop each other's client.
    void stop() { handle_.stop(); }

    /// Returns whether `stop()` has been called (B15).
    [[nodiscard]] bool stopped() const { return handle_.stopped(); }

    /// Returns the current status of the target.
    [[nodiscard]] target_status status() const noexcept { return handle_.status(); }

    /// Returns the URL of the target.
    [[nodiscard]] const url& target() const noexcept { return handle_.target(); }

private:
    detail::client_handle handle_;
};

template <typename Transport, typename Clock, typename Signer, typename Backoff>
basic_health_client(Transport, Clock, Signer, Backoff, url, options = {},
                    random_generator = random_generator{})
    -> basic_health_client<
        typename detail::policy_set<Transport, Clock, Signer, Backoff>::transport_type, Clock,
        Signer, Backoff>;

template <typename Transport, typename Clock, typename Signer, typename Backoff, probe Probe>
basic_health_client(Transport, Clock, Signer, Backoff, Probe, url, options = {},
                    random_generator = random_generator{})
    -> basic_health_client<
        typename detail::policy_set<Transport, Clock, Signer, Backoff>::transport_type, Clock,
        Signer, Backoff, Probe>;

// Leads to the constructor that makes the compiler say what is wrong with braced options.
template <typename Transport, typename Clock, typename Signer, std::size_t MisspeltOrWithoutUnit>
basic_health_client(Transport, Clock, Signer, detail::any_backoff, url,
                    const detail::any_member (&)[MisspeltOrWithoutUnit])
    -> basic_health_client<Transport, Clock, Signer, exponential_backoff>;

} // namespace forest::inline FOREST_FORM

#endif
