// SPDX-License-Identifier: BSL-1.0
// expect: probe\.judge\(answer, now\)
// expect: does not satisfy|constraints not satisfied
#include <forest/policy/probe.hpp>

struct undecided_probe {
    void prepare(forest::request&) const;
#ifdef FOREST_COMPILE_OK
    forest::verdict judge(const forest::reply&, forest::wall_time) const noexcept;
#endif
};

template <forest::probe>
struct requires_a_probe {};

requires_a_probe<undecided_probe> instance;
