// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_TRANSPORT_HPP
#define FOREST_SIM_CONFORMANCE_TRANSPORT_HPP

#include <forest/core/error.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/conformance/detail/get.hpp>
#include <forest/sim/conformance/detail/reply.hpp>
#include <forest/sim/conformance/harness.hpp>
#include <forest/sim/conformance/peer.hpp>
#include <forest/sim/conformance/rules.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

// Holds a transport to what docs/reference/transport.md promises.

namespace forest::sim::conformance {

namespace detail {

template <transport_harness Harness>
class transport_battery : reply_battery<Harness> {
public:
    explicit transport_battery(Harness& harness) : reply_battery<Harness>{harness} {}

    std::vector<violation> run(const progress_callback& told) {
        const std::vector<step> steps{
            {"an answer", [this] { this->an_answer(); }},
            {"a transport that is asked for nothing", [this] { this->idle(); }},
            {"what an answer consists of", [this] { this->answers(); }},
            {"limits", [this] { this->limits(); }},
            {"a peer that does not answer", [this] { timeouts(); }},
            {"an answer before the timeout", [this] { no_second_call(); }},
            {"a peer that refuses",
             [this] { failure(peer_act::refuse, errc::connection_refused); }},
            {"a peer that resets", [this] { failure(peer_act::reset, errc::connection_lost); }},
            {"a peer that closes", [this] { failure(peer_act::truncate, errc::connection_lost); }},
            {"a peer that sends garbage",
             [this] { failure(peer_act::garbage, errc::malformed_response); }},
            {"a GET asked in a handler", [this] { from_the_handler(); }},
            {"a cancelled GET", [this] { cancelling(); }},
            {"cancel() without a GET", [this] { cancelling_nothing(); }},
            {"an answer that comes after the timeout", [this] { late_answer(false, false); }},
            {"an answer that comes after the timeout, with the next one",
             [this] { late_answer(false, true); }},
            {"an answer that comes after cancel()", [this] { late_answer(true, false); }},
            {"an answer that comes after cancel(), with the next one",
             [this] { late_answer(true, true); }},
            {"a fresh connection", [this] { this->fresh_connections(); }},
            {"a transport called from elsewhere", [this] { from_elsewhere(); }},
            {"a transport that is moved", [this] { moving(); }},
            {"a transport that is destroyed", [this] { destroying(); }}};
        return this->play_all(
            steps, told,
            [this](std::string_view situation, auto& play) { this->scenario(situation, play); },
            [this] { return this->usable_; });
    }

private:
    using base = reply_battery<Harness>;
    using base::answer;
    using base::ask;
    using base::cancel;
    using base::expect;
    using base::expect_answer;
    using base::expect_canceled;
    using base::expect_error;
    using base::expect_timeout;
    using base::never;
    using base::patience;
    using base::plan;
    using base::plan_answer;
    using base::scenario;
    using base::unit;
    using typename base::model;

    // What a peer can do that keeps a GET pending.
    std::optional<peer_plan> plan_nothing() {
        if (const auto silent = plan({.act = peer_act::silence}))
            return silent;
        return plan(answer("held", peer_act::hold));
    }

    void timeouts() {
        for (const peer_act act : {peer_act::silence, peer_act::drip}) {
            const auto told = plan(answer("first", act));
            if (!told)
                continue;
            const std::size_t before = this->harness_.received().size();
            auto transport = this->harness_.make();
            for (const duration timeout : {4 * unit, duration::zero(), -unit, unit}) {
                const auto& one = ask(transport, {.timeout = timeout});
                expect_timeout(one, *told);
                if (!this->has_ended(one))
                    return;
            }
            this->expect_only_asked(before);
            const peer_plan given = plan_answer();
            expect_answer(ask(transport), given, "transport.unusable_after");
        }
    }

    // The timer of a GET that has been answered must not end it again, nor the next one.
    void no_second_call() {
        plan_answer();
        auto transport = this->harness_.make();
        for (int round = 0; round < 2; ++round)
            if (!this->ends(ask(transport, {.timeout = 10 * unit})))
                return;
        if (const auto pending = plan_nothing()) {
            const auto& next = ask(transport, {.timeout = 40 * unit});
            this->ends(next, next.timeout);
            expect(!next.error || next.ended - next.began >= next.timeout / 2,
                   "transport.timed_out_early",
                   "the timer of an earlier GET ended the next one, with ", next.error);
        } else {
            this->run_for(12 * unit);
        }
    }

    void failure(peer_act act, errc error) {
        const auto told = plan(answer("first", act));
        if (!told)
            return;
        auto transport = this->harness_.make();
        for (int round = 0; round < 2; ++round) {
            const auto& one = ask(transport);
            expect_error(one, *told, error);
            if (!this->has_ended(one))
                return;
        }
        const peer_plan given = plan_answer();
        expect_answer(ask(transport), given, "transport.unusable_after");
    }

