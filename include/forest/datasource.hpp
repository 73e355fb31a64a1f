// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DATASOURCE_HPP
#define FOREST_DATASOURCE_HPP

#include <forest/core/backoff.hpp>
#include <forest/core/datasource_options.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/logic/option_mistake.hpp>
#include <forest/core/event.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/random.hpp>
#include <forest/core/schema.hpp>
#include <forest/detail/datasource/datasource_loop.hpp>
#include <forest/policy/backoff.hpp>
#include <forest/policy/clock.hpp>
#include <forest/policy/observable.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

// What an application holds of one server whose collections it offers: the schema that the server
// has, kept up to date across outages.

namespace forest {

/// Knows the schema of one server, polls the server, and has the application reload when the server
/// comes back from an outage with another schema (B30–B35).
///
/// Callbacks run one at a time on the clock's execution context (B16). They may call any member,
/// `cleanup()` included, and may destroy the datasource; one that throws is told as the event
/// `callback_failed`. All members may be called from any thread, provided that the policies' may.
/// Several datasources live side by side, on one thread or on several. One that was moved from may
/// only be assigned to or destroyed.
template <transport Transport, clock Clock, signer Signer, backoff Backoff>
class basic_datasource : public observable<basic_datasource<Transport, Clock, Signer, Backoff>> {
public:
    using observable<basic_datasource>::on_event;

    /// A datasource from policies of one's own: one transport polls, the other fetches the schema.
    /// `options.auth_secret` is not looked at. `random` spreads the first check and jitters the
    /// delays. Throws std::system_error with the error of `chosen.validate()`, or
    /// `errc::invalid_backoff`.
    basic_datasource(Transport for_checks, Transport for_schema, Clock clock, Signer signer,
                     Backoff backoff, datasource_options chosen, random_generator random)
        : loop_{std::make_shared<loop>(std::move(for_checks), std::move(for_schema),
                                       std::move(clock), std::move(signer), std::move(backoff),
                                       std::move(chosen), random)} {
        loop_->attach();
        on_unheard(default_unheard<Clock>());
    }

    /// The same, seeded from the uri and the clock.
    basic_datasource(Transport for_checks, Transport for_schema, Clock clock, Signer signer,
                     Backoff backoff, datasource_options chosen)
        : basic_datasource{random_generator::seeded(chosen.uri, clock.steady_now()),
                           std::move(for_checks),
                           std::move(for_schema),
                           std::move(clock),
                           std::move(signer),
                           std::move(backoff),
                           std::move(chosen)} {}

    /// A datasource whose policies make themselves: the clock from the context, the transports from
    /// the clock, and the signer from `auth_secret`. Throws as above, and what they throw:
    /// `errc::secret_missing`.
    template <typename Context>
        requires(std::constructible_from<Clock, Context> &&
                 std::constructible_from<Transport, const Clock&> &&
                 std::constructible_from<Signer, std::string_view> &&
                 std::default_initializable<Backoff>)
    basic_datasource(Context&& context, const datasource_options& chosen)
        : basic_datasource{Clock(std::forward<Context>(context)), datasource_options{chosen}} {}

    // These say what is wrong with braced options.
    template <std::size_t MisspeltOrWithoutUnit>
    basic_datasource(detail::source_of<Clock>,
                     const detail::any_member (&)[MisspeltOrWithoutUnit]) {
        detail::refuse_options<MisspeltOrWithoutUnit>();
    }
    template <std::size_t MisspeltOrWithoutUnit>
    basic_datasource(const Transport&, const Transport&, const Clock&, const Signer&,
                     detail::any_backoff, const detail::any_member (&)[MisspeltOrWithoutUnit]) {
        detail::refuse_options<MisspeltOrWithoutUnit>();
    }

    /// Makes a datasource and starts it, which fetches the schema; `reload` is the callback of
    /// `on_reload`. Set the others before the context runs, if nothing is to be missed. Throws as
    /// the constructor does.
    template <typename Context>
        requires std::constructible_from<basic_datasource, Context, datasource_options>
    [[nodiscard]] static basic_datasource
    build(Context&& context, const datasource_options& chosen,
          detail::unique_function<void(const forest::schema&)> reload = {}) {
        basic_datasource made{std::forward<Context>(context), chosen};
        made.on_reload(std::move(reload));
        made.start();
        return made;
    }

    // Says what is wrong with braced options.
    template <std::size_t MisspeltOrWithoutUnit>
    static basic_datasource build(detail::source_of<Clock> context,
                                  const detail::any_member (&chosen)[MisspeltOrWithoutUnit],
                                  detail::unique_function<void(const forest::schema&)> = {}) {
        return basic_datasource{context, chosen};
    }

    basic_datasource(basic_datasource&&) noexcept = default;

    basic_datasource& operator=(basic_datasource&& other) noexcept {
        basic_datasource old{std::move(other)};
        loop_.swap(old.loop_);
        return *this;
    }

