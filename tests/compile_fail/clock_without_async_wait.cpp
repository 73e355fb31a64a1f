// SPDX-License-Identifier: BSL-1.0
// expect: clock\.async_wait\(delay, handler\)
// expect: does not satisfy|constraints not satisfied
#include <forest/policy/clock.hpp>

struct stopped_clock {
    forest::wall_time now() const;
    forest::steady_time steady_now() const;
#ifdef FOREST_COMPILE_OK
    template <typename Handler>
    void async_wait(forest::duration, Handler);
#endif
    void cancel();
};

template <forest::clock>
struct requires_a_clock {};

requires_a_clock<stopped_clock> instance;
