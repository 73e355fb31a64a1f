// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_DATASOURCE_DATASOURCE_LOOP_HPP
#define FOREST_DETAIL_DATASOURCE_DATASOURCE_LOOP_HPP

#include <forest/core/datasource_options.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/json/schema_content.hpp>
#include <forest/core/detail/logic/callbacks.hpp>
#include <forest/core/detail/logic/fetch_machine.hpp>
#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/detail/logic/polled_route.hpp>
#include <forest/core/detail/logic/schema_answer.hpp>
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
#include <forest/detail/health/health_loop.hpp>
#include <forest/policy/backoff.hpp>
#include <forest/policy/clock.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

// Polls a server with the loop of a health client and fetches its schema beside it, as the
// fetch_machine decides. What is asked beside the polls goes over one transport, one at a time. It
// is shared by the datasource and the operations in flight, so that a datasource may be destroyed
// at any time, from its own callbacks too.

namespace forest::detail {

/// What is behind a basic_datasource; held by a shared_ptr. The public members may be called from
/// any thread; all else runs on the clock's execution context.
template <transport Transport, clock Clock, signer Signer, backoff Backoff>
class datasource_loop
    : public std::enable_shared_from_this<datasource_loop<Transport, Clock, Signer, Backoff>> {
public:
    /// Throws std::system_error with the error of `chosen.validate()`, or `errc::invalid_backoff`.
    datasource_loop(Transport for_checks, Transport for_schema, Clock clock, Signer signer,
                    Backoff backoff, datasource_options chosen, random_generator random)
        : options_{checked(std::move(chosen))},
          transport_{std::move(for_schema)},
          clock_{std::move(clock)},
          signer_{std::move(signer), timestamp_offset{random}},
          machine_{backoff, options_.health_check_interval},
          polling_{std::make_shared<polling_loop>(
              std::move(for_checks), clock_, signer_,
              polling_machine{polled_rules<Backoff>{rules(options_.polling(), backoff),
                                                    rules(options_.schema_polling(), backoff),
                                                    server_},
                              random},
              server_->route.polls_schema() ? server_->schema_url : server_->health_url,
              datasource_probe{server_})} {}

    /// To be called once, before anything else: what it takes memory for is not left to `start`.
    void attach() {
        // The loop must not keep this alive, which keeps the loop.
        polling_->listeners().on_event([weak = this->weak_from_this()](const event& happened) {
            if (const auto self = weak.lock())
                self->polled(happened);
        });
    }

    void start() {
        if (cleaned_up() || started_.exchange(true))
            return;
        if (!server_->route.polls_schema())
            wait(duration::zero(), fetch_input::started);
        polling_->start();
    }

    void cleanup() noexcept {
        const auto alive = this->shared_from_this();
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

    [[nodiscard]] bool cleaned_up() const { return listeners_.closed(); }
    [[nodiscard]] target_status status() const noexcept { return polling_->status(); }
    [[nodiscard]] const std::string& uri() const noexcept { return options_.uri; }
    [[nodiscard]] const committed_schema& known() const noexcept { return server_->known; }
    [[nodiscard]] callbacks& listeners() noexcept { return listeners_; }

private:
    using polling_machine = health_machine<Backoff, polled_rules<Backoff>>;
    using polling_loop = health_loop<Transport, shared_clock<Clock>, shared_signer<Signer>, Backoff,
                                     datasource_probe, polling_machine>;

    static datasource_options checked(datasource_options chosen) {
        if (const std::error_code ec = chosen.validate())
            throw std::system_error(ec);
        return chosen;
    }

    static health_rules<Backoff> rules(const options& chosen, const Backoff& backoff) {
        if (const std::error_code ec = forest::validate(chosen, backoff))
            throw std::system_error(ec);
        return {chosen, backoff};
    }

    [[nodiscard]] url target(std::string_view path) const {
        url result;
        (void)options_.parse_url(path, result); // It has been validated.
        return result;
    }

    // Something has happened to the polling: tells of it, and fetches or takes over what is due. A
    // success that ends an outage is followed by the recovery, which is what counts then.
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
                listeners_.tell_last(happened);
            return;
        }
        if (happened.kind == event_kind::health_route_missing)
            happened.detail = health_route_missing_hint;
        listeners_.tell(happened);
        if (cleaned_up())
            return;
        switch (happened.kind) {
        case event_kind::check_failed:
            // It answers at least, and its schema is what can tell whether it is well.
            return concluded(server_->route.needs_schema() ? fetch_input::check_succeeded
                                                           : fetch_input::check_failed);
        case event_kind::check_succeeded:
            if (!down_)
                concluded(fetch_input::check_succeeded);
            return;
        case event_kind::server_down: down_ = true; return;
        case event_kind::server_up: down_ = false; return concluded(fetch_input::recovered);
        case event_kind::health_route_missing: return search(server_->route.went_over());
        default: return;
        }
    }

