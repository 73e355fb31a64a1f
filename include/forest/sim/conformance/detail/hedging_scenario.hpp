// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_HEDGING_SCENARIO_HPP
#define FOREST_SIM_CONFORMANCE_DETAIL_HEDGING_SCENARIO_HPP

#include <forest/form.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/conformance/detail/get_runner.hpp>
#include <forest/sim/conformance/detail/scenario.hpp>
#include <forest/sim/conformance/peer.hpp>

#include <string_view>
#include <utility>
#include <vector>

namespace forest::inline FOREST_FORM::sim::conformance::detail {

// The scenario for a hedging_transport: a silent GET over a kept connection gets a second one
// beside it, over a fresh connection.
template <transport_harness Harness>
class hedging_scenario {
public:
    using model = typename get_runner<Harness>::model;

    hedging_scenario(Harness& harness, get_runner<Harness>& gets)
        : harness_{harness}, gets_{gets} {}

    void play() {
        auto transport = harness_.make();
        expect_no_wait(transport, "before the first GET");
        if (!answered_once(transport))
            return;
        expect_no_wait(transport, "after an answer");
        if (!gets_.plan_nothing())
            return;
        auto& fresh = gets_.begin(transport, {.timeout = never, .fresh_connection = true});
        run_for(harness_, unit);
        expect_no_wait(transport, "during a GET that had asked for a fresh connection");
        gets_.cancel(transport, &fresh);
        if (!gets_.ends(fresh) || !answered_once(transport) || !gets_.plan_nothing())
            return;
        const std::vector<peer_request> before = harness_.received();
        auto& silent = gets_.begin(transport, {.timeout = never});
        if (came_over_the_same(before))
            gets_.expect(std::as_const(transport).waits_on_kept_connection(),
                         "transport.kept_connection_misreported",
                         "waits_on_kept_connection() returned false while a GET over a kept "
                         "connection was silent");
        if (!works_beside(transport, silent))
            return;
        gets_.cancel(transport, &silent);
        if (!gets_.expect(gets_.ends(silent), "transport.another_differs",
                          "cancel() did not end a GET beside which another() had a GET"))
            return;
        expect_no_wait(transport, "after cancel()");
        dripping(transport);
    }

private:
    void expect_no_wait(const model& transport, std::string_view when) {
        gets_.expect(!transport.waits_on_kept_connection(), "transport.kept_connection_misreported",
                     "waits_on_kept_connection() returned true ", when);
    }

    // Performs a GET whose connection may be kept.
    bool answered_once(model& transport) {
        const peer_plan plan = gets_.plan_answer();
        return gets_.expect_answer(gets_.begin(transport), plan, "transport.unusable_after");
    }

    // Waits for a request besides those from `before`. Returns whether it came on the connection of
    // the last one of them.
    bool came_over_the_same(const std::vector<peer_request>& before) {
        if (before.empty()) // This peer cannot see requests.
            return false;
        const bool arrived = comes_true(
            harness_, [&] { return harness_.received().size() > before.size(); },
            get_runner<Harness>::patience);
        return arrived && harness_.received().back().connection == before.back().connection;
    }

    bool works_beside(model& transport, const get_record& silent) {
        const peer_plan plan = gets_.plan_answer("second");
        auto beside = transport.another();
        const auto& second = gets_.begin(
            beside, {.timeout = get_runner<Harness>::patience, .fresh_connection = true});
        return gets_.expect_answer(second, plan, "transport.another_differs") &&
               gets_.expect(!gets_.has_ended(silent), "transport.another_differs",
                            "a GET of another() ended the GET beside it");
    }

    // The first byte of an answer ends the wait.
    void dripping(model& transport) {
        if (!answered_once(transport) ||
            !gets_.plan(get_runner<Harness>::answer("first", peer_act::drip)))
            return;
        const std::vector<peer_request> before = harness_.received();
        auto& get = gets_.begin(transport, {.timeout = never});
        if (came_over_the_same(before))
            gets_.expect(comes_true(
                             harness_, [&] { return !transport.waits_on_kept_connection(); },
                             get_runner<Harness>::patience),
                         "transport.kept_connection_misreported",
                         "waits_on_kept_connection() returned true when bytes of the answer had "
                         "come");
        gets_.cancel(transport, &get);
        gets_.ends(get);
    }

    Harness& harness_;
    get_runner<Harness>& gets_;
};

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#endif
