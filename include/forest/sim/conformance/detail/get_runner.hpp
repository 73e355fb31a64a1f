// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_GET_RUNNER_HPP
#define FOREST_SIM_CONFORMANCE_DETAIL_GET_RUNNER_HPP

#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/message_limits.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/conformance/detail/current_call.hpp>
#include <forest/sim/conformance/detail/findings.hpp>
#include <forest/sim/conformance/detail/lines.hpp>
#include <forest/sim/conformance/detail/scenario.hpp>
#include <forest/sim/conformance/detail/text.hpp>
#include <forest/sim/conformance/detail/views.hpp>
#include <forest/sim/conformance/peer.hpp>
#include <forest/sim/conformance/rules.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// Runs the GETs of the battery for transports, and compares each reply with the plan of the peer.

namespace forest::inline FOREST_FORM::sim::conformance::detail {

// How a GET is started.
struct get_options {
    duration timeout{};
    message_limits limits{};
    header_fields fields{};
    bool fresh_connection = false;
    std::function<void()> then{}; // called in the handler
};

// A GET, and how it ended.
struct get_record {
    duration timeout{};
    std::function<void()> then;
    std::unique_ptr<request> sent; // destroyed in the handler, as a client does
    steady_time began{};
    steady_time ended{};
    bool canceled = false; // it was pending when its transport was cancelled
    bool threw = false;    // async_get() did
    int calls = 0;
    bool foreign = false; // the error is no errc; that is reported already
    bool dangled = false; // the reply points into freed memory; that is reported already
    std::error_code error;
    int status = 0;
    std::string fields;
    std::string body;
};

// Describes in words what a peer does.
FOREST_DECL std::string describe(const peer_plan& plan);

template <transport_harness Harness>
class get_runner {
public:
    using model = decltype(std::declval<Harness&>().make());

    // How long an answer may take, on top of the tolerance of the harness.
    static constexpr duration patience = std::chrono::seconds{10};

    explicit get_runner(Harness& harness) : harness_{harness} {}

    [[nodiscard]] std::vector<violation> take_findings() { return found_->take(); }

    // Plays one scenario. The scenario calls all other members.
    template <typename Scenario>
    void play(std::string_view name, const Scenario& scenario) {
        state_ = std::make_shared<shared_state>(harness_, found_, name);
        const auto thrown = thrown_by(scenario);
        {
            const std::lock_guard lock{state_->mutex};
            state_->over = true;
        }
        run_for(harness_, 2 * unit); // for handlers that are called a second time
        {
            const std::lock_guard lock{state_->mutex};
            state_->harness = nullptr;
        }
        if (thrown)
            found_->add(state_->called_after_throwing ? rule_name{"transport.called_after_throwing"}
                                                      : rule_name{"transport.threw"},
                        say(name, ": ", *thrown));
        harness_.release();
    }

    // Returns the plan that the peer will follow; empty if the peer cannot do this.
    std::optional<peer_plan> plan(peer_plan plan) {
        if (!harness_.plan(plan))
            return {};
        return plan;
    }

    // Makes the peer send an answer that is as similar to this one as possible.
    peer_plan plan_answer(std::string_view note = "first") {
        return plan(answer(note)).value_or(answer(note));
    }

    // The body is a schema, because some peers cannot answer anything else.
    static peer_plan answer(std::string_view note = "first", peer_act act = peer_act::answer) {
        return {.act = act,
                .fields = "X-Answer: one\r\nx-answer: two, three\r\nETag: \"a b\"\r\n",
                .body = std::string{R"({"collections":[],"note":")"}.append(note).append("\"}")};
    }

    // Returns a plan that keeps a GET pending; empty if the peer has no such plan.
    std::optional<peer_plan> plan_nothing() {
        if (const auto silent = plan({.act = peer_act::silence}))
            return silent;
        return plan(answer("held", peer_act::hold));
    }

