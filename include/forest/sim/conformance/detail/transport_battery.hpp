// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_TRANSPORT_BATTERY_HPP
#define FOREST_SIM_CONFORMANCE_DETAIL_TRANSPORT_BATTERY_HPP

#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/conformance/detail/get_runner.hpp>
#include <forest/sim/conformance/detail/hedging_scenario.hpp>
#include <forest/sim/conformance/detail/lines.hpp>
#include <forest/sim/conformance/detail/scenario.hpp>
#include <forest/sim/conformance/detail/text.hpp>
#include <forest/sim/conformance/harness.hpp>
#include <forest/sim/conformance/peer.hpp>
#include <forest/sim/conformance/rules.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace forest::inline FOREST_FORM::sim::conformance::detail {

// The scenarios for a transport.
template <transport_harness Harness>
class transport_battery {
public:
    explicit transport_battery(Harness& harness) : harness_{harness}, gets_{harness} {}

    std::vector<violation> run(const progress_callback& on_progress) {
        const std::vector<scenario> scenarios{
            {"an answer", [this] { an_answer(); }},
            {"a transport that is not used", [this] { idle(); }},
            {"the parts of an answer", [this] { answers(); }},
            {"limits", [this] { limits(); }},
            {"a peer that does not answer", [this] { timeouts(); }},
            {"an answer before the timeout", [this] { no_second_call(); }},
            {"a peer that refuses",
             [this] { failure(peer_act::refuse, errc::connection_refused); }},
            {"a peer that resets", [this] { failure(peer_act::reset, errc::connection_lost); }},
            {"a peer that closes", [this] { failure(peer_act::truncate, errc::connection_lost); }},
            {"a peer that sends garbage",
             [this] { failure(peer_act::garbage, errc::malformed_response); }},
            {"a GET from a handler", [this] { from_the_handler(); }},
            {"a cancelled GET", [this] { cancelling(); }},
            {"cancel() without a GET", [this] { cancelling_nothing(); }},
            {"an answer that comes after the timeout", [this] { late_answer(false, false); }},
            {"an answer that comes after the timeout, with the next one",
             [this] { late_answer(false, true); }},
            {"an answer that comes after cancel()", [this] { late_answer(true, false); }},
            {"an answer that comes after cancel(), with the next one",
             [this] { late_answer(true, true); }},
            {"a fresh connection", [this] { fresh_connections(); }},
            {"a second GET beside a silent one", [this] { hedging(); }},
            {"a transport called from elsewhere", [this] { from_elsewhere(); }},
            {"a transport that is moved", [this] { moving(); }},
            {"a transport that is destroyed", [this] { destroying(); }}};
        play_all(
            scenarios, on_progress,
            [this](std::string_view name, const auto& body) { gets_.play(name, body); },
            [this] { return usable_; });
        return gets_.take_findings();
    }

private:
    using gets = get_runner<Harness>;
    using model = typename gets::model;

    static header_fields all_kinds_of_fields() {
        header_fields fields;
        const std::string long_one(3000, 'x');
        for (const auto& [name, value] : {std::pair<std::string_view, std::string_view>{
                                              "X_TIMESTAMP", "2026-01-01T00:00:00.000Z"},
                                          {"X-miXed-CASE", "a: b, \"c\";\td"},
                                          {"X-Twice", "2"},
                                          {"X-Twice", "1"},
                                          {"X-Empty", ""},
                                          {"X-Opaque", "caf\xc3\xa9"},
                                          {"X-Long", long_one}})
            (void)fields.add(name, value);
        return fields;
    }

    void an_answer() {
        const auto plan = gets_.plan(gets::answer());
        if (!gets_.expect(plan.has_value(), "transport.never_called",
                          "the peer of the harness cannot answer, so that nothing can be checked"))
            return;
        const std::size_t before = harness_.received().size();
        auto transport = harness_.make();
        const header_fields fields = all_kinds_of_fields();
        const auto& get = gets_.begin(transport, {.timeout = gets::patience, .fields = fields});
        usable_ = gets_.expect_answer(get, *plan);
        if (!usable_)
            return;
        const std::vector<peer_request> received = harness_.received();
        if (received.empty()) // This peer cannot see requests.
            return;
        const url target{std::string{harness_.target()}};
        gets_.expect(received.back().target == target.target(), "transport.target_changed",
                     "the peer was asked for ", quoted{received.back().target}, ", expected ",
                     quoted{target.target()});
        const std::string missing = missing_fields(
            lines(fields.text()), lines(received.back().fields), std::equal_to<std::string>{});
        gets_.expect(missing.empty(), "transport.fields_changed",
                     "the fields of the request arrived changed: ", missing);
        gets_.expect_only_begun(before);
    }

    void idle() {
        const std::size_t before = harness_.received().size();
        auto transport = harness_.make();
        gets_.expect_only_begun(before);
    }

