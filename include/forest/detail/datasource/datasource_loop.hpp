// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_DATASOURCE_DATASOURCE_LOOP_HPP
#define FOREST_DETAIL_DATASOURCE_DATASOURCE_LOOP_HPP

#include <forest/core/datasource_options.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/json/schema_content.hpp>
#include <forest/core/detail/logic/callbacks.hpp>
#include <forest/core/detail/logic/fetch_machine.hpp>
#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/detail/logic/hold_fields.hpp>
#include <forest/core/detail/logic/hold_state.hpp>
#include <forest/core/detail/logic/polled_route.hpp>
#include <forest/core/detail/logic/schema_answer.hpp>
#include <forest/core/detail/logic/schema_hold.hpp>
#include <forest/core/detail/logic/schema_settling.hpp>
#include <forest/core/detail/logic/timestamp_offset.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/random.hpp>
#include <forest/core/schema.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/core/verdict.hpp>
#include <forest/detail/datasource/committed_schema.hpp>
#include <forest/detail/datasource/datasource_probe.hpp>
#include <forest/detail/datasource/shared_clock.hpp>
#include <forest/detail/datasource/shared_signer.hpp>
#include <forest/detail/health/guarded_call.hpp>
#include <forest/detail/health/health_loop.hpp>
#include <forest/detail/health/judge.hpp>
#include <forest/form.hpp>
#include <forest/policy/backoff.hpp>
#include <forest/policy/clock.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

// Polls a server with the loop of a health client and fetches its schema beside the polls, when the
// fetch_machine decides so. All requests beside the polls share one transport, one request at a
// time. The datasource and the operations in flight share this loop. So a datasource may be
// destroyed at any time, even in its own callbacks.

