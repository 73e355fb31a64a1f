// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_CLOCK_HPP
#define FOREST_SIM_CONFORMANCE_CLOCK_HPP

#include <forest/core/error.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/conformance/detail/wait.hpp>
#include <forest/sim/conformance/harness.hpp>
#include <forest/sim/conformance/rules.hpp>

#include <concepts>
#include <memory>
#include <mutex>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

// Holds a clock to what docs/reference/clock.md promises.

namespace forest::sim::conformance {

namespace detail {

template <clock_harness Harness>
class clock_battery : wait_battery<Harness> {
public:
    explicit clock_battery(Harness& harness) : wait_battery<Harness>{harness} {}

    std::vector<violation> run(const progress_callback& told) {
        std::vector<step> steps{
            {"a clock that is read", [this] { reading(); }},
            {"a wait", [this] { one_wait(); }},
            {"waits of 0 and less", [this] { no_delay(); }},
            {"waits that end together", [this] { equal_deadlines(); }},
            {"waits asked one by one to end together", [this] { staggered_deadlines(); }},
            {"waits for very long", [this] { huge_delays(); }},
            {"waits asked in handlers", [this] { from_handlers(); }},
            {"a cancelled clock", [this] { cancelling(); }},
            {"a clock cancelled in a handler", [this] { cancelling_in_a_handler(); }},
            {"two clocks", [this] { two_clocks(); }},
            {"a clock that is moved", [this] { moving(); }},
            {"a clock called from elsewhere", [this] { from_elsewhere(); }},
            {"a clock that is destroyed", [this] { destroying(); }}};
        if constexpr (std::copy_constructible<model>) {
            steps.push_back({"a clock whose copy stays", [this] { copies(false); }});
            steps.push_back({"a clock whose copy is cancelled", [this] { copies(true); }});
        }
        return this->play_all(
            steps, told,
            [this](std::string_view situation, auto& play) { this->scenario(situation, play); },
            [] { return true; });
    }

private:
    using base = wait_battery<Harness>;
    using base::ask;
    using base::cancel;
    using base::never;
    using base::scenario;
    using base::settle;
    using base::unit;
    using typename base::model;
    using typename base::wait;

    void reading() {
        auto clock = this->harness_.make();
        steady_time last = clock.steady_now();
        constexpr int readings = 1000;
        for (int round = 0; round < 5; ++round) {
            for (int reading = 0; reading < readings; ++reading) {
                const steady_time now = clock.steady_now();
                (void)clock.now(); // It may say anything.
                this->found_->expect(now >= last, "clock.went_back", "steady_now() went back by ",
                                     duration{last - now});
                last = now;
            }
            this->run_for(unit / 5);
        }
    }

    void one_wait() {
        auto clock = this->harness_.make();
        ask(clock, unit);
        settle();
    }

    void no_delay() {
        auto clock = this->harness_.make();
        for (const duration delay : {duration::zero(), -unit, duration::min()})
            ask(clock, delay);
        settle();
    }

    void equal_deadlines() {
        auto clock = this->harness_.make();
        for (const duration delay : {duration::zero(), unit}) {
            constexpr int many = 20;
            std::vector<const wait*> asked;
            for (int number = 0; number < many; ++number)
                asked.push_back(&ask(clock, delay));
            settle();
            const std::lock_guard lock{this->ledger_->mutex};
            const auto ended = std::exchange(this->ledger_->order, {});
            // Those that never ended are told as that.
            this->found_->expect(ended.size() != asked.size() || ended == asked,
                                 "clock.wrong_order", many, " waits of ", delay,
                                 " did not end in the order in which they were asked for");
        }
    }