    void concluded(fetch_input input) {
        server_->known.forget(clock_.steady_now());
        if (!server_->asked_schema)
            return drive(input);
        schema_answer latest = std::exchange(server_->latest, {});
        latest.result.error = counted_error(latest.result.error); // as the check
        const std::optional<duration> again = settle(std::move(latest));
        if (again)
            drive(fetch_input::polled, *again);
        else
            drive(fetch_input::check_failed);
        if (input == fetch_input::recovered && !cleaned_up())
            search(server_->route.recovered());
    }

    void drive(fetch_input input, duration again = duration::zero()) {
        if (cleaned_up())
            return;
        const fetch_action next = machine_.step(input, clock_.steady_now(), again);
        switch (next.what) {
        case fetch_action::kind::none: return;
        case fetch_action::kind::wait: return wait(next.delay, fetch_input::woke);
        case fetch_action::kind::fetch: return ask(fetch_owed_);
        }
    }

    // Looks for the health route that the server did not have (B33).
    void search(route_action next) {
        switch (next) {
        case route_action::none: return;
        case route_action::try_health: return ask(health_owed_);
        case route_action::wait: break;
        }
        clock_.async_wait(polled_route::retry_interval, [self = this->shared_from_this(),
                                                         number = ++searches_](std::error_code ec) {
            const auto alive = self;
            if (!ec && number == alive->searches_ && !alive->cleaned_up())
                alive->search(alive->server_->route.woke());
        });
        cancel_if_cleaned_up();
    }

    // What was waited for before is void; it is let pass and not cancelled, because the polling
    // waits on the same clock.
    void wait(duration delay, fetch_input then) {
        clock_.async_wait(
            delay, [self = this->shared_from_this(), then, number = ++waits_](std::error_code ec) {
                const auto alive = self; // The handler may be destroyed while it runs.
                if (!ec && number == alive->waits_)
                    alive->drive(then);
            });
        cancel_if_cleaned_up();
    }

    // Asks for what is owed, now or when the transport is free.
    void ask(bool& owed) {
        owed = true;
        ask_next();
    }

    void ask_next() {
        if (asking_ || cleaned_up())
            return;
        if (std::exchange(fetch_owed_, false))
            get(server_->schema_url, options_.schema_timeout, &datasource_loop::fetched);
        else if (std::exchange(health_owed_, false))
            get(server_->health_url, options_.health_check_timeout, &datasource_loop::tried);
    }

    using reply_member = void (datasource_loop::*)(const reply&);

    void get(const url& target, duration timeout, reply_member then) {
        asking_ = true;
        try {
            request_ = {.target = target};
            if (then == &datasource_loop::fetched)
                condition_ = server_->known.prepare(request_);
            signed_ = sign_at(signer_, request_, clock_.now(), request_.fields);
            transport_.async_get(request_, timeout,
                                 [self = this->shared_from_this(), then](const reply& answer) {
                                     const auto alive = self;
                                     alive->answered(answer, then);
                                 });
            cancel_if_cleaned_up();
        } catch (const std::bad_alloc&) { // no fault of the server's
            reply none;
            none.error = errc::local_resources_exhausted;
            answered(none, then);
        } catch (const std::exception& thrown) {
            give_up(thrown.what(), then);
        } catch (...) {
            give_up("an exception that is no std::exception", then);
        }
    }

    void give_up(std::string_view thrown, reply_member then) {
        event failed = describe(event_kind::callback_failed, nullptr);
        failed.detail = thrown;
        listeners_.tell(failed);
        reply none;
        none.error = errc::unreachable;
        answered(none, then);
    }

    void answered(const reply& answer, reply_member then) {
        if (cleaned_up())
            return;
        asking_ = false;
        (this->*then)(answer);
        ask_next();
    }

    void fetched(const reply& answer) {
        reply asked = answer;
        asked.signature_sent = signed_;
        const bool waited_for = server_->route.needs_schema();
        const std::optional<duration> again =
            settle(server_->known.judge(asked, clock_.now(), condition_));
        drive(again ? fetch_input::fetched : fetch_input::failed, again.value_or(duration::zero()));
        server_->route.fetched();
        if (cleaned_up())
            return;
        if (server_->held)
            polling_->judged(*std::exchange(server_->held, std::nullopt));
        else if (waited_for && again)
            polling_->hurry(duration::zero());
    }

