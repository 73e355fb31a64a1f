// SPDX-License-Identifier: BSL-1.0
// expect: backoff\(failures, interval\)
// expect: does not satisfy|constraints not satisfied
#include <forest/policy/backoff.hpp>

struct undecided_backoff {
#ifdef FOREST_COMPILE_OK
    forest::duration operator()(int, forest::duration) const;
#endif
};

template <forest::backoff>
struct requires_a_backoff {};

requires_a_backoff<undecided_backoff> instance;
