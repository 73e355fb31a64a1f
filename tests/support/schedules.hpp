// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_SUPPORT_SCHEDULES_HPP
#define FOREST_TESTS_SUPPORT_SCHEDULES_HPP

#ifndef FOREST_TEST_SCHEDULE_POINTS
#error "the library must be built with its schedule points"
#endif

#include <forest/core/detail/logic/schedule_point.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// Tries the orders in which a few threads can pass the schedule points of the library. One thread
// runs at a time, so each order is the same in every run.

namespace forest::tests {

/// Runs threads under a schedule, and keeps the choices that it had.
class schedule {
public:
    /// `choices` are the threads that run first, from one point to the next. Then the thread goes
    /// on that is running, as long as it can.
    explicit schedule(std::vector<std::size_t> choices) : choices_{std::move(choices)} {}

    /// Runs the functions, each on a thread of its own, until all have returned. Returns false if
    /// all that were left waited for each other. Their waits throw then.
    bool run(const std::vector<std::function<void()>>& functions) {
        states_.assign(functions.size(), state{});
        current_ = this;
        std::vector<std::thread> threads;
        for (std::size_t number = 0; number < functions.size(); ++number)
            threads.emplace_back([this, number, &function = functions[number]] {
                number_ = number;
                {
                    std::unique_lock lock{mutex_};
                    turn_.wait(lock, [&] { return running_ == number; });
                }
                try {
                    function();
                } catch (const all_wait&) {
                }
                std::unique_lock lock{mutex_};
                states_[number].done = true;
                choose(lock);
            });
        {
            std::unique_lock lock{mutex_};
            choose(lock);
        }
        for (std::thread& each : threads)
            each.join();
        current_ = nullptr;
        return !stuck_;
    }

    /// A choice that was made.
    struct step {
        std::size_t chosen;
        std::size_t running; ///< the thread that ran before; `none` if it has ended
        std::vector<std::size_t> possible;
    };

    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    [[nodiscard]] const std::vector<step>& steps() const noexcept { return steps_; }

    /// Called by the library on a thread of the schedule; does nothing on others.
    static void point() noexcept { pause({}); }

    static void wait(const std::atomic<unsigned>& value, unsigned old) {
        if (current_ == nullptr || number_ == none)
            return value.wait(old);
        pause([&value, old] { return value != old; });
        if (value == old)
            throw all_wait{};
    }

private:
    struct all_wait {};

    struct state {
        bool done = false;
        std::function<bool()> ready; // empty: always
    };

    static void pause(std::function<bool()> ready) noexcept {
        schedule* const self = current_;
        if (self == nullptr || number_ == none)
            return;
        const std::size_t number = number_;
        std::unique_lock lock{self->mutex_};
        self->states_[number].ready = std::move(ready);
        self->choose(lock);
        self->turn_.wait(lock, [&] { return self->running_ == number; });
        self->states_[number].ready = {};
    }

    void choose(std::unique_lock<std::mutex>&) {
        std::vector<std::size_t> possible;
        std::vector<std::size_t> left;
        for (std::size_t number = 0; number < states_.size(); ++number) {
            if (states_[number].done)
                continue;
            left.push_back(number);
            if (!states_[number].ready || states_[number].ready())
                possible.push_back(number);
        }
        if (left.empty())
            return;
        if (possible.empty()) { // Each goes on, and throws.
            stuck_ = true;
            possible = left;
        }
        const auto has = [&](std::size_t number) {
            return std::find(possible.begin(), possible.end(), number) != possible.end();
        };
        std::size_t chosen = has(running_) ? running_ : possible.front();
        if (steps_.size() < choices_.size() && has(choices_[steps_.size()]))
            chosen = choices_[steps_.size()];
        steps_.push_back({chosen, has(running_) ? running_ : none, possible});
        running_ = chosen;
        turn_.notify_all();
    }

    static inline schedule* current_ = nullptr;
    static inline thread_local std::size_t number_ = none;

    const std::vector<std::size_t> choices_;
    std::mutex mutex_;
    std::condition_variable turn_;
    std::vector<state> states_;
    std::size_t running_ = none;
    std::vector<step> steps_;
    bool stuck_ = false;
};

/// The result of `try_schedules`.
struct schedules_tried {
    int count = 0;
    std::string failure; ///< the first one with its order; empty if there is none
};

/// Tries all orders of the threads that `make` returns, in which at most `preemptions` threads are
/// interrupted while they could go on. A fault that needs more interruptions is rare (Musuvathi,
/// Qadeer: CHESS, 2007). `make` is called for each order; `check` returns what is wrong afterwards,
/// or an empty text.
template <typename Make, typename Check>
schedules_tried try_schedules(int preemptions, const Make& make, const Check& check) {
    schedules_tried result;
    std::vector<std::vector<std::size_t>> to_try{{}};
    while (!to_try.empty() && result.failure.empty()) {
        const std::vector<std::size_t> choices = std::move(to_try.back());
        to_try.pop_back();
        schedule order{choices};
        auto world = make();
        const bool ended = order.run(world->threads);
        result.failure = ended ? check(*world) : "all threads wait";
        ++result.count;
        std::vector<std::size_t> taken;
        int spent = 0;
        for (std::size_t index = 0; index < order.steps().size(); ++index) {
            const schedule::step& step = order.steps()[index];
            if (index >= choices.size()) {
                for (const std::size_t other : step.possible) {
                    const bool interrupts = step.running != schedule::none && other != step.running;
                    if (other == step.chosen || spent + (interrupts ? 1 : 0) > preemptions)
                        continue;
                    to_try.push_back(taken);
                    to_try.back().push_back(other);
                }
            }
            spent += step.running != schedule::none && step.chosen != step.running ? 1 : 0;
            taken.push_back(step.chosen);
        }
        if (!result.failure.empty()) {
            result.failure += " in the order";
            for (const std::size_t each : taken)
                result.failure += ' ' + std::to_string(each);
        }
    }
    return result;
}

} // namespace forest::tests

namespace forest::inline FOREST_FORM::detail {

inline void schedule_point() noexcept {
    tests::schedule::point();
}

inline void schedule_wait(const std::atomic<unsigned>& value, unsigned old) {
    tests::schedule::wait(value, old);
}

} // namespace forest::inline FOREST_FORM::detail

#endif
