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
#include <forest/detail/health/policy_set.hpp>
#include <forest/form.hpp>
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

// Keeps the schema of one server up to date across outages.

namespace forest::inline FOREST_FORM {

/// Knows the schema of one server, polls the server, and lets the application reload when the
/// server comes back from an outage with another schema (B30–B35: datasource).
///
/// From examples/tutorial/10_datasource.cpp:
///     forest::datasource warehouse = forest::datasource::build(
///         io.get_executor(),
///         {.uri = "http://127.0.0.1:" + std::to_string(port),
///          .auth_secret = std::string{secret},
///          .health_check_interval = 50ms,
///          .health_check_failure_threshold = 2},
///         [&](const forest::schema& changed) { collections = changed.collections().size(); });
///
/// **Thread safety:** all members may be called from any thread if the members of the policies may;
/// moving, assigning and destroying need the same care as for any object. Callbacks run one at a
/// time on the clock's execution context (B16: callbacks). A program may have several datasources,
/// on one thread or on several.
///
/// **Lifetime:** may be destroyed at any time, also from its own callbacks, which may call any
/// member, `cleanup()` included. The clock's execution context must outlive it. A datasource that
/// was moved from may only be assigned to or destroyed. A schema that `schema()` has returned
/// outlives it.
///
/// **Errors:** the constructors and `build` throw std::system_error for options or a backoff that
/// are not valid, and pass on what the policies throw, such as `errc::secret_missing`. They and the
/// members that set a callback may throw std::bad_alloc. Failures of checks and fetches are events;
/// a callback or policy that throws is reported as the event `callback_failed`.
template <typename Transport, typename Clock, typename Signer, typename Backoff>
class basic_datasource : public observable<basic_datasource<Transport, Clock, Signer, Backoff>> {
    static_assert(transport<Transport>);
    static_assert(clock<Clock>);
    static_assert(signer<Signer>);
    static_assert(backoff<Backoff>);

public:
    using observable<basic_datasource>::on_event;

    /// Makes a datasource from your own policies: one transport polls, the other one fetches the
    /// schema. `settings.auth_secret` is not used. `random` varies the initial delay and the
    /// jitter. Throws std::system_error with the error of `settings.validate()`, or
    /// `errc::invalid_backoff`.
    basic_datasource(Transport for_checks, Transport for_schema, Clock clock, Signer signer,
                     Backoff backoff, datasource_options settings, random_generator random)
        : basic_datasource{random, std::move(for_checks), std::move(for_schema),
                           policies{std::move(clock), std::move(signer), std::move(backoff)},
                           std::move(settings)} {}

    /// Like the first constructor, with a generator that is seeded from the uri and the clock.
    basic_datasource(Transport for_checks, Transport for_schema, Clock clock, Signer signer,
                     Backoff backoff, datasource_options settings)
        : basic_datasource{random_generator::seeded(settings.uri, clock.steady_now()),
                           std::move(for_checks), std::move(for_schema),
                           policies{std::move(clock), std::move(signer), std::move(backoff)},
                           std::move(settings)} {}

    /// Makes a datasource and its policies: the clock from `context`, the transports from the
    /// clock, and the signer from `auth_secret`. Throws the errors of the first constructor and
    /// those of the policies, such as `errc::secret_missing`.
    template <typename Context>
        requires(std::constructible_from<Clock, Context> &&
                 std::constructible_from<Transport, const Clock&> &&
                 std::constructible_from<Signer, std::string_view> &&
                 std::default_initializable<Backoff>)
    basic_datasource(Context&& context, const datasource_options& settings)
        : basic_datasource{policies::from(std::forward<Context>(context), settings.auth_secret),
                           datasource_options{settings}} {}

    // These constructors make the compiler say what is wrong with braced options.
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

    /// Makes a datasource and starts it: the schema is fetched. `reload` is the callback of
    /// `on_reload`. Set the other callbacks before the context runs if no event is to be missed.
    /// Throws what the constructor throws.
    template <typename Context>
        requires std::constructible_from<basic_datasource, Context, datasource_options>
    [[nodiscard]] static basic_datasource
    build(Context&& context, const datasource_options& settings,
          detail::unique_function<void(const forest::schema&)> reload = {}) {
        basic_datasource made{std::forward<Context>(context), settings};
        made.on_reload(std::move(reload));
        made.start();
        return made;
    }

    // Makes the compiler say what is wrong with braced options.
    template <std::size_t MisspeltOrWithoutUnit>
    static basic_datasource build(detail::source_of<Clock> context,
                                  const detail::any_member (&settings)[MisspeltOrWithoutUnit],
                                  detail::unique_function<void(const forest::schema&)> = {}) {
        return basic_datasource{context, settings};
    }

