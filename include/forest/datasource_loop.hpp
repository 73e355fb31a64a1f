// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DATASOURCE_LOOP_HPP
#define FOREST_DATASOURCE_LOOP_HPP

#include <forest/common_clock.hpp>
#include <forest/common_signer.hpp>
#include <forest/core/callbacks.hpp>
#include <forest/core/datasource_options.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/fetch_machine.hpp>
#include <forest/core/random.hpp>
#include <forest/core/schema.hpp>
#include <forest/core/schema_answer.hpp>
#include <forest/core/time.hpp>
#include <forest/core/timestamp_offset.hpp>
#include <forest/core/url.hpp>
#include <forest/core/verdict.hpp>
#include <forest/health_loop.hpp>
#include <forest/known_schema.hpp>
#include <forest/policy/backoff.hpp>
#include <forest/policy/clock.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

// Polls a server with the loop of a health client and fetches its schema beside it, as the
// fetch_machine decides. It is shared by the datasource and the operations in flight, so that a
// datasource may be destroyed at any time, from its own callbacks too.

namespace forest {

/// What is behind a basic_datasource; held by a shared_ptr. The public members may be called from
/// any thread; all else runs on the clock's execution context.
template <transport Transport, clock Clock, signer Signer, backoff Backoff>
class datasource_loop
    : public std::enable_shared_from_this<datasource_loop<Transport, Clock, Signer, Backoff>> {
public:
    /// Throws std::system_error with the error of `chosen.validate()`, or `errc::invalid_backoff`.
    datasource_loop(Transport for_checks, Transport for_schema, Clock clock, Signer signer,
                    Backoff backoff, datasource_options chosen, random_generator random)
        : options_{checked(std::move(chosen))}, transport_{std::move(for_schema)},
          clock_{std::move(clock)}, signer_{std::move(signer), timestamp_offset{random}},
          machine_{backoff, options_.health_check_interval},
          polling_{std::make_shared<polling_loop>(
              std::move(for_checks), clock_, signer_, backoff,
              target(options_.schema_poll ? options_.schema_path : options_.health_path),
              options_.polling(), random, probe())} {
        request_.target = target(options_.schema_path);
    }

    void start() {
        if (cleaned_up() || started_.exchange(true))
            return;
        // The loop must not keep this alive, which keeps the loop.
        polling_->listeners().on_event([weak = this->weak_from_this()](const event& happened) {
            if (const auto self = weak.lock())
                self->polled(happened);
        });
        if (!options_.schema_poll)
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

    void on_reload(std::function<void(const schema&)> callback) {
        listeners_.set(on_reload_, std::move(callback));
    }

    [[nodiscard]] bool cleaned_up() const { return listeners_.closed(); }
    [[nodiscard]] target_status status() const noexcept { return polling_->status(); }
    [[nodiscard]] const std::string& uri() const noexcept { return options_.uri; }
    [[nodiscard]] const known_schema& known() const noexcept { return *known_; }
    [[nodiscard]] callbacks& listeners() noexcept { return listeners_; }

private:
    using polling_loop = health_loop<Transport, common_clock<Clock>, common_signer<Signer>, Backoff,
                                     datasource_probe>;

    static datasource_options checked(datasource_options chosen) {
        if (const std::error_code ec = chosen.validate())
            throw std::system_error(ec);
        return chosen;
    }

    [[nodiscard]] url target(std::string_view path) const {
        url result;
        (void)options_.parse_url(path, result); // It has been validated.
        return result;
    }

    [[nodiscard]] datasource_probe probe() const {
        return options_.schema_poll ? datasource_probe{known_, latest_} : datasource_probe{};
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
        listeners_.tell(happened);
        switch (happened.kind) {
        case event_kind::check_failed: return concluded(fetch_input::check_failed);
        case event_kind::check_succeeded:
            if (!down_)
                concluded(fetch_input::check_succeeded);
            return;
        case event_kind::server_down: down_ = true; return;
        case event_kind::server_up: down_ = false; return concluded(fetch_input::recovered);
        default: return;
        }
    }

    void concluded(fetch_input input) {
        if (!options_.schema_poll)
            return drive(input);
        if (!cleaned_up())
            settle(std::exchange(*latest_, {}));
    }

    void drive(fetch_input input) {
        if (cleaned_up())
            return;
        const fetch_action next = machine_.step(input);
        switch (next.what) {
        case fetch_action::kind::none: return;
        case fetch_action::kind::wait: return wait(next.delay, fetch_input::woke);
        case fetch_action::kind::fetch: return fetch();
        }
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

    void fetch() {
        try {
            request_.fields.clear();
            known_->prepare(request_);
            signed_ = sign_at(signer_, request_, clock_.now(), request_.fields);
            transport_.async_get(request_, options_.schema_timeout,
                                 [self = this->shared_from_this()](const reply& answer) {
                                     const auto alive = self;
                                     alive->fetched(answer);
                                 });
            cancel_if_cleaned_up();
        } catch (const std::exception& thrown) {
            give_up(thrown.what());
        } catch (...) {
            give_up("an exception that is no std::exception");
        }
    }

    void give_up(std::string_view thrown) {
        event failed = describe(event_kind::callback_failed, nullptr);
        failed.detail = thrown;
        listeners_.tell(failed);
        reply none;
        none.error = errc::unreachable;
        fetched(none);
    }

    void fetched(const reply& answer) {
        if (cleaned_up())
            return;
        reply asked = answer;
        asked.signature_sent = signed_;
        drive(settle(known_->judge(asked, clock_.now())));
    }

    // Takes over what an answer says. A reload that threw is settled, too: the next recovery or
    // poll tries again (B32).
    fetch_input settle(const schema_answer& answer) {
        const verdict& result = answer.result;
        if (result.error) {
            tell(event_kind::schema_failed, &result);
            if (!std::exchange(loaded_, true) && !cleaned_up()) // by whoever was just told
                load();
            return fetch_input::failed;
        }
        brought_along_.reset();
        if (!std::exchange(loaded_, true)) {
            known_->commit(answer.changed, schema_source::server);
            tell(event_kind::schema_loaded, &result);
        } else if (answer.changed == nullptr) {
            tell(event_kind::schema_unchanged, &result);
        } else if (listeners_.call(on_reload_, *answer.changed,
                                   describe(event_kind::schema_reloaded, &result))) {
            known_->commit(answer.changed, schema_source::server);
            tell(event_kind::schema_reloaded, &result);
        }
        return fetch_input::fetched;
    }

    // What there is when the server cannot be reached at the start (B30).
    void load() {
        if (brought_along_ != nullptr)
            known_->commit(brought_along_, schema_source::introspection);
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
        return read;
    }

    void tell(event_kind kind, const verdict* of) { listeners_.tell(describe(kind, of)); }

    // The schema lives for as long as the event is told, because only this thread commits another.
    [[nodiscard]] event describe(event_kind kind, const verdict* of) const {
        return {.kind = kind,
                .target = options_.uri,
                .status = polling_->status(),
                .check = of,
                .schema = known_->get().get(),
                .source = known_->source()};
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
    std::shared_ptr<const schema> brought_along_ = take_introspection();
    const std::shared_ptr<known_schema> known_ =
        std::make_shared<known_schema>(options_.schema_bytes_max);
    const std::shared_ptr<schema_answer> latest_ = std::make_shared<schema_answer>();
    Transport transport_;
    common_clock<Clock> clock_;
    common_signer<Signer> signer_;
    request request_;
    bool signed_ = false; // the fetch in flight
    fetch_machine<Backoff> machine_;
    const std::shared_ptr<polling_loop> polling_;
    std::uint64_t waits_ = 0; // counts them, so that one that is void is known
    bool loaded_ = false;     // the first schema, or that there is none, has been told
    bool down_ = false;
    std::atomic<bool> started_ = false;
    std::atomic<bool> farewell_ = false; // the last events may be told
    callbacks listeners_;
    shared_callback<schema> on_reload_;
};

} // namespace forest

#endif
