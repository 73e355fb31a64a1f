// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_HEALTH_FLEET_HPP
#define FOREST_HEALTH_FLEET_HPP

#include <forest/core/backoff.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/logic/option_mistake.hpp>
#include <forest/core/event.hpp>
#include <forest/core/fleet_options.hpp>
#include <forest/core/fleet_statistics.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/random.hpp>
#include <forest/core/target_id.hpp>
#include <forest/core/target_snapshot.hpp>
#include <forest/core/url.hpp>
#include <forest/detail/fleet/fleet_loop.hpp>
#include <forest/detail/fleet/shared_signatures.hpp>
#include <forest/policy/backoff.hpp>
#include <forest/policy/clock.hpp>
#include <forest/policy/observable.hpp>
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

// What an application holds of many watched servers: one schedule, one thread, one set of
// callbacks.

namespace forest {

/// Polls many targets, each by the rules of a basic_health_client, and tells when one goes down,
/// exactly once per outage, and when it is back.
///
/// Targets are added and removed at any time, from callbacks too. What is due within one tick is
/// served by one wake-up, and no more checks are in flight, nor connections opened, than the
/// options allow; a check that had to wait for too long is inconclusive when it fails, so that a
/// busy fleet does not look like an outage (B12).
///
/// Not thread-safe: while the clock's execution context runs, call all members on it. Callbacks run
/// on it one at a time, may call any member, and may destroy the fleet. A fleet that was moved from
/// may only be assigned to or destroyed.
template <transport Transport, clock Clock, signer Signer, backoff Backoff>
class basic_health_fleet
    : public observable<basic_health_fleet<Transport, Clock, Signer, Backoff>> {
public:
    using observable<basic_health_fleet>::on_event;

    /// A fleet from policies of one's own. `transports` makes one transport for each check that is
    /// in flight at a time, and may be called until the fleet is destroyed. `by` signs for all
    /// targets that are added without a signer of their own. Throws std::system_error with the
    /// error of `chosen.validate()`.
    basic_health_fleet(detail::unique_function<Transport()> transports, Clock clock, Signer by,
                       Backoff backoff, const fleet_options& chosen, random_generator random)
        : loop_{std::make_shared<loop>(std::move(transports), std::move(clock), std::move(by),
                                       std::move(backoff), chosen, random)} {
        on_unheard(default_unheard<Clock>());
    }

    /// The same, seeded from the clock, so that no two starts share a schedule.
    basic_health_fleet(detail::unique_function<Transport()> transports, Clock clock, Signer by,
                       Backoff backoff, const fleet_options& chosen = {})
        : basic_health_fleet{random_generator::seeded("fleet", clock.steady_now()),
                             std::move(transports),
                             std::move(clock),
                             std::move(by),
                             std::move(backoff),
                             chosen} {}

    /// A fleet whose policies make themselves: the clock from the context, what the transports
    /// share from the clock, the signer from the secret. Throws as above, and what they throw.
    template <typename Context>
        requires(std::constructible_from<Clock, Context> &&
                 std::constructible_from<typename Transport::pool, const Clock&> &&
                 std::constructible_from<Transport, typename Transport::pool&> &&
                 std::constructible_from<Signer, std::string_view> &&
                 std::default_initializable<Backoff>)
    basic_health_fleet(Context&& context, std::string_view secret, const fleet_options& chosen = {})
        : basic_health_fleet{Clock(std::forward<Context>(context)), Signer(secret), chosen} {}

    // These say what is wrong with braced options.
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

    /// Stops the fleet (B14) without a word, as that of basic_health_client.
    ~basic_health_fleet() {
        if (loop_ == nullptr)
            return;
        loop_->listeners().on_event({});
        loop_->stop();
    }

    /// Adds a secret, or whatever else signs, for some of the targets.
    signer_id add_signer(Signer by) { return loop_->add_signer(std::move(by)); }

    /// Forgets what `add_signer` answered, whose id is not used again. False if a target still uses
    /// it, or if there is none.
    bool remove_signer(signer_id id) { return loop_->remove_signer(id); }

    /// What is wrong with the options of a target, if anything: as `chosen.validate()`, and
    /// `errc::invalid_stall_tolerance` if that is less than the tick, or `errc::invalid_backoff`.
    /// May be called from any thread.
    [[nodiscard]] std::error_code validate(const options& chosen) const {
        return loop_->validate(chosen);
    }

    /// Watches a target, from `start()` on or, after that, from the next tick. `by` is one that
    /// `add_signer` answered. Throws std::system_error with the error of `validate(chosen)`; then
    /// nothing is added. After `stop()` it adds nothing, and answers 0.
    target_id add(url target, const options& chosen = {}, signer_id by = {}) {
        return loop_->add(std::move(target), chosen, by);
    }

    /// Watches a target no more: no callback is told of it any more, and its check in flight is
    /// cancelled. False if there is no such target.
    bool remove(target_id id) { return loop_->remove(id); }

    /// Called once per outage of a target, at the failure that reaches the threshold (B7).
    void on_server_down(detail::unique_function<void(target_id, const outage&)> callback) {
        loop_->listeners().on_server_down(std::move(callback));
    }

    /// Called once per outage of a target, at the success that ends it (B8).
    void on_server_up(detail::unique_function<void(target_id, const outage&)> callback) {
        loop_->listeners().on_server_up(std::move(callback));
    }

    /// Called for every event of every target, before the two above; `event::id` says whose it
    /// is. Replaces the previous one; `tee` makes one of several.
    void on_event(detail::unique_function<void(const event&)> callback) {
        loop_->listeners().on_event(std::move(callback));
    }

    /// Called, instead of `on_event`, with each `callback_failed` of which no `on_event` is told:
    /// there is none, or it threw, too. On Asio the default writes to standard error
    /// (`failure_reporter`); an empty function does nothing.
    void on_unheard(detail::unique_function<void(const event&)> callback) {
        loop_->listeners().on_unheard(std::move(callback));
    }

    /// What was set with that, or the default; null if nothing.
    [[nodiscard]] std::shared_ptr<const detail::unique_function<void(const event&)>>
    unheard() const {
        return loop_->listeners().unheard();
    }

    /// Begins to poll all targets, the first checks spread over their intervals unless the
    /// options say otherwise. Does nothing the second time, and nothing after `stop()` (B13).
    void start() { loop_->start(); }

    /// Ends the polling for good: no callback will start after that; called from inside a
    /// callback, that one is the last (B14). Idempotent. Drops the callbacks.
    void stop() { loop_->stop(); }

    /// Whether `stop()` has been called (B15).
    [[nodiscard]] bool stopped() const noexcept { return loop_->stopped(); }

    /// How many targets there are.
    [[nodiscard]] std::size_t size() const noexcept { return loop_->all().size(); }

    /// How many have that status.
    [[nodiscard]] std::size_t count(target_status status) const noexcept {
        return loop_->all().count(status);
    }

    /// What is known of a target now; empty if there is no such target.
    [[nodiscard]] std::optional<target_status> status(target_id id) const noexcept {
        const auto* const one = loop_->all().find(id);
        return one == nullptr ? std::nullopt : std::optional{one->machine.status()};
    }

    /// What is known of all targets now, in no particular order. Copies their URLs.
    [[nodiscard]] std::vector<target_snapshot> snapshot() const {
        std::vector<target_snapshot> all;
        all.reserve(size());
        loop_->all().for_each([&](const auto& each) {
            const auto& machine = each.machine;
            const bool down = machine.status() == target_status::down;
            // Without the outage's view of the URL, which a snapshot may outlive.
            all.push_back({.id = each.id,
                           .target = std::string{loop_->url_of(each).text()},
                           .status = machine.status(),
                           .attempt = machine.attempt(),
                           .failures = machine.failures(),
                           .outage = down ? std::optional{machine.outage()} : std::nullopt});
        });
        return all;
    }

    /// What the fleet has done so far.
    [[nodiscard]] const fleet_statistics& statistics() const noexcept {
        return loop_->statistics();
    }

#if !defined(__clang__)
    // Says what is wrong with braced options. Clang says more where there is one function alone.
    template <std::size_t MisspeltOrWithoutUnit>
    target_id add(const url&, const detail::any_member (&)[MisspeltOrWithoutUnit], signer_id = {}) {
        detail::refuse_options<MisspeltOrWithoutUnit>();
        return {};
    }
#endif

private:
    basic_health_fleet(random_generator random, detail::unique_function<Transport()>&& transports,
                       Clock&& clock, Signer&& by, Backoff&& backoff, const fleet_options& chosen)
        : basic_health_fleet{std::move(transports), std::move(clock), std::move(by),
                             std::move(backoff),    chosen,           random} {}

    template <typename Made = Transport>
    basic_health_fleet(Clock&& clock, Signer&& by, const fleet_options& chosen)
        : basic_health_fleet{
              [shared = pool_of<Made>(clock, chosen.tick)]() mutable { return Transport(shared); },
              std::move(clock), std::move(by), Backoff{}, chosen} {}

    // With the fleet's own ticks, if it has any.
    template <typename Made>
    static typename Made::pool pool_of(const Clock& clock, duration tick) {
        if constexpr (std::constructible_from<typename Made::pool, const Clock&, duration>)
            return typename Made::pool(clock, tick);
        else
            return typename Made::pool(clock);
    }

    using loop = detail::fleet_loop<Transport, Clock, Signer, Backoff>;

    std::shared_ptr<loop> loop_;
};

/// The transport is what is made by what makes transports.
template <typename Make, clock Clock, signer Signer, backoff Backoff>
basic_health_fleet(Make, Clock, Signer, Backoff, const fleet_options& = {})
    -> basic_health_fleet<std::invoke_result_t<Make&>, Clock, Signer, Backoff>;

// Leads to the constructor that says what is wrong with braced options.
template <typename Make, typename Clock, typename Signer, std::size_t MisspeltOrWithoutUnit>
basic_health_fleet(Make, Clock, Signer, detail::any_backoff,
                   const detail::any_member (&)[MisspeltOrWithoutUnit])
    -> basic_health_fleet<std::invoke_result_t<Make&>, Clock, Signer, exponential_backoff>;

} // namespace forest

#endif