namespace forest::inline FOREST_FORM::detail {

/// The state of a basic_datasource; held by a shared_ptr. The public members may be called from any
/// thread; everything else runs on the clock's execution context.
template <transport Transport, clock Clock, signer Signer, backoff Backoff>
class datasource_loop
    : public std::enable_shared_from_this<datasource_loop<Transport, Clock, Signer, Backoff>> {
    using base = std::enable_shared_from_this<datasource_loop>;
    using base::shared_from_this;
    using base::weak_from_this;

public:
    /// Throws std::system_error with the error of `settings.validate()`, or
    /// `errc::invalid_backoff`.
    datasource_loop(Transport for_checks, Transport for_schema, Clock clock, Signer signer,
                    Backoff backoff, datasource_options settings, random_generator random)
        : options_{checked(std::move(settings))},
          transport_{std::move(for_schema)},
          clock_{std::move(clock)},
          signer_{std::move(signer), timestamp_offset{random}},
          machine_{backoff, options_.health_check_interval},
          hold_{options_.health_check_interval,
                std::min(options_.hold, options_.health_check_interval)},
          polling_{std::make_shared<polling_loop>(
              std::move(for_checks), clock_, signer_,
              polling_machine{polled_rules<Backoff>{rules(options_.polling(), backoff),
                                                    rules(options_.schema_polling(), backoff),
                                                    server_},
                              random},
              server_->route.polls_schema() ? server_->schema_url : server_->health_url,
              datasource_probe{server_})} {}

    /// Call it once, before anything else: it needs memory, and `start` must need none.
    void attach() {
        // The polling must not keep this object alive, because this object owns the polling.
        polling_->listeners().on_event([weak = weak_from_this()](const event& happened) {
            if (const auto self = weak.lock())
                self->polled(happened);
        });
    }

    void start() {
        if (stopped() || started_.exchange(true))
            return;
        if (!server_->route.polls_schema())
            wait(duration::zero(), fetch_input::started);
        polling_->start();
    }

    void stop() noexcept {
        const auto alive = shared_from_this();
        listeners_.close([this]() noexcept {
            farewell_ = true;
            polling_->stop();
        });
        listeners_.set(on_reload_, {});
        polling_->stop();
        cancel();
    }

    void on_reload(unique_function<void(const schema&)> callback) {
        listeners_.set(on_reload_, std::move(callback));
    }

    [[nodiscard]] bool stopped() const { return listeners_.closed(); }
    [[nodiscard]] target_status status() const noexcept { return polling_->status(); }
    [[nodiscard]] const std::string& uri() const noexcept { return options_.uri; }
    [[nodiscard]] const committed_schema& known() const noexcept { return server_->known; }
    [[nodiscard]] callbacks& listeners() noexcept { return listeners_; }

private:
    using polling_machine = health_machine<Backoff, polled_rules<Backoff>>;
    using polling_loop = health_loop<Transport, shared_clock<Clock>, shared_signer<Signer>, Backoff,
                                     datasource_probe, polling_machine>;

    static datasource_options checked(datasource_options settings) {
        if (const std::error_code ec = settings.validate())
            throw std::system_error(ec);
        return settings;
    }

    static health_rules<Backoff> rules(const options& settings, const Backoff& backoff) {
        if (const std::error_code ec = forest::validate(settings, backoff))
            throw std::system_error(ec);
        return {settings, backoff};
    }

    [[nodiscard]] url route_url(std::string_view path) const {
        url result;
        (void)options_.parse_url(path, result); // It has been validated.
        return result;
    }

    // Reports an event of the polling, and fetches or accepts the schema if that is due. If a
    // success ends an outage, the event of the recovery follows, and only that event counts.
    void polled(event happened) {
        happened.target = options_.uri;
        outage named;
        if (happened.outage != nullptr) {
            named = *happened.outage;
            named.target = options_.uri;
            happened.outage = &named;
        }
        if (happened.kind == event_kind::stopping || happened.kind == event_kind::stopped) {
            if (farewell_)
                listeners_.report_last(happened);
            return;
        }
        if (happened.kind == event_kind::health_route_missing)
            happened.detail = health_route_missing_hint;
        listeners_.report(happened);
        if (stopped())
            return;
        switch (happened.kind) {
        case event_kind::check_failed:
            // A server without a health route does reply; its schema shows whether the server is
            // healthy.
            return check_ended(server_->route.needs_schema() ? fetch_input::check_succeeded
                                                             : fetch_input::check_failed);
        case event_kind::check_succeeded:
            if (!down_)
                check_ended(fetch_input::check_succeeded);
            return;
        case event_kind::server_down: down_ = true; return;
        case event_kind::server_up: down_ = false; return check_ended(fetch_input::recovered);
        case event_kind::health_route_missing:
            end_held(); // The polls of the schema are held instead.
            return search(server_->route.went_over());
        default: return;
        }
    }

    void check_ended(fetch_input input) {
        server_->known.forget(clock_.steady_now());
        if (!server_->asked_schema) {
            drive(input);
            return watch_schema();
        }
        schema_answer latest = std::exchange(server_->latest, {});
        (void)hold_.begin(clock_.steady_now()); // for the time when the health route is polled
        hold_.served(latest.offer, clock_.steady_now());
        latest.result.error = counted_error(latest.result.error); // like the error of a check
        const std::optional<duration> again = settle(std::move(latest));
        if (again)
            drive(fetch_input::polled, *again);
        else
            drive(fetch_input::check_failed);
        if (input == fetch_input::recovered && !stopped())
            search(server_->route.recovered());
    }

    void drive(fetch_input input, duration again = duration::zero()) {
        if (stopped())
            return;
        const fetch_action next = machine_.step(input, clock_.steady_now(), again);
        switch (next.kind) {
        case fetch_action_kind::none: return;
        case fetch_action_kind::wait: return wait(next.delay, fetch_input::woke);
        case fetch_action_kind::fetch: return get_when_free(fetch_owed_);
        }
    }

    // Asks for the schema in a request that the server may hold, if that is due (B51). Polls of the
    // schema are held themselves.
    void watch_schema() {
        if (!hold_.wanted() || in_flight_ || holds_off_ || down_ || stopped() ||
            server_->route.polls_schema() || !server_->known.has_etag() || !machine_.settled())
            return;
        const schema_hold_action next = hold_.next(clock_.steady_now());
        switch (next.kind) {
        case schema_hold_kind::none: return;
        case schema_hold_kind::hold: return get(side_request::news);
        case schema_hold_kind::fetch: return drive(fetch_input::hinted);
        case schema_hold_kind::wait: break;
        }
        holds_off_ = true;
        clock_.async_wait(next.delay, [self = shared_from_this()](std::error_code ec) {
            const auto alive = self;
            alive->holds_off_ = false;
            if (!ec)
                alive->watch_schema();
        });
        cancel_if_stopped();
    }

    // Looks for the health route that the server did not have before (B33).
    void search(route_action next) {
        switch (next) {
        case route_action::none: return;
        case route_action::try_health: return get_when_free(health_owed_);
        case route_action::wait: break;
        }
        clock_.async_wait(polled_route::retry_interval,
                          [self = shared_from_this(), number = ++searches_](std::error_code ec) {
                              const auto alive = self;
                              if (!ec && number == alive->searches_ && !alive->stopped())
                                  alive->search(alive->server_->route.woke());
                          });
        cancel_if_stopped();
    }

    // An earlier wait has no effect any more. It ends by itself and is not cancelled, because the
    // polling waits on the same clock.
    void wait(duration delay, fetch_input then) {
        clock_.async_wait(
            delay, [self = shared_from_this(), then, number = ++waits_](std::error_code ec) {
                const auto alive = self; // The handler may be destroyed while it runs.
                if (!ec && number == alive->waits_)
                    alive->drive(then);
            });
        cancel_if_stopped();
    }

    // -- Requests beside the polls --

    enum class side_request : std::uint8_t {
        schema,
        health,
        news, // the schema, when there is another one
    };

    // Begins the request of the flag `owed`, now or when the transport is free. A held request ends
    // for it.
    void get_when_free(bool& owed) {
        owed = true;
        end_held();
        get_next();
    }

    void end_held() {
        if (in_flight_ && in_flight_for_ == side_request::news)
            transport_.cancel();
    }

    void get_next() {
        if (in_flight_ || stopped())
            return;
        sent_again_ = false;
        if (std::exchange(fetch_owed_, false))
            get(side_request::schema);
        else if (std::exchange(health_owed_, false))
            get(side_request::health);
    }

    // Sends a request, or the same one again over a fresh connection, with the time that is left.
    void get(side_request kind) {
        const bool fetches = kind != side_request::health;
        duration timeout = fetches ? options_.schema_timeout : options_.health_check_timeout;
        const steady_time now = clock_.steady_now();
        if (sent_again_)
            timeout = std::max<duration>(timeout - (now - sent_at_), std::chrono::milliseconds{1});
        else
            sent_at_ = now;
        const hold_seconds held = fetches && !sent_again_ ? hold_.begin(now) : hold_seconds{};
        timeout += held;
        in_flight_ = true;
        in_flight_for_ = kind;
        guarded_call(
            [&] {
                request_ = {.target = fetches ? server_->schema_url : server_->health_url,
                            .fresh_connection = sent_again_};
                if (fetches)
                    condition_ = server_->known.prepare(request_);
                if (held != hold_seconds{})
                    add_wait_preference(request_.fields, held);
                signed_ = sign_at(signer_, request_, clock_.now(), request_.fields);
                transport_.async_get(request_, timeout,
                                     [self = shared_from_this(), kind](const reply& answer) {
                                         const auto alive = self;
                                         alive->answered(answer, kind);
                                     });
                cancel_if_stopped();
            },
            [&](std::string_view text) {
                event failed = describe(event_kind::callback_failed, nullptr);
                failed.detail = text;
                listeners_.report(failed);
                return true;
            },
            [&](const reply& answer) { answered(answer, kind); });
    }

    void answered(reply answer, side_request kind) {
        if (stopped())
            return;
        in_flight_ = false;
        // The server had closed the kept connection.
        if (answer.send_again && kind != side_request::news && !std::exchange(sent_again_, true))
            return get(kind);
        answer.signature_sent = signed_;
        verdict result = judge(answer, clock_.now());
        if (kind == side_request::schema)
            fetched(answer, result);
        else if (kind == side_request::health)
            tried(result);
        else
            held(answer, result);
        get_next();
        watch_schema();
    }

    // A held request for the schema has ended. If it has brought none, a plain one follows, and
    // counts.
    void held(const reply& answer, verdict& result) {
        mark_held(result.timings);
        schema_answer latest = server_->known.read(answer, result, condition_);
        const steady_time now = clock_.steady_now();
        if (!latest.result.error) {
            hold_.served(latest.offer, now);
            const auto before = server_->known.get();
            if (const auto again = settle(std::move(latest), true)) {
                if (server_->known.get() != before)
                    hold_.brought_news(now);
                drive(fetch_input::polled, *again);
            }
        } else if (result.error == errc::operation_canceled) {
            hold_.cancelled();
        } else {
            hold_.ended(now);
            drive(fetch_input::hinted);
        }
    }

    void fetched(const reply& answer, const verdict& result) {
        const bool waited_for = server_->route.needs_schema();
        schema_answer latest = server_->known.read(answer, result, condition_);
        if (latest.result.error)
            hold_.ended(clock_.steady_now());
        else
            hold_.served(latest.offer, clock_.steady_now());
        const std::optional<duration> again = settle(std::move(latest));
        drive(again ? fetch_input::fetched : fetch_input::failed, again.value_or(duration::zero()));
        server_->route.fetched();
        if (stopped())
            return;
        if (server_->held)
            polling_->ended(*std::exchange(server_->held, std::nullopt));
        else if (waited_for && again)
            polling_->hurry(duration::zero());
    }

    // A health check beside the polls of the schema has ended. If the server has the route now, the
    // next check uses it, and begins when a health check is due.
    void tried(const verdict& result) {
        const route_action next = server_->route.tried(result);
        if (!server_->route.polls_schema())
            polling_->hurry(options_.health_check_interval);
        search(next);
    }

    // Accepts the schema of an answer. Returns the time after which the schema has to be fetched
    // again, 0 if that is not necessary, or nothing if the answer is a failure. A reload that
    // throws ends this fetch, too: the next recovery or poll tries again (B32). `quiet`: nothing is
    // reported if the schema is unchanged.
    std::optional<duration> settle(schema_answer answer, bool quiet = false) {
        const verdict& result = answer.result;
        if (result.error) {
            report(event_kind::schema_failed, &result);
            if (!std::exchange(loaded_, true) && !stopped()) // A callback may have called stop().
                load();
            return std::nullopt;
        }
        brought_along_.reset();
        brought_content_ = {};
        server_->route.schema_came();
        if (!std::exchange(loaded_, true)) {
            commit(answer);
            report(event_kind::schema_loaded, &result);
            return duration::zero();
        }
        const settling_action next = server_->known.settle(answer, clock_.steady_now());
        event happened = describe(event_kind::schema_unchanged, &result);
        switch (next.kind) {
        case settling_action_kind::unchanged:
            if (!quiet)
                listeners_.report(happened);
            break;
        case settling_action_kind::hold:
            happened.detail = schema_held_hint;
            listeners_.report(happened);
            break;
        case settling_action_kind::take_over:
            happened.kind = event_kind::schema_reloaded;
            if (listeners_.call(on_reload_, *answer.served, happened)) {
                commit(answer);
                report(event_kind::schema_reloaded, &result);
            }
        }
        return next.again;
    }

    void commit(schema_answer& answer) {
        server_->known.commit(answer.served, std::move(answer.content), schema_source::server,
                              clock_.steady_now());
    }

    // Takes the introspection when the server cannot be reached at the start (B30).
    void load() {
        if (brought_along_ != nullptr)
            server_->known.commit(brought_along_, std::move(brought_content_),
                                  schema_source::introspection, clock_.steady_now());
        report(event_kind::schema_loaded, nullptr);
    }

    // Reads the introspection once, in the constructor, because later there might be no memory for
    // it, and frees it when it is not needed any more.
    [[nodiscard]] std::shared_ptr<const schema> take_introspection() {
        std::string text;
        text.swap(options_.introspection);
        std::string{}.swap(options_.auth_secret); // The signer has it.
        if (text.empty())
            return nullptr;
        const auto read = std::make_shared<schema>();
        (void)schema::parse(text, *read); // It has been validated.
        brought_content_ = schema_content(text);
        return read;
    }

    void report(event_kind kind, const verdict* check) { listeners_.report(describe(kind, check)); }

    // The schema lives while the event is reported, because only this thread commits another one.
    [[nodiscard]] event describe(event_kind kind, const verdict* check) const {
        return {.kind = kind,
                .target = options_.uri,
                .path = check == nullptr ? std::string_view{} : server_->schema_url.target(),
                .status = polling_->status(),
                .check = check,
                .schema = server_->known.get().get(),
                .source = server_->known.source(),
                .during_outage = down_};
    }

    void cancel() noexcept { guarded_cancel(transport_, clock_); }

    // Another thread may stop the loop after the decision to begin an operation and before the
    // operation begins.
    void cancel_if_stopped() noexcept {
        if (stopped())
            cancel();
    }

    datasource_options options_;
    std::string brought_content_;
    std::shared_ptr<const schema> brought_along_ = take_introspection();
    const std::shared_ptr<polled_server> server_ =
        std::make_shared<polled_server>(options_.mode, route_url(datasource_options::health_path),
                                        route_url(datasource_options::schema_path),
                                        options_.schema_bytes_max, options_.schema_settle);
    Transport transport_; // for the requests beside the polls
    shared_clock<Clock> clock_;
    shared_signer<Signer> signer_;
    request request_;
    committed_schema::condition condition_{};
    bool signed_ = false; // whether the request in flight is signed
    fetch_machine<Backoff> machine_;
    schema_hold hold_;
    const std::shared_ptr<polling_loop> polling_;
    std::uint64_t waits_ = 0;    // the number of waits so far: an older one has no effect
    std::uint64_t searches_ = 0; // the number of waits for the health route so far
    bool in_flight_ = false;     // a request beside the polls is in flight
    side_request in_flight_for_{};
    bool holds_off_ = false;   // the next held request for the schema waits
    bool sent_again_ = false;  // the request in flight, over a fresh connection
    steady_time sent_at_{};    // the request in flight, for the first time
    bool fetch_owed_ = false;  // a fetch of the schema begins when the transport is free
    bool health_owed_ = false; // a health check begins when the transport is free
    bool loaded_ = false;      // `schema_loaded` has been reported
    bool down_ = false;
    std::atomic<bool> started_ = false;
    std::atomic<bool> farewell_ = false; // the last two events may be reported
    callbacks listeners_;
    shared_callback<schema> on_reload_;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
