// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_IMPL_REAL_TIME_IPP
#define FOREST_SIM_CONFORMANCE_IMPL_REAL_TIME_IPP

#include <forest/sim/conformance/real_time.hpp>

namespace forest::inline FOREST_FORM::sim::conformance {

FOREST_DECL steady_time real_time::now() const {
    return std::chrono::time_point_cast<duration>(std::chrono::steady_clock::now());
}

FOREST_DECL bool real_time::run_until(const std::function<bool()>& holds, duration limit) {
    battery_thread_ = std::this_thread::get_id();
    const steady_time end = now() + limit;
    for (;;) {
        const duration left = end - now();
        if (holds())
            return true;
        if (left <= duration::zero())
            return false;
        pass(std::min(left, turn_max));
    }
}

FOREST_DECL bool real_time::in_context() const {
    if (turn_)
        return running_on_.load() == std::this_thread::get_id();
    return battery_thread_.load() != std::this_thread::get_id();
}

FOREST_DECL void real_time::pass(duration span) {
    if (!turn_) {
        std::this_thread::sleep_for(std::min<duration>(span, std::chrono::milliseconds{1}));
        return;
    }
    struct running {
        std::atomic<std::thread::id>& thread;
        explicit running(std::atomic<std::thread::id>& running_on) : thread{running_on} {
            thread = std::this_thread::get_id();
        }
        running(const running&) = delete;
        running& operator=(const running&) = delete;
        ~running() { thread = std::thread::id{}; }
    } const now_running{running_on_};
    turn_(span);
}

} // namespace forest::inline FOREST_FORM::sim::conformance

#endif
