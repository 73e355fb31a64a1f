// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_ARCHETYPES_OBSERVER_HPP
#define FOREST_TESTS_ARCHETYPES_OBSERVER_HPP

#include <forest/policy/observer.hpp>

// The least that is an observer.

namespace forest::tests {

class observer_archetype {
public:
    observer_archetype() = delete;
    explicit observer_archetype(int) noexcept {}
    observer_archetype(observer_archetype&&) noexcept = default;
    observer_archetype& operator=(observer_archetype&&) = delete;
    observer_archetype(const observer_archetype&) = delete;
    observer_archetype& operator=(const observer_archetype&) = delete;
    ~observer_archetype() = default;
    void operator&() const = delete;

    void on_event(const event&) noexcept {}
};

static_assert(observer<observer_archetype>);

} // namespace forest::tests

#endif