    // The answer to a health check beside the polls of the schema. If the server has the route now,
    // the next check asks for it, and comes when such a check is due.
    void tried(const reply& answer) {
        const route_action next = server_->route.tried(conclude(answer, clock_.now()));
        if (!server_->route.polls_schema())
            polling_->hurry(options_.health_check_interval);
        search(next);
    }

    // Takes over what an answer says. Returns after how long the schema has to be fetched once
    // more, 0 for no need; nothing if the answer is a failure. A reload that threw is settled, too:
    // the next recovery or poll tries again (B32).
    std::optional<duration> settle(schema_answer answer) {
        const verdict& result = answer.result;
        if (result.error) {
            tell(event_kind::schema_failed, &result);
            if (!std::exchange(loaded_, true) && !cleaned_up()) // by whoever was just told
                load();
            return std::nullopt;
        }
        brought_along_.reset();
        brought_content_ = {};
        server_->route.schema_came();
        if (!std::exchange(loaded_, true)) {
            commit(answer);
            tell(event_kind::schema_loaded, &result);
            return duration::zero();
        }
        const settling_action next = server_->known.settle(answer, clock_.steady_now());
        event happened = describe(event_kind::schema_unchanged, &result);
        switch (next.what) {
        case settling_action::kind::unchanged: listeners_.tell(happened); break;
        case settling_action::kind::hold:
            happened.detail = schema_held_hint;
            listeners_.tell(happened);
            break;
        case settling_action::kind::take_over:
            happened.kind = event_kind::schema_reloaded;
            if (listeners_.call(on_reload_, *answer.served, happened)) {
                commit(answer);
                tell(event_kind::schema_reloaded, &result);
            }
        }
        return next.again;
    }

    void commit(schema_answer& answer) {
        server_->known.commit(answer.served, std::move(answer.content), schema_source::server,
                              clock_.steady_now());
    }

    // What there is when the server cannot be reached at the start (B30).
    void load() {
        if (brought_along_ != nullptr)
            server_->known.commit(brought_along_, std::move(brought_content_),
                                  schema_source::introspection, clock_.steady_now());
        tell(event_kind::schema_loaded, nullptr);
    }

    // Read once and now, because later there might be no memory for it; and kept no longer than it
    // is needed.
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

    void tell(event_kind kind, const verdict* of) { listeners_.tell(describe(kind, of)); }

    // The schema lives for as long as the event is told, because only this thread commits another.
    [[nodiscard]] event describe(event_kind kind, const verdict* of) const {
        return {.kind = kind,
                .target = options_.uri,
                .path = of == nullptr ? std::string_view{} : server_->schema_url.target(),
                .status = polling_->status(),
                .check = of,
                .schema = server_->known.get().get(),
                .source = server_->known.source(),
                .during_outage = down_};
    }

    void cancel() noexcept {
        try {
            transport_.cancel();
            clock_.cancel();
        } catch (...) { // What could not be cancelled finds everything cleaned up when it ends.
        }
    }

    // A cleanup from another thread may come between the decision to begin an operation and its
    // beginning.
    void cancel_if_cleaned_up() noexcept {
        if (cleaned_up())
            cancel();
    }

    datasource_options options_;
    std::string brought_content_;
    std::shared_ptr<const schema> brought_along_ = take_introspection();
    const std::shared_ptr<polled_server> server_ = std::make_shared<polled_server>(
        options_.mode, target(datasource_options::health_path),
        target(datasource_options::schema_path), options_.schema_bytes_max, options_.schema_settle);
    Transport transport_; // for what is asked beside the polls
    shared_clock<Clock> clock_;
    shared_signer<Signer> signer_;
    request request_;
    committed_schema::condition condition_{};
    bool signed_ = false; // the request in flight
    fetch_machine<Backoff> machine_;
    const std::shared_ptr<polling_loop> polling_;
    std::uint64_t waits_ = 0;    // counts them, so that one that is void is known
    std::uint64_t searches_ = 0; // likewise
    bool asking_ = false;        // the transport is in use
    bool fetch_owed_ = false;    // when it is free
    bool health_owed_ = false;
    bool loaded_ = false; // the first schema, or that there is none, has been told
    bool down_ = false;
    std::atomic<bool> started_ = false;
    std::atomic<bool> farewell_ = false; // the last events may be told
    callbacks listeners_;
    shared_callback<schema> on_reload_;
};

} // namespace forest::detail

#endif
