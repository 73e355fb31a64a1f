// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_ARCHETYPES_CLOCK_HPP
#define FOREST_TESTS_ARCHETYPES_CLOCK_HPP

#include <forest/policy/clock.hpp>

// The least that is a clock. What it answers is not a time but converts to one.

namespace forest::tests {

class clock_archetype {
public:
    template <typename Time>
    struct convertible_to {
        operator Time() const { return {}; }
    };

    clock_archetype() = delete;
    explicit clock_archetype(int) noexcept {}
    clock_archetype(clock_archetype&&) noexcept = default;
    clock_archetype& operator=(clock_archetype&&) = delete;
    clock_archetype(const clock_archetype&) = delete;
    clock_archetype& operator=(const clock_archetype&) = delete;
    ~clock_archetype() = default;
    void operator&() const = delete;

    [[nodiscard]] convertible_to<wall_time> now() const { return {}; }
    [[nodiscard]] convertible_to<steady_time> steady_now() const { return {}; }

    template <typename Handler>
    void async_wait(duration, Handler) {}

    void cancel() {}
};

static_assert(clock<clock_archetype>);

} // namespace forest::tests

#endif
