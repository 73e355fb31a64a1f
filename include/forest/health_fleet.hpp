// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_HEALTH_FLEET_HPP
#define FOREST_HEALTH_FLEET_HPP

#include <forest/basic_fwd.hpp>
#include <forest/core/backoff.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/logic/option_mistake.hpp>
#include <forest/core/event.hpp>
#include <forest/core/fleet_options.hpp>
#include <forest/core/fleet_statistics.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/random.hpp>
#include <forest/core/signer_id.hpp>
#include <forest/core/target_id.hpp>
#include <forest/core/target_snapshot.hpp>
#include <forest/core/url.hpp>
#include <forest/detail/fleet/fleet_loop.hpp>
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
#include <optional>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

// Watches many servers with one schedule, one thread and one set of callbacks.

namespace forest::inline FOREST_FORM {

/// Polls many targets, each by the rules of a basic_health_client, and reports when a target goes
/// down and when it is back, each exactly once per outage.
///
/// From examples/tutorial/09_watch_many_servers.cpp:
///     forest::health_fleet fleet{io.get_executor(), secret};
///     fleet.on_server_down([&](forest::target_id id, const forest::outage& begun) {
///         std::cout << names[id] << " is down: " << begun.last_error.message() << '\n';
///         ++downs;
///     });
///
/// From examples/tutorial/09_watch_many_servers.cpp:
///     for (const std::string& each : targets)
///         names[fleet.add(each, {.interval = 200ms, .timeout = 1s})] = each;
///     fleet.start();
///
/// Targets may be added and removed at any time, also from callbacks. One wake-up serves all
/// targets that are due within one tick. The options bound the checks in flight and the connections
/// that are opened. A check that had to wait for too long is inconclusive when it fails, so that a
/// busy fleet does not look like an outage (B12: a stalled check is inconclusive).
///
/// **Thread safety:** none. While the clock's execution context runs, call all members except
/// `validate` on it. Callbacks run there one at a time, and may call any member.
///
/// **Lifetime:** may be destroyed at any time on that context, also from its own callbacks. The
/// context must outlive it. A fleet that was moved from may only be assigned to or destroyed.
///
/// **Errors:** the constructors throw std::system_error for options that are not valid, and pass on
/// what the policies throw: `errc::secret_missing`, or an error of the system if the pool of the
/// transports finds no descriptor. `add` throws std::system_error with the error of `validate`. The
/// constructors, and members that add or remove something, set a callback or copy the targets, may
/// throw std::bad_alloc. Failures of checks are events; a callback or policy that throws is
/// reported as the event `callback_failed`.
template <typename Transport, typename Clock, typename Signer, typename Backoff, typename Probe>
class basic_health_fleet
    : public observable<basic_health_fleet<Transport, Clock, Signer, Backoff, Probe>> {
    static_assert(transport<Transport>);
    static_assert(clock<Clock>);
    static_assert(signer<Signer>);
    static_assert(backoff<Backoff>);
    static_assert(detail::probe_fits<Probe, Transport>::value);

public:
    using observable<basic_health_fleet>::on_event;

    /// Makes a fleet from your own policies. `transports` makes one transport for each check that
    /// is in flight at a time, and may be called until the fleet is destroyed. `signer` signs for
    /// all targets that are added without a signer of their own. Throws std::system_error with the
    /// error of `settings.validate()`.
    basic_health_fleet(detail::unique_function<Transport()> transports, Clock clock, Signer signer,
                       Backoff backoff, const fleet_options& settings, random_generator random)
        requires std::default_initializable<Probe>
        : basic_health_fleet{random, std::move(transports),
                             policies{std::move(clock), std::move(signer), std::move(backoff)},
                             Probe{}, settings} {}

    /// Like the first constructor, with a generator that is seeded from the clock, so that no two
    /// starts share a schedule.
    basic_health_fleet(detail::unique_function<Transport()> transports, Clock clock, Signer signer,
                       Backoff backoff, const fleet_options& settings = {})
        requires std::default_initializable<Probe>
        : basic_health_fleet{random_generator::seeded("fleet", clock.steady_now()),
                             std::move(transports),
                             policies{std::move(clock), std::move(signer), std::move(backoff)},
                             Probe{}, settings} {}

    /// Like the first constructor, with the probe of all targets: what a check asks, and what
    /// counts as healthy.
    basic_health_fleet(detail::unique_function<Transport()> transports, Clock clock, Signer signer,
                       Backoff backoff, Probe probe, const fleet_options& settings,
                       random_generator random)
        : basic_health_fleet{random, std::move(transports),
                             policies{std::move(clock), std::move(signer), std::move(backoff)},
                             std::move(probe), settings} {}

    /// Like the second constructor, with a probe.
    basic_health_fleet(detail::unique_function<Transport()> transports, Clock clock, Signer signer,
                       Backoff backoff, Probe probe, const fleet_options& settings = {})
        : basic_health_fleet{random_generator::seeded("fleet", clock.steady_now()),
                             std::move(transports),
                             policies{std::move(clock), std::move(signer), std::move(backoff)},
                             std::move(probe), settings} {}

    /// Makes a fleet and its policies: the clock from `context`, the common pool of all transports
    /// from the clock, and the signer from `secret`. Throws what the first constructor throws, and
    /// what the policies throw.
    template <typename Context>
        requires(std::constructible_from<Clock, Context> &&
                 std::constructible_from<typename Transport::pool, const Clock&> &&
                 std::constructible_from<Transport, typename Transport::pool&> &&
                 std::constructible_from<Signer, std::string_view> &&
                 std::default_initializable<Backoff> && std::default_initializable<Probe>)
    basic_health_fleet(Context&& context, std::string_view secret,
                       const fleet_options& settings = {})
        : basic_health_fleet{policies::from(std::forward<Context>(context), secret), settings} {}

    // These make the compiler say what is wrong with braced options.
    template <std::size_t MisspeltOrWithoutUnit>
    basic_health_fleet(detail::source_of<Clock>, std::string_view,
                       const detail::any_member (&)[MisspeltOrWithoutUnit]) {
        detail::refuse_options<MisspeltOrWithoutUnit>();
    }
    template <std::size_t MisspeltOrWithoutUnit>
    basic_health_fleet(detail::unique_function<Transport()>, const Clock&, const Signer&,
                       detail::any_backoff, const detail::any_member (&)[MisspeltOrWithoutUnit]) {
        detail::refuse_options<MisspeltOrWithoutUnit>();
    }

    basic_health_fleet(basic_health_fleet&&) noexcept = default;

    basic_health_fleet& operator=(basic_health_fleet&& other) noexcept {
        basic_health_fleet old{std::move(other)};
        loop_.swap(old.loop_);
        return *this;
    }

    /// Stops the fleet (B14: no callback runs after that), and reports no event, like the
    /// destructor of basic_health_client.
    ~basic_health_fleet() {
        if (loop_ == nullptr)
            return;
        loop_->listeners().on_event({});
        loop_->stop();
    }

    /// Adds a signer for some of the targets, and returns its id.
    signer_id add_signer(Signer signer) { return loop_->add_signer(std::move(signer)); }

    /// Removes a signer that `add_signer` has added; its id is not used again. Returns false if a
    /// target still uses it, or if there is no such signer.
    bool remove_signer(signer_id id) { return loop_->remove_signer(id); }

    /// Returns the error of the options of a target, if any: that of `settings.validate()`, or
    /// `errc::invalid_stall_tolerance` if the tolerance is less than the tick, or
    /// `errc::invalid_backoff`. May be called from any thread.
    [[nodiscard]] std::error_code validate(const options& settings) const {
        return loop_->validate(settings);
    }

    /// Watches a target from `start()` on, or from the next tick if the fleet has started. `signer`
    /// is an id that `add_signer` has returned. Throws std::system_error with the error of
    /// `validate(settings)`. For a target with `options::hold` the error may also be
    /// `errc::too_many_held`, or `errc::too_few_descriptors` if this process may not have enough
    /// descriptors for one more. If it throws, nothing is added. After `stop()` it adds nothing and
    /// returns 0.
    target_id add(url target, const options& settings = {}, signer_id signer = {}) {
        return loop_->add(std::move(target), settings, signer);
    }

    /// Stops watching a target: no callback runs for it any more, and its check in flight is
    /// cancelled. Returns false if there is no such target.
    bool remove(target_id id) { return loop_->remove(id); }

    /// Called once per outage of a target, at the failure that reaches the threshold (B7).
    void on_server_down(detail::unique_function<void(target_id, const outage&)> callback) {
        loop_->listeners().on_server_down(std::move(callback));
    }

    /// Called once per outage of a target, at the success that ends it (B8).
    void on_server_up(detail::unique_function<void(target_id, const outage&)> callback) {
        loop_->listeners().on_server_up(std::move(callback));
    }

    /// Called for every event of every target, before the two callbacks above; `event::id` is the
    /// id of the target. Replaces the previous callback; `tee` makes one observer of several.
    void on_event(detail::unique_function<void(const event&)> callback) {
        loop_->listeners().on_event(std::move(callback));
    }

    /// Called, instead of `on_event`, with each `callback_failed` that no `on_event` can receive,
    /// because there is none, or it threw as well. On Asio the default writes to standard error
    /// (`failure_reporter`); an empty function does nothing.
    void on_unheard(detail::unique_function<void(const event&)> callback) {
        loop_->listeners().on_unheard(std::move(callback));
    }

    /// Returns the callback of `on_unheard`, or the default; null if there is none.
    [[nodiscard]] std::shared_ptr<const detail::unique_function<void(const event&)>>
    unheard() const {
        return loop_->listeners().unheard();
    }

    /// Begins to poll all targets. The first checks are spread over their intervals unless the
    /// options say otherwise. Does nothing when it is called again or after `stop()` (B13).
    void start() { loop_->start(); }

    /// Ends the polling for good: no callback will start after that. When it is called from inside
    /// a callback, that callback is the last (B14). Further calls do nothing. Drops the callbacks.
    void stop() { loop_->stop(); }

    /// Returns whether `stop()` has been called (B15).
    [[nodiscard]] bool stopped() const noexcept { return loop_->stopped(); }

    /// Returns the number of targets.
    [[nodiscard]] std::size_t size() const noexcept { return loop_->all().size(); }

    /// Returns the number of targets that have this status.
    [[nodiscard]] std::size_t count(target_status status) const noexcept {
        return loop_->all().count(status);
    }

    /// Returns the current status of a target; empty if there is no such target.
    [[nodiscard]] std::optional<target_status> status(target_id id) const noexcept {
        const auto* const found = loop_->all().find(id);
        return found == nullptr ? std::nullopt : std::optional{found->machine.status()};
    }

    /// Returns the current state of all targets, in no particular order. Copies their URLs.
    [[nodiscard]] std::vector<target_snapshot> snapshot() const {
        std::vector<target_snapshot> all;
        all.reserve(size());
        loop_->all().for_each([&](const auto& each) {
            const auto& machine = each.machine;
            const bool down = machine.status() == target_status::down;
            // The outage gets no view of the URL, because a snapshot may outlive the target.
            all.push_back({.id = each.id,
                           .target = std::string{loop_->url_of(each).text()},
                           .status = machine.status(),
                           .attempt = machine.attempt(),
                           .failures = machine.failures(),
                           .outage = down ? std::optional{machine.outage()} : std::nullopt});
        });
        return all;
    }

    /// Returns what the fleet has done so far, in numbers.
    [[nodiscard]] const fleet_statistics& statistics() const noexcept {
        return loop_->statistics();
    }

#if !defined(__clang__)
    // Makes the compiler say what is wrong with braced options. Clang says more without this
    // overload.
    template <std::size_t MisspeltOrWithoutUnit>
    target_id add(const url&, const detail::any_member (&)[MisspeltOrWithoutUnit], signer_id = {}) {
        detail::refuse_options<MisspeltOrWithoutUnit>();
        return {};
    }
#endif

private:
    using policies = detail::policy_set<Transport, Clock, Signer, Backoff>;

    template <typename Made = Transport>
    basic_health_fleet(policies&& own, const fleet_options& settings)
        : basic_health_fleet{own.random("fleet"),
                             [shared = pool_of<Made>(own.clock, settings.tick)]() mutable {
                                 return Transport(shared);
                             },
                             std::move(own), Probe{}, settings} {}

    basic_health_fleet(random_generator random, detail::unique_function<Transport()>&& transports,
                       policies&& own, Probe&& probe, const fleet_options& settings)
        : loop_{std::make_shared<loop>(std::move(transports), std::move(own.clock),
                                       std::move(own.signer), std::move(own.backoff), settings,
                                       random, std::move(probe))} {
        on_unheard(default_unheard<Clock>());
    }

    // If the pool has ticks, they are those of the fleet.
    template <typename Made>
    static typename Made::pool pool_of(const Clock& clock, duration tick) {
        if constexpr (std::constructible_from<typename Made::pool, const Clock&, duration>)
            return typename Made::pool(clock, tick);
        else
            return typename Made::pool(clock);
    }

    using loop = detail::fleet_loop<Transport, Clock, Signer, Backoff, Probe>;

    std::shared_ptr<loop> loop_;
};

/// The transport is the type that `Make` returns.
template <typename Make, clock Clock, signer Signer, backoff Backoff>
basic_health_fleet(Make, Clock, Signer, Backoff, const fleet_options& = {})
    -> basic_health_fleet<std::invoke_result_t<Make&>, Clock, Signer, Backoff>;

template <typename Make, clock Clock, signer Signer, backoff Backoff, probe Probe>
basic_health_fleet(Make, Clock, Signer, Backoff, Probe, const fleet_options& = {})
    -> basic_health_fleet<std::invoke_result_t<Make&>, Clock, Signer, Backoff, Probe>;

// Leads to the constructor that makes the compiler say what is wrong with braced options.
template <typename Make, typename Clock, typename Signer, std::size_t MisspeltOrWithoutUnit>
basic_health_fleet(Make, Clock, Signer, detail::any_backoff,
                   const detail::any_member (&)[MisspeltOrWithoutUnit])
    -> basic_health_fleet<std::invoke_result_t<Make&>, Clock, Signer, exponential_backoff>;

} // namespace forest::inline FOREST_FORM

#endif
