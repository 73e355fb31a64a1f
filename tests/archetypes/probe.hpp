// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_ARCHETYPES_PROBE_HPP
#define FOREST_TESTS_ARCHETYPES_PROBE_HPP

#include <forest/policy/probe.hpp>

// The least that is a probe.

namespace forest::tests {

class probe_archetype {
public:
    probe_archetype() = delete;
    explicit probe_archetype(int) noexcept {}
    probe_archetype(const probe_archetype&) = default;
    probe_archetype& operator=(const probe_archetype&) = delete;
    ~probe_archetype() = default;
    void operator&() const = delete;

    void prepare(request&) const {}

    [[nodiscard]] verdict judge(const reply&, wall_time) const noexcept { return {}; }
};

static_assert(probe<probe_archetype>);

} // namespace forest::tests

#endif