    void from_the_handler() {
        const peer_plan given = plan_answer();
        auto transport = this->harness_.make();
        std::atomic<const get*> third = nullptr;
        ask(transport, {.timeout = patience, .then = [&] {
                            ask(transport,
                                {.timeout = patience, .then = [&] { third = &ask(transport); }});
                        }});
        const bool asked = this->comes_true([&] { return third != nullptr; }, patience);
        if (expect(asked, "transport.unusable_after",
                   "a GET asked in the handler of another one did not end"))
            expect_answer(*third.load(), given, "transport.unusable_after");
    }

    void cancelling() {
        for (const bool at_once : {false, true}) {
            if (!plan_nothing())
                plan_answer();
            auto transport = this->harness_.make();
            auto& one = ask(transport, {.timeout = never});
            if (!at_once)
                this->run_for(unit);
            this->harness_.elsewhere([&] { cancel(transport, &one); });
            cancel(transport, &one);
            cancels_ = expect_canceled(one);
            if (!cancels_)
                return;
            const peer_plan given = plan_answer();
            expect_answer(ask(transport), given, "transport.unusable_after");
        }
    }

    void cancelling_nothing() {
        const peer_plan given = plan_answer();
        auto transport = this->harness_.make();
        cancel(transport);
        expect_answer(ask(transport), given, "transport.cancel_remembered");
        cancel(transport);
        cancel(transport);
        if (expect_answer(ask(transport, {.timeout = patience, .then = [&] { cancel(transport); }}),
                          given, "transport.cancel_remembered"))
            expect_answer(ask(transport), given, "transport.cancel_remembered");
    }

    void late_answer(bool canceled, bool both_held) {
        const auto late = plan(answer("late", peer_act::hold));
        if (!late)
            return;
        auto transport = this->harness_.make();
        auto& first = ask(transport, {.timeout = canceled ? never : 4 * unit});
        this->run_for(unit);
        if (canceled)
            cancel(transport, &first);
        if (!this->ends(first, 4 * unit)) // That is told by another scenario.
            return;
        const auto next = plan(answer("next", both_held ? peer_act::hold : peer_act::answer));
        if (!next || next->body == late->body)
            return;
        if (!both_held)
            this->harness_.release();
        const auto& second = ask(transport);
        // Again and again, because the request may still be on its way.
        constexpr int rounds_max = 100;
        for (int round = 0; both_held && round < rounds_max && !this->has_ended(second); ++round) {
            this->run_for(unit);
            this->harness_.release();
        }
        if (!this->ends(second) ||
            expect(second.error || second.body != late->body, "transport.stale_answer",
                   "the answer to a GET that had ended was given to the next one: expected ",
                   quoted{next->body}, ", got ", quoted{second.body}))
            expect_answer(second, *next, "transport.unusable_after");
    }

    void from_elsewhere() {
        const peer_plan given = plan_answer();
        auto transport = this->harness_.make();
        const get* one = nullptr;
        this->harness_.elsewhere([&] { one = &ask(transport); });
        expect_answer(*one, given);
    }

    void moving() {
        {
            const peer_plan given = plan_answer();
            auto transport = this->harness_.make();
            const auto& one = ask(transport);
            model moved{std::move(transport)};
            if (!expect_answer(one, given, "transport.lost_in_move"))
                return;
        }
        if (!cancels_ || !plan_nothing())
            return;
        auto transport = this->harness_.make();
        auto& one = ask(transport, {.timeout = never});
        this->run_for(unit);
        model moved{std::move(transport)};
        cancel(moved, &one);
        expect(this->ends(one), "transport.lost_in_move",
               "cancel() after a move did not end the GET from before it");
    }

    // That its handler is called is not promised, but not a second time. In its own handler a
    // transport is destroyed when a callback destroys the client.
    void destroying() {
        for (const bool at_once : {false, true}) {
            if (!plan_nothing())
                plan_answer();
            auto transport = this->harness_.make();
            ask(transport, {.timeout = 4 * unit});
            if (!at_once)
                this->run_for(unit);
        }
        this->run_for(6 * unit);
        plan_answer();
        auto transport = std::make_unique<model>(this->harness_.make());
        const auto& one =
            ask(*transport, {.timeout = 10 * unit, .then = [&] { transport.reset(); }});
        this->ends(one);
        this->run_for(10 * unit);
    }

    bool cancels_ = false; // cancel() ends what is pending
};

} // namespace detail

/// Holds the transports of a harness to their promises. Takes some seconds of its time, and more
/// when they are broken. Returns what was found wrong, each fault once.
template <transport_harness Harness>
[[nodiscard]] std::vector<violation> check_transport(Harness&& harness,
                                                     const progress_callback& told = {}) {
    return detail::transport_battery<std::remove_cvref_t<Harness>>{harness}.run(told);
}

} // namespace forest::sim::conformance

#endif
