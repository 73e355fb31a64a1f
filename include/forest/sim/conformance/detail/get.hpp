// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_GET_HPP
#define FOREST_SIM_CONFORMANCE_DETAIL_GET_HPP

#include <forest/core/detail/http/framing.hpp>
#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/message_limits.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/conformance/detail/lines.hpp>
#include <forest/sim/conformance/detail/text.hpp>
#include <forest/sim/conformance/detail/views.hpp>
#include <forest/sim/conformance/harness.hpp>
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

// The GETs of the battery for transports: each asked, watched, and held to what the peer was told.

namespace forest::sim::conformance::detail {

// How a GET is asked for.
struct get_options {
    duration timeout{};
    message_limits limits{};
    header_fields fields{};
    bool fresh_connection = false;
    std::function<void()> then{}; // called in the handler
};

// An answer of a peer, or what it does instead, in words.
inline std::string describe(const peer_plan& what) {
    switch (what.act) {
    case peer_act::silence: return "accepted, and said nothing";
    case peer_act::drip: return "sent its answer byte by byte";
    case peer_act::refuse: return "accepted no connection";
    case peer_act::reset: return "reset the connection in the middle of its answer";
    case peer_act::truncate: return "closed the connection in the middle of its answer";
    case peer_act::garbage: return "sent bytes that are no HTTP";
    case peer_act::answer:
    case peer_act::hold: break;
    }
    return say(what.status,
               what.body.empty() ? " without a body"
                                 : say(" with a body of ", what.body.size(), " bytes"),
               what.chunked ? " in chunks" : "",
               what.act == peer_act::hold ? ", which it had held back" : "");
}

// One GET, and what became of it.
struct get {
    duration timeout{};
    std::function<void()> then;
    std::unique_ptr<request> what; // until the handler is called, as a client has it
    steady_time began{};
    steady_time ended{};
    bool canceled = false; // it was pending when its transport was cancelled
    bool threw = false;    // async_get() did
    int calls = 0;
    bool foreign = false; // the error is no errc, which is told already
    bool dangled = false; // the reply points into free memory, which is told already
    std::error_code error;
    int status = 0;
    std::string fields;
    std::string body;
};

template <transport_harness Harness>
class get_battery : protected battery<Harness> {
protected:
    using model = decltype(std::declval<Harness&>().make());
    using battery<Harness>::unit;
    using battery<Harness>::never;

    // Until an answer must have come, on top of the harness's tolerance.
    static constexpr duration patience = std::chrono::seconds{10};

    explicit get_battery(Harness& harness) : battery<Harness>{harness} {}

    // What the handlers of one scenario share, and all that outlives it.
    struct ledger {
        ledger(Harness& with, std::shared_ptr<findings> to, std::string_view called)
            : harness{&with}, found{std::move(to)}, situation{called} {}

        void end(get& one, const reply& answer) {
            {
                const std::lock_guard lock{mutex};
                if (harness == nullptr) // The battery is over.
                    return;
                called_after_throwing |= one.threw;
                if (!found->expect(++one.calls == 1, "transport.called_twice", situation,
                                   ": the handler was called again, with ", answer.error))
                    return;
                judge(one, answer);
                one.what.reset();
                if (over || !one.then)
                    return;
                ++running;
            }
            one.then();
            const std::lock_guard lock{mutex};
            --running;
        }

