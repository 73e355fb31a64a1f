// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_CLOCK_HPP
#define FOREST_SIM_CONFORMANCE_CLOCK_HPP

#include <forest/core/error.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/clock.hpp>
#include <forest/sim/conformance_harness.hpp>
#include <forest/sim/conformance_rules.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// Holds a clock to what docs/reference/clock.md promises.

namespace forest::sim::conformance {

/// A harness for clocks: time, and `make()`, which answers a clock; all of them share one execution
/// context.
template <typename T>
concept clock_harness = time_harness<T> && requires(T& harness) {
    { harness.make() } -> clock;
};

namespace detail {

template <clock_harness Harness>
class clock_battery : battery<Harness> {
public:
    explicit clock_battery(Harness& harness) : battery<Harness>{harness} {}

    std::vector<violation> run() {
        scenario("a clock that is read", [this] { reading(); });
        scenario("a wait", [this] { one_wait(); });
        scenario("waits of 0 and less", [this] { no_delay(); });
        scenario("waits that end together", [this] { equal_deadlines(); });
        scenario("waits for very long", [this] { huge_delays(); });
        scenario("waits asked in handlers", [this] { from_handlers(); });
        scenario("a cancelled clock", [this] { cancelling(); });
        scenario("a clock cancelled in a handler", [this] { cancelling_in_a_handler(); });
        scenario("two clocks", [this] { two_clocks(this->harness_.make()); });
        if constexpr (std::copy_constructible<model>)
            scenario("a clock and its copy", [this] { copies(); });
        scenario("a clock that is moved", [this] { moving(); });
        scenario("a clock called from elsewhere", [this] { from_elsewhere(); });
        scenario("a clock that is destroyed", [this] { destroying(); });
        return this->found_->take();
    }

private:
    using model = decltype(std::declval<Harness&>().make());
    using base = battery<Harness>;
    using base::never;
    using base::unit;

    struct wait {
        duration delay;
        const model* on; // to read the time; null when it is gone
        std::function<void()> then;
        rule_name if_canceled = "clock.wrong_error";
        rule_name if_lost = "clock.never_ended";
        steady_time asked{};
        bool canceled = false; // it was pending when its clock was cancelled
        int ended = 0;
    };

    // What the handlers of one scenario share, and all that outlives it.
    struct ledger {
        ledger(Harness& harness, std::shared_ptr<findings> to, std::string_view called)
            : harness{&harness}, found{std::move(to)}, situation{called} {}

        void end(wait& one, std::error_code ec) {
            const model* reading = nullptr;
            {
                const std::lock_guard lock{mutex};
                if (harness == nullptr) // The battery is over.
                    return;
                reading = one.on;
            }
            // Outside the lock, because the model may do anything in it.
            const steady_time now = reading != nullptr ? reading->steady_now() : steady_time::max();
            {
                const std::lock_guard lock{mutex};
                judge(one, ec, now);
                ++running;
            }
            if (one.then)
                one.then();
            const std::lock_guard lock{mutex};
            --running;
        }

        void judge(wait& one, std::error_code ec, steady_time now) {
            if (!found->expect(++one.ended == 1, "clock.ended_twice", situation,
                               ": a handler was called again, with ", ec))
                return;
            order.push_back(&one);
            if (calls.inside(current_call::kind::begin, &one))
                found->add("clock.called_inside",
                           say(situation, ": async_wait() called its handler before it returned"));
            else if (one.canceled && calls.inside(current_call::kind::cancel, one.on))
                found->add("clock.called_inside_cancel",
                           say(situation, ": cancel() called a handler before it returned"));
            else if (running > 0)
                found->add("clock.overlapped",
                           say(situation, ": a handler began while another one was running"));
            else
                found->expect(harness->in_context(), "clock.wrong_context", situation,
                              ": a handler ran outside of the execution context");
            if (one.canceled)
                found->expect(ec == errc::operation_canceled, "clock.cancel_wrong_error", situation,
                              ": a cancelled wait ended with ", ec);
            else if (ec)
                found->add(ec == errc::operation_canceled ? one.if_canceled : "clock.wrong_error",
                           say(situation, ": a wait that was not cancelled ended with ", ec));
            else
                found->expect(now - one.asked >= one.delay, "clock.ended_early", situation,
                              ": a wait of ", one.delay, " ended after ", now - one.asked);
        }

        std::mutex mutex;
        Harness* harness;
        std::shared_ptr<findings> found;
        std::string_view situation;
        std::deque<wait> waits; // whose elements stay where they are
        std::vector<const wait*> order;
        current_call calls;
        int running = 0;
    };

    template <typename Scenario>
    void scenario(std::string_view situation, Scenario&& play) {
        ledger_ = std::make_shared<ledger>(this->harness_, this->found_, situation);
        this->attempt("clock.threw", situation, play);
        const std::lock_guard lock{ledger_->mutex};
        ledger_->harness = nullptr;
    }

    wait& ask(model& of, duration delay, std::function<void()> then = {}) {
        return ask(of, {.delay = delay, .on = &of, .then = std::move(then)});
    }

