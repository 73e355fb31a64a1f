// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_ARCHETYPES_RESOLVER_HPP
#define FOREST_TESTS_ARCHETYPES_RESOLVER_HPP

#include <forest/policy/resolver.hpp>

#include <string_view>

// The least that is a resolver. Whatever needs more of one does not compile with it.

namespace forest::tests {

class resolver_archetype {
public:
    resolver_archetype() = delete;
    explicit resolver_archetype(int) noexcept {}
    resolver_archetype(resolver_archetype&&) = delete;
    resolver_archetype& operator=(resolver_archetype&&) = delete;
    ~resolver_archetype() = default;
    void operator&() const = delete;

    template <typename Handler>
    void async_resolve(std::string_view, Handler) {}
};

static_assert(resolver<resolver_archetype>);

} // namespace forest::tests

#endif