        void judge(get& one, const reply& answer) {
            one.ended = harness->now();
            if (calls.inside(current_call::kind::begin, &one))
                found->add("transport.called_inside",
                           say(situation, ": async_get() called its handler before it returned"));
            else if (calls.inside(current_call::kind::cancel, &one))
                found->add("transport.called_inside_cancel",
                           say(situation, ": cancel() called the handler before it returned"));
            else
                found->expect(harness->in_context(), "transport.wrong_context", situation,
                              ": the handler ran outside of the execution context");
            one.error = answer.error;
            one.status = answer.status;
            one.dangled = dangles(answer.body) || dangles(answer.fields.text());
            found->expect(!one.dangled, "transport.reply_dangles", situation,
                          ": the body or the fields of the reply point into memory that is free "
                          "already; it must live until the handler has returned");
            if (!one.dangled) {
                answer.fields.for_each([&](std::string_view name, std::string_view value) {
                    one.fields.append(name).append(": ").append(value).append("\r\n");
                });
                one.body = answer.body;
            }
            one.foreign = one.error && (one.error.category() != error_category() ||
                                        name(errc{one.error.value()}).empty());
            found->expect(!one.foreign, "transport.foreign_error", situation, ": the error was ",
                          one.error);
            found->expect(!one.canceled || one.foreign || one.error == errc::operation_canceled,
                          "transport.cancel_wrong_error", situation,
                          ": a cancelled GET ended with ", one.error);
        }

        std::mutex mutex;
        Harness* harness;
        std::shared_ptr<findings> found;
        std::string_view situation;
        std::deque<get> gets; // whose elements stay where they are
        current_call calls;
        int running = 0; // handlers that do more
        bool called_after_throwing = false;
        bool over = false; // what the handlers would do next has ceased to be
    };

    template <typename Scenario>
    void scenario(std::string_view situation, Scenario&& play) {
        ledger_ = std::make_shared<ledger>(this->harness_, this->found_, situation);
        const auto thrown = this->thrown_by(play);
        {
            const std::lock_guard lock{ledger_->mutex};
            ledger_->over = true;
        }
        this->run_for(2 * unit); // for handlers that are called once more
        {
            const std::lock_guard lock{ledger_->mutex};
            ledger_->harness = nullptr;
        }
        if (thrown)
            this->found_->add(ledger_->called_after_throwing
                                  ? rule_name{"transport.called_after_throwing"}
                                  : rule_name{"transport.threw"},
                              say(situation, ": ", *thrown));
        this->harness_.release();
    }

    // What the peer will do, if it can.
    std::optional<peer_plan> plan(peer_plan what) {
        if (!this->harness_.plan(what))
            return {};
        return what;
    }

    // The peer answers well, as far as it can.
    peer_plan plan_answer(std::string_view note = "first") {
        return plan(answer(note)).value_or(answer(note));
    }

    // A schema, because there are peers that answer nothing else.
    static peer_plan answer(std::string_view note = "first", peer_act act = peer_act::answer) {
        return {.act = act,
                .fields = "X-Answer: one\r\nx-answer: two, three\r\nETag: \"a b\"\r\n",
                .body = std::string{R"({"collections":[],"note":")"}.append(note).append("\"}")};
    }

    get& ask(model& of, get_options how = {.timeout = patience}) {
        get* one = nullptr;
        {
            const std::lock_guard lock{ledger_->mutex};
            one = &ledger_->gets.emplace_back();
        }
        one->timeout = how.timeout;
        one->then = std::move(how.then);
        one->what =
            std::make_unique<request>(request{.target = url{std::string{this->harness_.target()}},
                                              .fields = how.fields,
                                              .limits = how.limits,
                                              .fresh_connection = how.fresh_connection});
        one->began = this->harness_.now();
        const request& what = *one->what;
        try {
            ledger_->calls.during(current_call::kind::begin, one, [&] {
                of.async_get(what, how.timeout, [ledger = ledger_, one](const reply& answer) {
                    ledger->end(*one, answer);
                });
            });
        } catch (...) {
            one->threw = true;
            throw;
        }
        return *one;
    }

    void cancel(model& of, get* pending = nullptr) {
        if (pending != nullptr) {
            const std::lock_guard lock{ledger_->mutex};
            pending->canceled = pending->calls == 0;
        }
        ledger_->calls.during(current_call::kind::cancel, pending, [&] { of.cancel(); });
    }

    bool has_ended(const get& one) const {
        const std::lock_guard lock{ledger_->mutex};
        return one.calls > 0 && ledger_->running == 0;
    }

    bool ends(const get& one, duration within = patience) {
        return this->comes_true([&] { return has_ended(one); }, within);
    }