    /// As `cleanup()`, but without a word, as that of basic_health_client.
    ~basic_datasource() {
        if (loop_ == nullptr)
            return;
        loop_->listeners().on_event({});
        loop_->cleanup();
    }

    /// Called with each schema that differs from the one known, exactly once per change, but not
    /// with the first one if the server could be reached at the start. When it returns, the new
    /// schema is the known one; when it throws, the old one stays, and the next recovery or schema
    /// poll tries again (B32).
    void on_reload(detail::unique_function<void(const forest::schema&)> callback) {
        loop_->on_reload(std::move(callback));
    }

    /// Called once per outage, at the failure that reaches the threshold (B7).
    void on_server_down(detail::unique_function<void(const outage&)> callback) {
        loop_->listeners().on_server_down(std::move(callback));
    }

    /// Called once per outage, at the success that ends it (B8); the schema is fetched after it.
    void on_server_up(detail::unique_function<void(const outage&)> callback) {
        loop_->listeners().on_server_up(std::move(callback));
    }

    /// Called for every event, those of the checks and those of the schema; `event::target` is the
    /// uri. As that of basic_health_client in all else.
    void on_event(detail::unique_function<void(const event&)> callback) {
        loop_->listeners().on_event(std::move(callback));
    }

    /// Called, instead of `on_event`, with each `callback_failed` of which no `on_event` is told:
    /// there is none, or it threw, too. On Asio the default writes to standard error
    /// (`failure_reporter`); an empty function does nothing.
    void on_unheard(detail::unique_function<void(const event&)> callback) {
        loop_->listeners().on_unheard(std::move(callback));
    }

    /// Fetches the schema and begins to poll. Does nothing the second time, and nothing after
    /// `cleanup()`.
    void start() { loop_->start(); }

    /// Ends polling and fetching for good, as `basic_health_client::stop()` does: when it returns,
    /// no callback is running and none will start; called from inside a callback it returns at
    /// once, and that callback is the last. Idempotent. The schema stays readable.
    void cleanup() { loop_->cleanup(); }

    /// Whether `cleanup()` has been called.
    [[nodiscard]] bool cleaned_up() const { return loop_->cleaned_up(); }

    /// The schema that is known now; never null. It has no collections until the first one came.
    [[nodiscard]] std::shared_ptr<const forest::schema> schema() const {
        return loop_->known().get();
    }

    /// Where it came from.
    [[nodiscard]] schema_source source() const { return loop_->known().source(); }

    /// What is known of the server now.
    [[nodiscard]] target_status status() const noexcept { return loop_->status(); }

    /// As given in the options.
    [[nodiscard]] const std::string& uri() const noexcept { return loop_->uri(); }

private:
    basic_datasource(random_generator random, Transport&& for_checks, Transport&& for_schema,
                     Clock&& clock, Signer&& signer, Backoff&& backoff, datasource_options&& chosen)
        : basic_datasource{std::move(for_checks),
                           std::move(for_schema),
                           std::move(clock),
                           std::move(signer),
                           std::move(backoff),
                           std::move(chosen),
                           random} {}

    basic_datasource(Clock&& clock, datasource_options&& chosen)
        : basic_datasource{random_generator::seeded(chosen.uri, clock.steady_now()),
                           Transport(std::as_const(clock)),
                           Transport(std::as_const(clock)),
                           std::move(clock),
                           Signer(std::string_view{chosen.auth_secret}),
                           Backoff{},
                           std::move(chosen)} {}

    using loop = detail::datasource_loop<Transport, Clock, Signer, Backoff>;

    std::shared_ptr<loop> loop_;
};

namespace detail {

// A deduction that finds no constructor says little; this says which operation a policy lacks.
template <typename Transport, typename Clock, typename Signer, typename Backoff>
struct datasource_policies {
    static_assert(transport<Transport>);
    static_assert(clock<Clock>);
    static_assert(signer<Signer>);
    static_assert(backoff<Backoff>);
    using transport_type = Transport;
};

} // namespace detail

template <typename Transport, typename Clock, typename Signer, typename Backoff>
basic_datasource(Transport, Transport, Clock, Signer, Backoff, datasource_options,
                 random_generator = random_generator{})
    -> basic_datasource<
        typename detail::datasource_policies<Transport, Clock, Signer, Backoff>::transport_type,
        Clock, Signer, Backoff>;

// Leads to the constructor that says what is wrong with braced options.
template <typename Transport, typename Clock, typename Signer, std::size_t MisspeltOrWithoutUnit>
basic_datasource(Transport, Transport, Clock, Signer, detail::any_backoff,
                 const detail::any_member (&)[MisspeltOrWithoutUnit])
    -> basic_datasource<Transport, Clock, Signer, exponential_backoff>;

} // namespace forest

#endif
