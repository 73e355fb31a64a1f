// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_REAL_TIME_HPP
#define FOREST_SIM_CONFORMANCE_REAL_TIME_HPP

#include <forest/core/time.hpp>
#include <forest/sim/conformance/harness.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <thread>
#include <utility>

// The harness's part that lets real time pass, for models on sockets and real clocks.

namespace forest::sim::conformance {

/// Real time: the base of harnesses for models that run on an event loop, or on threads of their
/// own. All members but `in_context` are for the thread that runs the battery.
class real_time {
public:
    /// For models that run on an event loop: `turn(span)` runs the loop on the calling thread for
    /// about that time, from 0 to `turn_max`, or until it has done something:
    ///
    ///     real_time{[&](forest::duration span) { io.restart(); io.run_for(span); }}
    ///
    /// Without it the models have threads of their own, and time passes while this one sleeps.
    explicit real_time(std::function<void(duration)> turn = {}) : turn_{std::move(turn)} {}

    real_time(const real_time&) = delete;
    real_time& operator=(const real_time&) = delete;

    /// The longest that `turn` is asked to take.
    static constexpr duration turn_max = std::chrono::milliseconds{5};

    [[nodiscard]] steady_time now() const {
        return std::chrono::time_point_cast<duration>(std::chrono::steady_clock::now());
    }

    bool run_until(const std::function<bool()>& holds, duration bound) {
        battery_thread_ = std::this_thread::get_id();
        const steady_time end = now() + bound;
        for (;;) {
            const duration left = end - now();
            if (holds())
                return true;
            if (left <= duration::zero())
                return false;
            pass(std::min(left, turn_max));
        }
    }

    /// On an event loop: whether the loop is running, on this thread. Otherwise: whether this is
    /// another thread than the one of the battery, on which no handler has to run. A harness that
    /// can say more hides it with its own.
    [[nodiscard]] bool in_context() const {
        if (turn_)
            return running_on_.load() == std::this_thread::get_id();
        return battery_thread_.load() != std::this_thread::get_id();
    }

    /// On a thread of its own; throws what `what` throws. A harness for models that belong to one
    /// thread hides it with one that calls `what` at once.
    void elsewhere(const std::function<void()>& what) {
        std::async(std::launch::async, what).get();
    }

    /// On a busy machine, sanitizers and all.
    [[nodiscard]] duration tolerance() const { return std::chrono::seconds{5}; }

private:
    void pass(duration span) {
        if (!turn_) {
            std::this_thread::sleep_for(std::min<duration>(span, std::chrono::milliseconds{1}));
            return;
        }
        struct running {
            std::atomic<std::thread::id>& on;
            explicit running(std::atomic<std::thread::id>& of) : on{of} {
                on = std::this_thread::get_id();
            }
            running(const running&) = delete;
            running& operator=(const running&) = delete;
            ~running() { on = std::thread::id{}; }
        } const now_running{running_on_};
        turn_(span);
    }

    std::function<void(duration)> turn_;
    std::atomic<std::thread::id> running_on_{};
    std::atomic<std::thread::id> battery_thread_{std::this_thread::get_id()};
};

static_assert(time_harness<real_time>);

} // namespace forest::sim::conformance

#endif