    template <typename... Parts>
    bool expect(bool holds, rule_name broken, const Parts&... parts) {
        return this->found_->expect(holds, broken, ledger_->situation, ": ", parts...);
    }

    // The peer answers well; whether an answer came through.
    bool expect_answer(const get& one, const peer_plan& given) {
        return expect_answer(one, given, "transport.never_called", "transport.answer_lost");
    }

    // The same where it means something else if none does.
    bool expect_answer(const get& one, const peer_plan& given, rule_name otherwise) {
        return expect_answer(one, given, otherwise, otherwise);
    }

    bool expect_answer(const get& one, const peer_plan& given, rule_name not_called,
                       rule_name not_given) {
        if (!expect(ends(one), not_called, "the peer sent ", describe(given),
                    ", and the handler was not called"))
            return false;
        if (one.foreign || !expect(!one.error, not_given, "the peer sent ", describe(given),
                                   ", and the reply was ", one.error, ", expected no error"))
            return false;
        expect(one.status == given.status, "transport.wrong_status", "the peer sent ",
               describe(given), ": expected the status ", given.status, ", got ", one.status);
        if (!one.dangled)
            expect_content(one, given);
        return true;
    }

    void expect_content(const get& one, const peer_plan& given) {
        const std::string sent = say("the peer sent ", describe(given), ": ");
        if (!expect(!is_as_if_freed(given.body, one.body), "transport.reply_dangles", sent,
                    "the body has the right length, and only its beginning is other, as in memory "
                    "that was freed: ",
                    difference(given.body, one.body)))
            return;
        const bool as_long = one.body.size() == given.body.size();
        expect(one.body == given.body,
               given.chunked ? rule_name{"transport.chunks_not_decoded"}
                             : rule_name{"transport.wrong_body"},
               sent, difference(given.body, one.body),
               as_long ? " (does the reply point into memory that is used for something else?)"
                       : "");
        const std::string missing =
            missing_fields(lines(given.fields), lines(one.fields), same_field);
        expect(missing.empty(), "transport.wrong_fields", sent, missing);
    }

    bool expect_error(const get& one, const peer_plan& told, errc expected) {
        return expect(ends(one), "transport.never_called", "the peer ", describe(told),
                      ", and the handler was not called") &&
               expect_named(one, told, expected);
    }

    bool expect_named(const get& one, const peer_plan& told, errc expected) {
        return expect(bool{one.error}, "transport.failure_hidden", "the peer ", describe(told),
                      ": there was no whole answer, and no error: expected ",
                      make_error_code(expected), ", got the status ", one.status, " with ",
                      quoted{one.body}) &&
               !one.foreign &&
               expect(one.error == expected, "transport.wrong_error", "the peer ", describe(told),
                      ": expected ", make_error_code(expected), ", got ", one.error);
    }

    void expect_timeout(const get& one, const peer_plan& told) {
        if (!expect(ends(one, std::max(one.timeout, unit)), "transport.beyond_timeout", "the peer ",
                    describe(told), ": a GET with a timeout of ", one.timeout,
                    " had not ended then"))
            return;
        // Half of it, because the machine's clock may be wrong, but not so much.
        if (expect_named(one, told, errc::timed_out))
            expect(one.ended - one.began >= one.timeout / 2, "transport.timed_out_early",
                   "the peer ", describe(told), ": a GET with a timeout of ", one.timeout,
                   " ended after ", one.ended - one.began);
    }

    bool expect_canceled(const get& one) {
        return expect(ends(one), "transport.cancel_never_ended", "a cancelled GET did not end");
    }

    // Of the requests that have arrived since there were `before`, each was asked for.
    void expect_only_asked(std::size_t before) {
        this->run_for(6 * unit);
        const std::size_t arrived = this->harness_.received().size() - before;
        expect(arrived <= ledger_->gets.size(), "transport.sent_unasked", arrived,
               " requests arrived, and ", ledger_->gets.size(), " were asked for");
    }

    std::shared_ptr<ledger> ledger_;
};

} // namespace forest::sim::conformance::detail

#endif
