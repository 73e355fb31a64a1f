// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_SCHEDULE_POINT_HPP
#define FOREST_CORE_DETAIL_LOGIC_SCHEDULE_POINT_HPP

#include <forest/form.hpp>

#include <atomic>

// The moments at which the order of two threads matters. A test that defines
// FOREST_TEST_SCHEDULE_POINTS tries all orders; otherwise nothing is left of them. Without that, a
// lost race shows in one run of five.

namespace forest::inline FOREST_FORM::detail {

#ifdef FOREST_TEST_SCHEDULE_POINTS

/// Lets the test decide which thread goes on. Must not be called under a lock.
void schedule_point() noexcept;

/// Waits until `value` differs from `old`. The test knows that this thread waits, and throws if all
/// threads do.
void schedule_wait(const std::atomic<unsigned>& value, unsigned old);

#else

constexpr void schedule_point() noexcept {}

inline void schedule_wait(const std::atomic<unsigned>& value, unsigned old) noexcept {
    value.wait(old);
}

#endif

} // namespace forest::inline FOREST_FORM::detail

#endif
