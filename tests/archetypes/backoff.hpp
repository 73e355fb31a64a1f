// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_ARCHETYPES_BACKOFF_HPP
#define FOREST_TESTS_ARCHETYPES_BACKOFF_HPP

#include <forest/policy/backoff.hpp>

// The least that is a backoff: it is copied, because a machine is, but never assigned. What it
// answers is not a duration but converts to one.

namespace forest::tests {

class backoff_archetype {
public:
    struct convertible_to_duration {
        operator duration() const { return duration{1}; }
    };

    backoff_archetype() = delete;
    explicit backoff_archetype(int) noexcept {}
    backoff_archetype(const backoff_archetype&) noexcept = default;
    backoff_archetype& operator=(const backoff_archetype&) = delete;
    ~backoff_archetype() = default;
    void operator&() const = delete;

    convertible_to_duration operator()(int, duration) const { return {}; }
};

static_assert(backoff<backoff_archetype>);

} // namespace forest::tests

#endif
