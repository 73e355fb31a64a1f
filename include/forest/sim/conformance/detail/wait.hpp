// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_WAIT_HPP
#define FOREST_SIM_CONFORMANCE_DETAIL_WAIT_HPP

#include <forest/core/error.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/clock.hpp>
#include <forest/sim/conformance/harness.hpp>
#include <forest/sim/conformance/rules.hpp>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// The waits of the battery for clocks: each asked, watched, and held to its delay.

namespace forest::sim::conformance::detail {

/// A harness for clocks: time, and `make()`, which answers a clock; all of them share one execution
/// context.
template <typename T>
concept clock_harness = time_harness<T> && requires(T& harness) {
    { harness.make() } -> clock;
};

template <clock_harness Harness>
class wait_battery : protected battery<Harness> {
protected:
    using model = decltype(std::declval<Harness&>().make());
    using battery<Harness>::unit;
    using battery<Harness>::never;

    explicit wait_battery(Harness& harness) : battery<Harness>{harness} {}

    struct wait {
        duration delay;
        const model* on = nullptr; // to read the time; null when it is gone
        std::function<void()> then = {};
        rule_name if_canceled = "clock.wrong_error"; // without a reason
        steady_time asked{};
        bool canceled = false; // it was pending when its clock was cancelled
        int ended = 0;
    };

    // What the handlers of one scenario share, and all that outlives it.
    struct ledger {
        ledger(Harness& with, std::shared_ptr<findings> to, std::string_view called)
            : harness{&with}, found{std::move(to)}, situation{called} {}

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
                if (harness == nullptr ||
                    !found->expect(++one.ended == 1, "clock.ended_twice", situation,
                                   ": a handler was called again, with ", ec))
                    return;
                judge(one, ec, now);
                ++running;
            }
            if (one.then)
                one.then();
            const std::lock_guard lock{mutex};
            --running;
        }

        void judge(const wait& one, std::error_code ec, steady_time now) {
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
            if (one.on == nullptr) // How the waits of a clock that is gone end is its own affair.
                return;
            if (one.canceled)
                found->expect(ec == errc::operation_canceled, "clock.cancel_wrong_error", situation,
                              ": a cancelled wait ended with ", ec);
            else if (ec)
                found->add(ec == errc::operation_canceled ? one.if_canceled
                                                          : rule_name{"clock.wrong_error"},
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
        const model* canceled = nullptr; // the clock that was the last to be
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
        return ask(of, wait{.delay = delay, .then = std::move(then)});
    }

    wait& ask(model& of, wait what) {
        what.on = std::addressof(of);
        if (what.on == ledger_->canceled && what.if_canceled == rule_name{"clock.wrong_error"})
            what.if_canceled = "clock.cancel_reached_later";
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
            ledger_->canceled = std::addressof(of);
        }
        ledger_->calls.during(current_call::kind::cancel, std::addressof(of), [&] { of.cancel(); });
    }

    bool all_ended() const {
        const std::lock_guard lock{ledger_->mutex};
        return ledger_->running == 0 &&
               std::all_of(ledger_->waits.begin(), ledger_->waits.end(),
                           [](const wait& each) { return each.ended > 0; });
    }

    // Waits until all have ended, and then whether one does so again.
    void settle(duration within = unit) {
        if (!this->comes_true([this] { return all_ended(); }, within)) {
            const std::lock_guard lock{ledger_->mutex};
            for (const wait& each : ledger_->waits)
                if (each.ended == 0)
                    this->found_->add(
                        each.canceled ? rule_name{"clock.cancel_left_pending"}
                                      : rule_name{"clock.never_ended"},
                        say(ledger_->situation, ": a wait of ", each.delay, " did not end"));
        }
        this->run_for(2 * unit);
    }

    std::shared_ptr<ledger> ledger_;
};

} // namespace forest::sim::conformance::detail

#endif
