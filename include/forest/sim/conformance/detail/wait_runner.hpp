// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_WAIT_RUNNER_HPP
#define FOREST_SIM_CONFORMANCE_DETAIL_WAIT_RUNNER_HPP

#include <forest/core/error.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/conformance/detail/current_call.hpp>
#include <forest/sim/conformance/detail/findings.hpp>
#include <forest/sim/conformance/detail/scenario.hpp>
#include <forest/sim/conformance/detail/text.hpp>
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

// Runs the waits of the battery for clocks, and checks how each of them ends.

namespace forest::inline FOREST_FORM::sim::conformance::detail {

template <clock_harness Harness>
class wait_runner {
public:
    using model = decltype(std::declval<Harness&>().make());

    // A wait, and how it ended.
    struct wait_record {
        duration delay;
        const model* clock = nullptr; // for reading the time; null after it was destroyed
        std::function<void()> then = {};
        rule_name if_canceled = "clock.wrong_error"; // broken by an end without cancel()
        steady_time began{};
        bool canceled = false; // it was pending when its clock was cancelled
        int ended = 0;         // calls of the handler
    };

    explicit wait_runner(Harness& harness) : harness_{harness} {}

    [[nodiscard]] std::vector<violation> take_findings() { return found_->take(); }

    // Plays one scenario. The scenario calls all other members.
    template <typename Scenario>
    void play(std::string_view name, const Scenario& scenario) {
        state_ = std::make_shared<shared_state>(harness_, found_, name);
        if (const auto thrown = thrown_by(scenario))
            found_->add("clock.threw", say(name, ": ", *thrown));
        const std::lock_guard lock{state_->mutex};
        state_->harness = nullptr;
    }

    template <typename... Parts>
    bool expect(bool holds, rule_name broken, const Parts&... parts) {
        return found_->expect(holds, broken, parts...);
    }

    wait_record& begin(model& clock, duration delay, std::function<void()> then = {}) {
        return begin(clock, wait_record{.delay = delay, .then = std::move(then)});
    }

    wait_record& begin(model& clock, wait_record wait) {
        wait.clock = std::addressof(clock);
        if (wait.clock == state_->canceled && wait.if_canceled == rule_name{"clock.wrong_error"})
            wait.if_canceled = "clock.cancel_reached_later";
        wait.began = clock.steady_now();
        wait_record* added = nullptr;
        {
            const std::lock_guard lock{state_->mutex};
            added = &state_->waits.emplace_back(std::move(wait));
        }
        state_->calls.during(current_call::kind::begin, added, [&] {
            clock.async_wait(added->delay, [state = state_, added](std::error_code ec) {
                state->end(*added, ec);
            });
        });
        return *added;
    }

    void cancel(model& clock) {
        {
            const std::lock_guard lock{state_->mutex};
            for (wait_record& each : state_->waits)
                each.canceled |= each.clock == std::addressof(clock) && each.ended == 0;
            state_->canceled = std::addressof(clock);
        }
        state_->calls.during(current_call::kind::cancel, std::addressof(clock),
                             [&] { clock.cancel(); });
    }

    // From now on all waits belong to `clock`; null means that their clock was destroyed.
    void belong_to(const model* clock) {
        const std::lock_guard lock{state_->mutex};
        for (wait_record& each : state_->waits)
            each.clock = clock;
    }

    bool has_ended(const wait_record& wait) const {
        const std::lock_guard lock{state_->mutex};
        return wait.ended > 0;
    }

    // The waits in the order in which they have ended since the last call.
    std::vector<const wait_record*> take_order() {
        const std::lock_guard lock{state_->mutex};
        return std::exchange(state_->order, {});
    }

    // Lets time pass until all waits have ended, and then a little more: a broken clock may end a
    // wait again.
    void settle(duration limit = unit) {
        if (!comes_true(harness_, [this] { return all_ended(); }, limit)) {
            const std::lock_guard lock{state_->mutex};
            for (const wait_record& each : state_->waits)
                if (each.ended == 0)
                    found_->add(each.canceled ? rule_name{"clock.cancel_left_pending"}
                                              : rule_name{"clock.never_ended"},
                                say(state_->situation, ": a wait of ", each.delay, " did not end"));
        }
        run_for(harness_, 2 * unit);
    }

private:
    // The data that the handlers of one scenario share. A broken model may call the handlers after
    // the scenario and the battery have ended.
    struct shared_state {
        shared_state(Harness& used, std::shared_ptr<findings> results, std::string_view name)
            : harness{&used}, found{std::move(results)}, situation{name} {}

        void end(wait_record& wait, std::error_code ec) {
            const model* clock = nullptr;
            {
                const std::lock_guard lock{mutex};
                if (harness == nullptr)
                    return;
                clock = wait.clock;
            }
            // Called outside the lock, because the model may do anything in this call.
            const steady_time now = clock != nullptr ? clock->steady_now() : steady_time::max();
            {
                const std::lock_guard lock{mutex};
                if (harness == nullptr ||
                    !found->expect(++wait.ended == 1, "clock.ended_twice", situation,
                                   ": a handler was called again, with ", ec))
                    return;
                judge(wait, ec, now);
                ++running;
            }
            if (wait.then)
                wait.then();
            const std::lock_guard lock{mutex};
            --running;
        }

        void judge(const wait_record& wait, std::error_code ec, steady_time now) {
            order.push_back(&wait);
            if (calls.inside(current_call::kind::begin, &wait))
                found->add("clock.called_inside",
                           say(situation, ": async_wait() called its handler before it returned"));
            else if (wait.canceled && calls.inside(current_call::kind::cancel, wait.clock))
                found->add("clock.called_inside_cancel",
                           say(situation, ": cancel() called a handler before it returned"));
            else if (running > 0)
                found->add("clock.overlapped",
                           say(situation, ": a handler began while another one was running"));
            else
                found->expect(harness->in_context(), "clock.wrong_context", situation,
                              ": a handler ran outside of the execution context");
            if (wait.clock == nullptr) // Nothing is promised about the waits of a destroyed clock.
                return;
            if (wait.canceled)
                found->expect(ec == errc::operation_canceled, "clock.cancel_wrong_error", situation,
                              ": a cancelled wait ended with ", ec);
            else if (ec)
                found->add(ec == errc::operation_canceled ? wait.if_canceled
                                                          : rule_name{"clock.wrong_error"},
                           say(situation, ": a wait that was not cancelled ended with ", ec));
            else
                found->expect(now - wait.began >= wait.delay, "clock.ended_early", situation,
                              ": a wait of ", wait.delay, " ended after ", now - wait.began);
        }

        std::mutex mutex;
        Harness* harness; // null when the scenario is over
        std::shared_ptr<findings> found;
        std::string_view situation;
        std::deque<wait_record> waits; // its elements do not move
        std::vector<const wait_record*> order;
        current_call calls;
        const model* canceled = nullptr; // the clock that was cancelled last
        int running = 0;                 // handlers
    };

    bool all_ended() const {
        const std::lock_guard lock{state_->mutex};
        return state_->running == 0 &&
               std::all_of(state_->waits.begin(), state_->waits.end(),
                           [](const wait_record& each) { return each.ended > 0; });
    }

    Harness& harness_;
    std::shared_ptr<findings> found_ = std::make_shared<findings>();
    std::shared_ptr<shared_state> state_;
};

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#endif