    basic_datasource(basic_datasource&&) noexcept = default;

    basic_datasource& operator=(basic_datasource&& other) noexcept {
        basic_datasource old{std::move(other)};
        loop_.swap(old.loop_);
        return *this;
    }

    /// Like `cleanup()`, but reports no event, like the destructor of basic_health_client.
    ~basic_datasource() {
        if (loop_ == nullptr)
            return;
        loop_->listeners().on_event({});
        loop_->stop();
    }

    /// Called with each schema that differs from the known one, exactly once per change, but not
    /// with the first schema if the server can be reached at the start. When it returns, the new
    /// schema is the known one. When it throws, the old schema stays, and the next recovery or poll
    /// of the schema tries again (B32).
    void on_reload(detail::unique_function<void(const forest::schema&)> callback) {
        loop_->on_reload(std::move(callback));
    }

    /// Called once per outage, at the failure that reaches the threshold (B7).
    void on_server_down(detail::unique_function<void(const outage&)> callback) {
        loop_->listeners().on_server_down(std::move(callback));
    }

    /// Called once per outage, at the success that ends it (B8). Then the schema is fetched.
    void on_server_up(detail::unique_function<void(const outage&)> callback) {
        loop_->listeners().on_server_up(std::move(callback));
    }

    /// Called for every event of the checks and of the schema; `event::target` is the uri.
    /// Otherwise like basic_health_client::on_event.
    void on_event(detail::unique_function<void(const event&)> callback) {
        loop_->listeners().on_event(std::move(callback));
    }

    /// Called, instead of `on_event`, with each `callback_failed` that no `on_event` can receive,
    /// because there is none, or it threw as well. On Asio the default writes to standard error
    /// (`failure_reporter`); an empty function does nothing.
    void on_unheard(detail::unique_function<void(const event&)> callback) {
        loop_->listeners().on_unheard(std::move(callback));
    }

    /// Fetches the schema and begins to poll. Does nothing when it is called again or after
    /// `cleanup()`.
    void start() { loop_->start(); }

    /// Ends polling and fetching for good, like `basic_health_client::stop()`: when it returns, no
    /// callback is running and none will start. When it is called from inside a callback, it
    /// returns at once, and that callback is the last. Further calls do nothing. The schema stays
    /// readable.
    void cleanup() { loop_->stop(); }

    /// Returns whether `cleanup()` has been called.
    [[nodiscard]] bool cleaned_up() const { return loop_->stopped(); }

    /// Returns the known schema; never null. It has no collections until the first schema has come.
    [[nodiscard]] std::shared_ptr<const forest::schema> schema() const {
        return loop_->known().get();
    }

    /// Returns where the known schema came from.
    [[nodiscard]] schema_source source() const { return loop_->known().source(); }

    /// Returns the current status of the server.
    [[nodiscard]] target_status status() const noexcept { return loop_->status(); }

    /// Returns the uri of the options.
    [[nodiscard]] const std::string& uri() const noexcept { return loop_->uri(); }

private:
    using policies = detail::policy_set<Transport, Clock, Signer, Backoff>;

    basic_datasource(policies&& own, datasource_options&& settings)
        : basic_datasource{own.random(settings.uri), Transport(std::as_const(own.clock)),
                           Transport(std::as_const(own.clock)), std::move(own),
                           std::move(settings)} {}

    basic_datasource(random_generator random, Transport&& for_checks, Transport&& for_schema,
                     policies&& own, datasource_options&& settings)
        : loop_{std::make_shared<loop>(std::move(for_checks), std::move(for_schema),
                                       std::move(own.clock), std::move(own.signer),
                                       std::move(own.backoff), std::move(settings), random)} {
        loop_->attach();
        on_unheard(default_unheard<Clock>());
    }

    using loop = detail::datasource_loop<Transport, Clock, Signer, Backoff>;

    std::shared_ptr<loop> loop_;
};

template <typename Transport, typename Clock, typename Signer, typename Backoff>
basic_datasource(Transport, Transport, Clock, Signer, Backoff, datasource_options,
                 random_generator = random_generator{})
    -> basic_datasource<
        typename detail::policy_set<Transport, Clock, Signer, Backoff>::transport_type, Clock,
        Signer, Backoff>;

// Leads to the constructor that makes the compiler say what is wrong with braced options.
template <typename Transport, typename Clock, typename Signer, std::size_t MisspeltOrWithoutUnit>
basic_datasource(Transport, Transport, Clock, Signer, detail::any_backoff,
                 const detail::any_member (&)[MisspeltOrWithoutUnit])
    -> basic_datasource<Transport, Clock, Signer, exponential_backoff>;

} // namespace forest::inline FOREST_FORM

#endif
