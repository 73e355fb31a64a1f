// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_ARCHETYPES_SIGNER_HPP
#define FOREST_TESTS_ARCHETYPES_SIGNER_HPP

#include <forest/policy/signer.hpp>

// The least that is a signer.

namespace forest::tests {

class signer_archetype {
public:
    signer_archetype() = delete;
    explicit signer_archetype(int) noexcept {}
    signer_archetype(signer_archetype&&) noexcept = default;
    signer_archetype& operator=(signer_archetype&&) = delete;
    signer_archetype(const signer_archetype&) = delete;
    signer_archetype& operator=(const signer_archetype&) = delete;
    ~signer_archetype() = default;
    void operator&() const = delete;

    void sign(const request&, wall_time, header_fields&) {}
};

static_assert(signer<signer_archetype>);

} // namespace forest::tests

#endif