    void answers() {
        std::string every_byte;
        for (int byte = 0; byte < 256; ++byte)
            every_byte += static_cast<char>(byte);
        auto transport = harness_.make();
        for (const auto& [status, body, chunked] :
             {std::tuple<int, std::string, bool>{200, "", false},
              {200, every_byte, false},
              {200, std::string(40'000, 'x'), false},
              {200, every_byte, true},
              {204, "", false},
              {302, "elsewhere", false},
              {401, R"({"error":"Unauthorized"})", false},
              {503, "", false}}) {
            peer_plan wanted = gets::answer();
            wanted.status = status;
            wanted.body = body;
            wanted.chunked = chunked;
            if (status == 302) // a transport does not follow it
                wanted.fields += "Location: /elsewhere\r\n";
            if (const auto plan = gets_.plan(wanted);
                plan && !gets_.expect_answer(gets_.begin(transport), *plan))
                return;
        }
        // The longest timeout that a client uses.
        const peer_plan plan = gets_.plan_answer();
        gets_.expect_answer(gets_.begin(transport, {.timeout = options::duration_max}), plan);
    }

    void limits() {
        auto transport = harness_.make();
        for (const bool chunked : {false, true}) {
            peer_plan wanted = gets::answer();
            wanted.chunked = chunked;
            const auto plan = gets_.plan(wanted);
            if (!plan || plan->chunked != chunked || plan->body.empty())
                continue;
            const std::size_t size = plan->body.size();
            if (!gets_.expect_answer(gets_.begin(transport, {.timeout = gets::patience,
                                                             .limits = {.body_bytes_max = size}}),
                                     *plan, "transport.limit_too_strict"))
                return;
            for (const std::size_t limit : {size - 1, std::size_t{0}})
                gets_.expect_too_large(
                    gets_.begin(transport,
                                {.timeout = gets::patience, .limits = {.body_bytes_max = limit}}),
                    "a body of ", size, " bytes, with a limit of ", limit);
        }
        peer_plan wanted = gets::answer();
        wanted.fields += "X-Long: " + std::string(2000, 'x') + "\r\n";
        if (const auto plan = gets_.plan(wanted); plan && plan->fields == wanted.fields)
            gets_.expect_too_large(
                gets_.begin(transport,
                            {.timeout = gets::patience, .limits = {.head_bytes_max = 1000}}),
                "a header section of more than 2000 bytes, with a limit of 1000");
    }

    void timeouts() {
        for (const peer_act act : {peer_act::silence, peer_act::drip}) {
            const auto plan = gets_.plan(gets::answer("first", act));
            if (!plan)
                continue;
            const std::size_t before = harness_.received().size();
            auto transport = harness_.make();
            for (const duration timeout : {4 * unit, duration::zero(), -unit, unit}) {
                const auto& get = gets_.begin(transport, {.timeout = timeout});
                gets_.expect_timeout(get, *plan);
                if (!gets_.has_ended(get))
                    return;
            }
            gets_.expect_only_begun(before);
            const peer_plan next = gets_.plan_answer();
            gets_.expect_answer(gets_.begin(transport), next, "transport.unusable_after");
        }
    }

    // The timer of an answered GET must not end that GET again, and must not end the next one.
    void no_second_call() {
        gets_.plan_answer();
        auto transport = harness_.make();
        for (int round = 0; round < 2; ++round)
            if (!gets_.ends(gets_.begin(transport, {.timeout = 10 * unit})))
                return;
        if (const auto pending = gets_.plan_nothing()) {
            const auto& next = gets_.begin(transport, {.timeout = 40 * unit});
            gets_.ends(next, next.timeout);
            gets_.expect(!next.error || next.ended - next.began >= next.timeout / 2,
                         "transport.timed_out_early",
                         "the timer of an earlier GET ended the next one, with ", next.error);
        } else {
            run_for(harness_, 12 * unit);
        }
    }

    void failure(peer_act act, errc error) {
        const auto plan = gets_.plan(gets::answer("first", act));
        if (!plan)
            return;
        auto transport = harness_.make();
        for (int round = 0; round < 2; ++round) {
            const auto& get = gets_.begin(transport);
            gets_.expect_error(get, *plan, error);
            if (!gets_.has_ended(get))
                return;
        }
        const peer_plan next = gets_.plan_answer();
        gets_.expect_answer(gets_.begin(transport), next, "transport.unusable_after");
    }

    void from_the_handler() {
        const peer_plan plan = gets_.plan_answer();
        auto transport = harness_.make();
        std::atomic<const get_record*> third = nullptr;
        gets_.begin(transport, {.timeout = gets::patience, .then = [&] {
                                    gets_.begin(transport, {.timeout = gets::patience, .then = [&] {
                                                                third = &gets_.begin(transport);
                                                            }});
                                }});
        const bool begun = comes_true(harness_, [&] { return third != nullptr; }, gets::patience);
        if (gets_.expect(begun, "transport.unusable_after",
                         "a GET that was begun in the handler of another one did not end"))
            gets_.expect_answer(*third.load(), plan, "transport.unusable_after");
    }

    void cancelling() {
        for (const bool at_once : {false, true}) {
            if (!gets_.plan_nothing())
                gets_.plan_answer();
            auto transport = harness_.make();
            auto& get = gets_.begin(transport, {.timeout = never});
            if (!at_once)
                run_for(harness_, unit);
            harness_.elsewhere([&] { gets_.cancel(transport, &get); });
            gets_.cancel(transport, &get);
            cancels_ = gets_.expect_canceled(get);
            if (!cancels_)
                return;
            const peer_plan plan = gets_.plan_answer();
            gets_.expect_answer(gets_.begin(transport), plan, "transport.unusable_after");
        }
    }

    void cancelling_nothing() {
        const peer_plan plan = gets_.plan_answer();
        auto transport = harness_.make();
        gets_.cancel(transport);
        gets_.expect_answer(gets_.begin(transport), plan, "transport.cancel_remembered");
        gets_.cancel(transport);
        gets_.cancel(transport);
        if (gets_.expect_answer(gets_.begin(transport, {.timeout = gets::patience,
                                                        .then = [&] { gets_.cancel(transport); }}),
                                plan, "transport.cancel_remembered"))
            gets_.expect_answer(gets_.begin(transport), plan, "transport.cancel_remembered");
    }

    void late_answer(bool canceled, bool both_held) {
        const auto late = gets_.plan(gets::answer("late", peer_act::hold));
        if (!late)
            return;
        auto transport = harness_.make();
        auto& first = gets_.begin(transport, {.timeout = canceled ? never : 4 * unit});
        run_for(harness_, unit);
        if (canceled)
            gets_.cancel(transport, &first);
        if (!gets_.ends(first, 4 * unit)) // Another scenario reports that.
            return;
        const auto next =
            gets_.plan(gets::answer("next", both_held ? peer_act::hold : peer_act::answer));
        if (!next || next->body == late->body)
            return;
        if (!both_held)
            harness_.release();
        const auto& second = gets_.begin(transport);
        // Several times, because the request may still be on its way.
        constexpr int rounds_max = 100;
        for (int round = 0; both_held && round < rounds_max && !gets_.has_ended(second); ++round) {
            run_for(harness_, unit);
            harness_.release();
        }
        if (!gets_.ends(second) ||
            gets_.expect(second.error || second.body != late->body, "transport.stale_answer",
                         "the answer to a GET that had ended was given to the next one: expected ",
                         quoted{next->body}, ", got ", quoted{second.body}))
            gets_.expect_answer(second, *next, "transport.unusable_after");
    }

    void from_elsewhere() {
        const peer_plan plan = gets_.plan_answer();
        auto transport = harness_.make();
        const get_record* get = nullptr;
        harness_.elsewhere([&] { get = &gets_.begin(transport); });
        gets_.expect_answer(*get, plan);
    }

    void moving() {
        {
            const peer_plan plan = gets_.plan_answer();
            auto transport = harness_.make();
            const auto& get = gets_.begin(transport);
            model moved{std::move(transport)};
            if (!gets_.expect_answer(get, plan, "transport.lost_in_move"))
                return;
        }
        if (!cancels_ || !gets_.plan_nothing())
            return;
        auto transport = harness_.make();
        auto& get = gets_.begin(transport, {.timeout = never});
        run_for(harness_, unit);
        model moved{std::move(transport)};
        gets_.cancel(moved, &get);
        gets_.expect(gets_.ends(get), "transport.lost_in_move",
                     "cancel() after a move did not end the GET from before it");
    }

    // A transport that is destroyed may call the pending handler, but not twice. A transport is
    // destroyed in its own handler when a callback of the application destroys the client.
    void destroying() {
        for (const bool at_once : {false, true}) {
            if (!gets_.plan_nothing())
                gets_.plan_answer();
            auto transport = harness_.make();
            gets_.begin(transport, {.timeout = 4 * unit});
            if (!at_once)
                run_for(harness_, unit);
        }
        run_for(harness_, 6 * unit);
        gets_.plan_answer();
        auto transport = std::make_unique<model>(harness_.make());
        const auto& get =
            gets_.begin(*transport, {.timeout = 10 * unit, .then = [&] { transport.reset(); }});
        gets_.ends(get);
        run_for(harness_, 10 * unit);
    }

    void fresh_connections() {
        const peer_plan plan = gets_.plan_answer();
        auto transport = harness_.make();
        std::optional<std::uint64_t> before;
        for (int round = 0; round < 3; ++round) {
            gets_.expect_answer(
                gets_.begin(transport, {.timeout = gets::patience, .fresh_connection = round > 0}),
                plan);
            const std::vector<peer_request> received = harness_.received();
            if (received.empty())
                return;
            gets_.expect(received.back().connection != before, "transport.kept_connection_used",
                         "a GET that asked for a fresh connection came on the previous one");
            before = received.back().connection;
        }
    }

    void hedging() {
        if constexpr (hedging_transport<model>) {
            if (cancels_)
                hedging_scenario<Harness>{harness_, gets_}.play();
        }
    }

    Harness& harness_;
    gets gets_;
    bool usable_ = false;  // an answer came
    bool cancels_ = false; // cancel() ends a pending GET
};

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#endif