    wait& ask(model& of, wait what) {
        what.on = std::addressof(of);
        what.asked = of.steady_now();
        wait* added = nullptr;
        {
            const std::lock_guard lock{ledger_->mutex};
            added = &ledger_->waits.emplace_back(std::move(what));
        }
        ledger_->calls.during(current_call::kind::begin, added, [&] {
            of.async_wait(added->delay, [ledger = ledger_, added](std::error_code ec) {
                ledger->end(*added, ec);
            });
        });
        return *added;
    }

    void cancel(model& of) {
        {
            const std::lock_guard lock{ledger_->mutex};
            for (wait& each : ledger_->waits)
                each.canceled |= each.on == std::addressof(of) && each.ended == 0;
        }
        ledger_->calls.during(current_call::kind::cancel, std::addressof(of),
                              [&] { of.cancel(); });
    }

    bool all_ended() const {
        const std::lock_guard lock{ledger_->mutex};
        return std::all_of(ledger_->waits.begin(), ledger_->waits.end(),
                           [](const wait& each) { return each.ended > 0; });
    }

    // Waits until all have ended, and then whether one does so again.
    void settle(duration within = unit) {
        if (!this->comes_true([this] { return all_ended(); }, within)) {
            const std::lock_guard lock{ledger_->mutex};
            for (const wait& each : ledger_->waits)
                if (each.ended == 0)
                    this->found_->add(
                        each.canceled ? "clock.cancel_left_pending" : each.if_lost,
                        say(ledger_->situation, ": a wait of ", each.delay, " did not end"));
        }
        this->run_for(2 * unit);
    }

    void reading() {
        auto clock = this->harness_.make();
        steady_time last = clock.steady_now();
        constexpr int readings = 1000;
        for (int round = 0; round < 5; ++round) {
            for (int reading = 0; reading < readings; ++reading) {
                const steady_time now = clock.steady_now();
                (void)clock.now(); // It may say anything.
                this->found_->expect(now >= last, "clock.went_back",
                                     "steady_now() went back by ", duration{last - now});
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
            ledger_->order.clear();
            std::vector<const wait*> asked;
            for (int number = 0; number < many; ++number)
                asked.push_back(&ask(clock, delay));
            settle();
            // Those that ended twice, or never, are told as that.
            if (ledger_->order.size() == asked.size())
                this->found_->expect(ledger_->order == asked, "clock.wrong_order", many,
                                     " waits of ", delay,
                                     " did not end in the order in which they were asked for");
        }
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
        ask_later(clock);
        settle();
        cancel(clock);
        ask_later(clock);
        settle();
    }

    void ask_later(model& clock) {
        ask(clock, {.delay = unit, .on = &clock, .if_canceled = "clock.cancel_reached_later"});
    }

    void cancelling_in_a_handler() {
        auto clock = this->harness_.make();
        for (int number = 0; number < 3; ++number)
            ask(clock, never);
        ask(clock, unit, [&] {
            cancel(clock);
            ask_later(clock);
        });
        settle(2 * unit);
    }

    void two_clocks(model other) {
        auto clock = this->harness_.make();
        between(clock, other);
    }

    void copies()
        requires(std::copy_constructible<model>)
    {
        auto clock = this->harness_.make();
        model copy{std::as_const(clock)};
        between(clock, copy);
    }

    void between(model& first, model& second) {
        for (model* const canceled : {&first, &second}) {
            model& spared = canceled == &first ? second : first;
            ask(*canceled, never);
            ask(spared, {.delay = unit, .on = &spared,
                         .if_canceled = "clock.cancel_reached_others"});
            cancel(*canceled);
            settle();
        }
    }

    void moving() {
        auto original = this->harness_.make();
        ask(original, {.delay = unit, .on = &original, .if_lost = "clock.lost_in_move"});
        ask(original, {.delay = never, .on = &original});
        model moved{std::move(original)};
        {
            const std::lock_guard lock{ledger_->mutex};
            for (wait& each : ledger_->waits)
                each.on = &moved;
        }
        this->comes_true([this] { return ledger_->waits.front().ended > 0; }, unit);
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

    // Whether the waits of a clock that is gone end is its own affair, but not whether they end
    // twice.
    void destroying() {
        {
            auto clock = this->harness_.make();
            ask(clock, duration::zero());
            ask(clock, unit);
            const std::lock_guard lock{ledger_->mutex};
            for (wait& each : ledger_->waits) {
                each.on = nullptr;
                each.if_canceled = "clock.wrong_error";
            }
        }
        this->run_for(3 * unit);
    }

    std::shared_ptr<ledger> ledger_;
};

} // namespace detail

/// Holds the clocks of a harness to their promises. Takes about a second of its time. Answers what
/// was found wrong, each fault once.
template <clock_harness Harness>
[[nodiscard]] std::vector<violation> check_clock(Harness&& harness) {
    return detail::clock_battery<std::remove_cvref_t<Harness>>{harness}.run();
}

} // namespace forest::sim::conformance

#endif