    get_record& begin(model& transport, get_options options = {.timeout = patience}) {
        get_record* get = nullptr;
        {
            const std::lock_guard lock{state_->mutex};
            get = &state_->gets.emplace_back();
        }
        get->timeout = options.timeout;
        get->then = std::move(options.then);
        get->sent =
            std::make_unique<request>(request{.target = url{std::string{harness_.target()}},
                                              .fields = options.fields,
                                              .limits = options.limits,
                                              .fresh_connection = options.fresh_connection});
        get->began = harness_.now();
        const request& sent = *get->sent;
        try {
            state_->calls.during(current_call::kind::begin, get, [&] {
                transport.async_get(
                    sent, options.timeout,
                    [state = state_, get](const reply& answer) { state->end(*get, answer); });
            });
        } catch (...) {
            get->threw = true;
            throw;
        }
        return *get;
    }

    void cancel(model& transport, get_record* pending = nullptr) {
        if (pending != nullptr) {
            const std::lock_guard lock{state_->mutex};
            pending->canceled = pending->calls == 0;
        }
        state_->calls.during(current_call::kind::cancel, pending, [&] { transport.cancel(); });
    }

    bool has_ended(const get_record& get) const {
        const std::lock_guard lock{state_->mutex};
        return get.calls > 0 && state_->running == 0;
    }

    bool ends(const get_record& get, duration limit = patience) {
        return comes_true(harness_, [&] { return has_ended(get); }, limit);
    }

    template <typename... Parts>
    bool expect(bool holds, rule_name broken, const Parts&... parts) {
        return found_->expect(holds, broken, state_->situation, ": ", parts...);
    }

    // Expects the answer of the plan. Returns whether an answer came at all.
    bool expect_answer(const get_record& get, const peer_plan& plan) {
        return expect_answer(get, plan, "transport.never_called", "transport.answer_lost");
    }

    // The same; if no answer comes at all, the rule `broken` is broken.
    bool expect_answer(const get_record& get, const peer_plan& plan, rule_name broken) {
        return expect_answer(get, plan, broken, broken);
    }

    bool expect_answer(const get_record& get, const peer_plan& plan, rule_name if_not_called,
                       rule_name if_error) {
        if (!expect(ends(get), if_not_called, "the peer sent ", describe(plan),
                    ", and the handler was not called"))
            return false;
        if (get.foreign || !expect(!get.error, if_error, "the peer sent ", describe(plan),
                                   ", and the reply was ", get.error, ", expected no error"))
            return false;
        expect(get.status == plan.status, "transport.wrong_status", "the peer sent ",
               describe(plan), ": expected the status ", plan.status, ", got ", get.status);
        if (!get.dangled)
            expect_content(get, plan);
        return true;
    }

    bool expect_error(const get_record& get, const peer_plan& plan, errc expected) {
        return expect(ends(get), "transport.never_called", "the peer ", describe(plan),
                      ", and the handler was not called") &&
               expect_named(get, plan, expected);
    }

    void expect_timeout(const get_record& get, const peer_plan& plan) {
        if (!expect(ends(get, std::max(get.timeout, unit)), "transport.beyond_timeout", "the peer ",
                    describe(plan), ": a GET with a timeout of ", get.timeout,
                    " did not end in time"))
            return;
        // Expects half of the time, because the clock of this machine may run fast, but not twice
        // as fast.
        if (expect_named(get, plan, errc::timed_out))
            expect(get.ended - get.began >= get.timeout / 2, "transport.timed_out_early",
                   "the peer ", describe(plan), ": a GET with a timeout of ", get.timeout,
                   " ended after ", get.ended - get.began);
    }

    template <typename... Parts>
    void expect_too_large(const get_record& get, const Parts&... parts) {
        if (expect(ends(get), "transport.never_called", parts..., ", never ended") &&
            expect(bool{get.error}, "transport.limit_ignored", parts..., ", was accepted") &&
            !get.foreign)
            expect(get.error == errc::response_too_large, "transport.wrong_error", parts...,
                   ": expected ", make_error_code(errc::response_too_large), ", got ", get.error);
    }

    bool expect_canceled(const get_record& get) {
        return expect(ends(get), "transport.cancel_never_ended", "a cancelled GET did not end");
    }

    // `before` requests had arrived before the scenario began its GETs. Expects no more than one
    // request for each of them.
    void expect_only_begun(std::size_t before) {
        run_for(harness_, 6 * unit);
        const std::size_t arrived = harness_.received().size() - before;
        expect(arrived <= state_->gets.size(), "transport.sent_unasked", arrived,
               " requests arrived, but ", state_->gets.size(), " GETs were begun");
    }

private:
    // The data that the handlers of one scenario share. A broken model may call the handlers after
    // the scenario and the battery have ended.
    struct shared_state {
        shared_state(Harness& used, std::shared_ptr<findings> results, std::string_view name)
            : harness{&used}, found{std::move(results)}, situation{name} {}

