// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_REAL_TIME_HPP
#define FOREST_SIM_CONFORMANCE_REAL_TIME_HPP

#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/conformance/harness.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <thread>
#include <utility>

// The part of a harness that lets real time pass, for models on sockets and real clocks.

namespace forest::inline FOREST_FORM::sim::conformance {

/// Real time: the base of harnesses for models that run on an event loop or on threads of their
/// own. Only `in_context` may be called from another thread than the one that runs the battery.
class real_time {
public:
    /// For models that run on an event loop: `turn(span)` runs the loop on the calling thread for
    /// about `span`, from 0 to `turn_max`, or until the loop has done something:
    ///
    ///     real_time{[&](forest::duration span) { io.restart(); io.run_for(span); }}
    ///
    /// Without `turn` the models have threads of their own, and the battery sleeps to let time
    /// pass.
    explicit real_time(std::function<void(duration)> turn = {}) : turn_{std::move(turn)} {}

    real_time(const real_time&) = delete;
    real_time& operator=(const real_time&) = delete;

    /// The longest span that `turn` gets.
    static constexpr duration turn_max = std::chrono::milliseconds{5};

    [[nodiscard]] steady_time now() const;

    bool run_until(const std::function<bool()>& holds, duration limit);

    /// With `turn` it returns whether the loop is running on this thread. Without `turn` it returns
    /// whether this is not the thread of the battery, because no handler may run there. A harness
    /// that knows more hides this function with its own.
    [[nodiscard]] bool in_context() const;

    /// Calls `action` on a thread of its own; throws what `action` throws. A harness for models
    /// that belong to one thread hides this function with one that calls `action` at once.
    void elsewhere(const std::function<void()>& action) {
        std::async(std::launch::async, action).get();
    }

    /// Enough on a busy machine, also under a sanitizer.
    [[nodiscard]] duration tolerance() const { return std::chrono::seconds{5}; }

private:
    void pass(duration span);

    std::function<void(duration)> turn_;
    std::atomic<std::thread::id> running_on_{};
    std::atomic<std::thread::id> battery_thread_{std::this_thread::get_id()};
};

static_assert(time_harness<real_time>);

} // namespace forest::inline FOREST_FORM::sim::conformance

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/conformance/impl/real_time.ipp>
#endif

#endif