    // Asked at different moments for the same one. On a clock that goes on between two readings
    // nobody can ask for that, and nothing is expected.
    void staggered_deadlines() {
        auto clock = this->harness_.make();
        const steady_time due = clock.steady_now() + unit;
        constexpr int many = 20;
        std::vector<const wait*> asked;
        bool exact = true;
        for (int number = 0; number < many; ++number) {
            const steady_time before = clock.steady_now();
            asked.push_back(&ask(clock, due - before));
            exact = exact && clock.steady_now() == before;
            this->run_for(unit / 100 + duration{1 + 7 * number});
        }
        settle();
        const std::lock_guard lock{this->ledger_->mutex};
        const auto ended = std::exchange(this->ledger_->order, {});
        this->found_->expect(!exact || ended.size() != asked.size() || ended == asked,
                             "clock.wrong_order", many,
                             " waits that were asked one after the other, to end at the same "
                             "moment, did not end in the order in which they were asked for");
    }

    void huge_delays() {
        auto clock = this->harness_.make();
        ask(clock, options::duration_max);
        ask(clock, duration::max());
        this->run_for(2 * unit);
        cancel(clock);
        settle();
    }

    void from_handlers() {
        auto clock = this->harness_.make();
        ask(clock, unit, [&] {
            ask(clock, unit, [&] { ask(clock, duration::zero(), [&] { ask(clock, -unit); }); });
            ask(clock, duration::zero());
            ask(clock, duration::zero());
        });
        settle(2 * unit);
    }

    void cancelling() {
        auto clock = this->harness_.make();
        cancel(clock);
        for (int number = 0; number < 3; ++number)
            ask(clock, never);
        cancel(clock);
        cancel(clock);
        ask(clock, unit);
        settle();
        cancel(clock);
        ask(clock, unit);
        settle();
    }

    void cancelling_in_a_handler() {
        auto clock = this->harness_.make();
        for (int number = 0; number < 3; ++number)
            ask(clock, never);
        ask(clock, unit, [&] {
            cancel(clock);
            ask(clock, unit);
        });
        settle(2 * unit);
    }

    void two_clocks() {
        auto clock = this->harness_.make();
        auto other = this->harness_.make();
        cancel_one(clock, other);
    }

    void copies(bool cancel_copy)
        requires(std::copy_constructible<model>)
    {
        auto original = this->harness_.make();
        model copy{std::as_const(original)};
        cancel_copy ? cancel_one(copy, original) : cancel_one(original, copy);
    }

    void cancel_one(model& clock, model& spared) {
        ask(clock, never);
        ask(spared, wait{.delay = unit, .if_canceled = "clock.cancel_reached_others"});
        cancel(clock);
        settle();
    }

    void moving() {
        auto original = this->harness_.make();
        const wait& shorter = ask(original, unit);
        ask(original, never);
        model moved{std::move(original)};
        {
            const std::lock_guard lock{this->ledger_->mutex};
            for (wait& each : this->ledger_->waits)
                each.on = std::addressof(moved);
        }
        const auto shorter_ended = [&] {
            const std::lock_guard lock{this->ledger_->mutex};
            return shorter.ended > 0;
        };
        if (!this->found_->expect(this->comes_true(shorter_ended, unit), "clock.lost_in_move",
                                  "a wait asked for before the move did not end"))
            return;
        cancel(moved);
        settle();
    }

    void from_elsewhere() {
        auto clock = this->harness_.make();
        this->harness_.elsewhere([&] {
            ask(clock, unit);
            ask(clock, duration::zero());
        });
        settle();
        ask(clock, never);
        this->harness_.elsewhere([&] { cancel(clock); });
        settle();
    }

    void destroying() {
        {
            auto clock = this->harness_.make();
            ask(clock, duration::zero());
            ask(clock, unit);
            const std::lock_guard lock{this->ledger_->mutex};
            for (wait& each : this->ledger_->waits)
                each.on = nullptr;
        }
        this->run_for(3 * unit);
    }
};

} // namespace detail

/// Holds the clocks of a harness to their promises. Takes about a second of its time. Returns what
/// was found wrong, each fault once.
template <detail::clock_harness Harness>
[[nodiscard]] std::vector<violation> check_clock(Harness&& harness,
                                                 const progress_callback& told = {}) {
    return detail::clock_battery<std::remove_cvref_t<Harness>>{harness}.run(told);
}

} // namespace forest::sim::conformance

#endif
