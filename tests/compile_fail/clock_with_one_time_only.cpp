// SPDX-License-Identifier: BSL-1.0
// expect: constant\.steady_now\(\)
// expect: does not satisfy|constraints not satisfied
#include <forest/policy/clock.hpp>

struct wall_clock {
    forest::wall_time now() const;
#ifdef FOREST_COMPILE_OK
    forest::steady_time steady_now() const;
#endif
    template <typename Handler>
    void async_wait(forest::duration, Handler);
    void cancel();
};

template <forest::clock>
struct requires_a_clock {};

requires_a_clock<wall_clock> instance;
