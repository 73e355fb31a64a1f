// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_CLOCK_BATTERY_HPP
#define FOREST_SIM_CONFORMANCE_DETAIL_CLOCK_BATTERY_HPP

#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/conformance/detail/scenario.hpp>
#include <forest/sim/conformance/detail/wait_runner.hpp>
#include <forest/sim/conformance/harness.hpp>
#include <forest/sim/conformance/rules.hpp>

#include <concepts>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace forest::inline FOREST_FORM::sim::conformance::detail {

// The scenarios for a clock.
template <clock_harness Harness>
class clock_battery {
public:
    explicit clock_battery(Harness& harness) : harness_{harness}, waits_{harness} {}

    std::vector<violation> run(const progress_callback& on_progress) {
        std::vector<scenario> scenarios{
            {"a clock that is read", [this] { reading(); }},
            {"a wait", [this] { one_wait(); }},
            {"waits of 0 and less", [this] { no_delay(); }},
            {"waits that end together", [this] { equal_deadlines(); }},
            {"waits begun one by one that end together", [this] { staggered_deadlines(); }},
            {"waits for very long", [this] { huge_delays(); }},
            {"waits begun in handlers", [this] { from_handlers(); }},
            {"a cancelled clock", [this] { cancelling(); }},
            {"a clock cancelled in a handler", [this] { cancelling_in_a_handler(); }},
            {"two clocks", [this] { two_clocks(); }},
            {"a clock that is moved", [this] { moving(); }},
            {"a clock called from elsewhere", [this] { from_elsewhere(); }},
            {"a clock that is destroyed", [this] { destroying(); }}};
        if constexpr (std::copy_constructible<model>) {
            scenarios.push_back({"a clock whose copy stays", [this] { copies(false); }});
            scenarios.push_back({"a clock whose copy is cancelled", [this] { copies(true); }});
        }
        play_all(
            scenarios, on_progress,
            [this](std::string_view name, const auto& body) { waits_.play(name, body); },
            [] { return true; });
        return waits_.take_findings();
    }

private:
    using waits = wait_runner<Harness>;
    using model = typename waits::model;
    using wait_record = typename waits::wait_record;

    void reading() {
        auto clock = harness_.make();
        steady_time last = clock.steady_now();
        constexpr int readings = 1000;
        for (int round = 0; round < 5; ++round) {
            for (int reading = 0; reading < readings; ++reading) {
                const steady_time now = clock.steady_now();
                (void)clock.now(); // Any wall time is right.
                waits_.expect(now >= last, "clock.went_back", "steady_now() went back by ",
                              duration{last - now});
                last = now;
            }
            run_for(harness_, unit / 5);
        }
    }

    void one_wait() {
        auto clock = harness_.make();
        waits_.begin(clock, unit);
        waits_.settle();
    }

    void no_delay() {
        auto clock = harness_.make();
        for (const duration delay : {duration::zero(), -unit, duration::min()})
            waits_.begin(clock, delay);
        waits_.settle();
    }

    void equal_deadlines() {
        auto clock = harness_.make();
        for (const duration delay : {duration::zero(), unit}) {
            constexpr int many = 20;
            std::vector<const wait_record*> begun;
            for (int number = 0; number < many; ++number)
                begun.push_back(&waits_.begin(clock, delay));
            waits_.settle();
            const auto ended = waits_.take_order();
            // Waits that never ended are reported separately.
            waits_.expect(ended.size() != begun.size() || ended == begun, "clock.wrong_order", many,
                          " waits of ", delay,
                          " did not end in the order in which they were asked for");
        }
    }

    // Begins waits one after another, all to end at the same moment. This is impossible on a clock
    // that advances between two readings; then nothing is expected.
    void staggered_deadlines() {
        auto clock = harness_.make();
        const steady_time due = clock.steady_now() + unit;
        constexpr int many = 20;
        std::vector<const wait_record*> begun;
        bool exact = true;
        for (int number = 0; number < many; ++number) {
            const steady_time before = clock.steady_now();
            begun.push_back(&waits_.begin(clock, due - before));
            exact = exact && clock.steady_now() == before;
            run_for(harness_, unit / 100 + duration{1 + 7 * number});
        }
        waits_.settle();
        const auto ended = waits_.take_order();
        waits_.expect(
            !exact || ended.size() != begun.size() || ended == begun, "clock.wrong_order", many,
            " waits that began one after the other, and had to end at the same moment, did "
            "not end in the order in which they were asked for");
    }

    void huge_delays() {
        auto clock = harness_.make();
        waits_.begin(clock, options::duration_max);
        waits_.begin(clock, duration::max());
        run_for(harness_, 2 * unit);
        waits_.cancel(clock);
        waits_.settle();
    }

    void from_handlers() {
        auto clock = harness_.make();
        waits_.begin(clock, unit, [&] {
            waits_.begin(clock, unit, [&] {
                waits_.begin(clock, duration::zero(), [&] { waits_.begin(clock, -unit); });
            });
            waits_.begin(clock, duration::zero());
            waits_.begin(clock, duration::zero());
        });
        waits_.settle(2 * unit);
    }

    void cancelling() {
        auto clock = harness_.make();
        waits_.cancel(clock);
        for (int number = 0; number < 3; ++number)
            waits_.begin(clock, never);
        waits_.cancel(clock);
        waits_.cancel(clock);
        waits_.begin(clock, unit);
        waits_.settle();
        waits_.cancel(clock);
        waits_.begin(clock, unit);
        waits_.settle();
    }

    void cancelling_in_a_handler() {
        auto clock = harness_.make();
        for (int number = 0; number < 3; ++number)
            waits_.begin(clock, never);
        waits_.begin(clock, unit, [&] {
            waits_.cancel(clock);
            waits_.begin(clock, unit);
        });
        waits_.settle(2 * unit);
    }

    void two_clocks() {
        auto clock = harness_.make();
        auto other = harness_.make();
        cancel_one(clock, other);
    }

    void copies(bool cancel_copy)
        requires(std::copy_constructible<model>)
    {
        auto original = harness_.make();
        model copy{std::as_const(original)};
        cancel_copy ? cancel_one(copy, original) : cancel_one(original, copy);
    }

    void cancel_one(model& clock, model& spared) {
        waits_.begin(clock, never);
        waits_.begin(spared,
                     wait_record{.delay = unit, .if_canceled = "clock.cancel_reached_others"});
        waits_.cancel(clock);
        waits_.settle();
    }

    void moving() {
        auto original = harness_.make();
        const wait_record& shorter = waits_.begin(original, unit);
        waits_.begin(original, never);
        model moved{std::move(original)};
        waits_.belong_to(std::addressof(moved));
        const auto shorter_ended = [&] { return waits_.has_ended(shorter); };
        if (!waits_.expect(comes_true(harness_, shorter_ended, unit), "clock.lost_in_move",
                           "a wait from before the move did not end"))
            return;
        waits_.cancel(moved);
        waits_.settle();
    }

    void from_elsewhere() {
        auto clock = harness_.make();
        harness_.elsewhere([&] {
            waits_.begin(clock, unit);
            waits_.begin(clock, duration::zero());
        });
        waits_.settle();
        waits_.begin(clock, never);
        harness_.elsewhere([&] { waits_.cancel(clock); });
        waits_.settle();
    }

    void destroying() {
        {
            auto clock = harness_.make();
            waits_.begin(clock, duration::zero());
            waits_.begin(clock, unit);
            waits_.belong_to(nullptr);
        }
        run_for(harness_, 3 * unit);
    }

    Harness& harness_;
    waits waits_;
};

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#endif
