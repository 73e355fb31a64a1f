// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_ARCHETYPES_TRANSPORT_HPP
#define FOREST_TESTS_ARCHETYPES_TRANSPORT_HPP

#include <forest/policy/transport.hpp>

// The least that is a transport. Whatever needs more of one does not compile with it.

namespace forest::tests {

class transport_archetype {
public:
    transport_archetype() = delete;
    explicit transport_archetype(int) noexcept {}
    transport_archetype(transport_archetype&&) noexcept = default;
    transport_archetype& operator=(transport_archetype&&) = delete;
    transport_archetype(const transport_archetype&) = delete;
    transport_archetype& operator=(const transport_archetype&) = delete;
    ~transport_archetype() = default;
    void operator&() const = delete;

    template <typename Handler>
    void async_get(const request&, duration, Handler) {}

    void cancel() {}
};

static_assert(transport<transport_archetype>);

} // namespace forest::tests

#endif