        void end(get_record& get, const reply& answer) {
            {
                const std::lock_guard lock{mutex};
                if (harness == nullptr)
                    return;
                called_after_throwing |= get.threw;
                if (!found->expect(++get.calls == 1, "transport.called_twice", situation,
                                   ": the handler was called again, with ", answer.error))
                    return;
                judge(get, answer);
                get.sent.reset();
                if (over || !get.then)
                    return;
                ++running;
            }
            get.then();
            const std::lock_guard lock{mutex};
            --running;
        }

        void judge(get_record& get, const reply& answer) {
            get.ended = harness->now();
            if (calls.inside(current_call::kind::begin, &get))
                found->add("transport.called_inside",
                           say(situation, ": async_get() called its handler before it returned"));
            else if (calls.inside(current_call::kind::cancel, &get))
                found->add("transport.called_inside_cancel",
                           say(situation, ": cancel() called the handler before it returned"));
            else
                found->expect(harness->in_context(), "transport.wrong_context", situation,
                              ": the handler ran outside of the execution context");
            get.error = answer.error;
            get.status = answer.status;
            get.dangled = dangles(answer.body) || dangles(answer.fields.text());
            found->expect(!get.dangled, "transport.reply_dangles", situation,
                          ": the body or the fields of the reply point into memory that is free "
                          "already; it must live until the handler has returned");
            if (!get.dangled) {
                get.fields = as_lines(answer.fields);
                get.body = answer.body;
            }
            get.foreign = get.error && (get.error.category() != error_category() ||
                                        name(errc{get.error.value()}).empty());
            found->expect(!get.foreign, "transport.foreign_error", situation, ": the error was ",
                          get.error);
            found->expect(!get.canceled || get.foreign || get.error == errc::operation_canceled,
                          "transport.cancel_wrong_error", situation,
                          ": a cancelled GET ended with ", get.error);
        }

        std::mutex mutex;
        Harness* harness; // null when the scenario is over
        std::shared_ptr<findings> found;
        std::string_view situation;
        std::deque<get_record> gets; // its elements do not move
        current_call calls;
        int running = 0; // the number of handlers inside `then`
        bool called_after_throwing = false;
        bool over = false; // the objects that `then` uses do not exist any more
    };

    void expect_content(const get_record& get, const peer_plan& plan) {
        const std::string sent = say("the peer sent ", describe(plan), ": ");
        if (!expect(!is_as_if_freed(plan.body, get.body), "transport.reply_dangles", sent,
                    "the body has the right length, and only its beginning differs, as in memory "
                    "that was freed: ",
                    difference(plan.body, get.body)))
            return;
        const bool same_size = get.body.size() == plan.body.size();
        expect(get.body == plan.body,
               plan.chunked ? rule_name{"transport.chunks_not_decoded"}
                            : rule_name{"transport.wrong_body"},
               sent, difference(plan.body, get.body),
               same_size ? " (does the reply point into memory that is used for something else?)"
                         : "");
        const std::string missing =
            missing_fields(lines(plan.fields), lines(get.fields), same_field);
        expect(missing.empty(), "transport.wrong_fields", sent, missing);
    }

    bool expect_named(const get_record& get, const peer_plan& plan, errc expected) {
        return expect(bool{get.error}, "transport.failure_hidden", "the peer ", describe(plan),
                      ": the answer was not complete, but there was no error: expected ",
                      make_error_code(expected), ", got the status ", get.status, " with ",
                      quoted{get.body}) &&
               !get.foreign &&
               expect(get.error == expected, "transport.wrong_error", "the peer ", describe(plan),
                      ": expected ", make_error_code(expected), ", got ", get.error);
    }

    Harness& harness_;
    std::shared_ptr<findings> found_ = std::make_shared<findings>();
    std::shared_ptr<shared_state> state_;
};

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/conformance/detail/impl/get_runner.ipp>
#endif

#endif
