// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_ARCHETYPES_SERVER_HPP
#define FOREST_TESTS_ARCHETYPES_SERVER_HPP

#include <forest/policy/server.hpp>

#include <string>

// The least that is a server: it is referred to and stays where it is.

namespace forest::tests {

class server_archetype {
public:
    server_archetype() = delete;
    explicit server_archetype(int) noexcept {}
    server_archetype(server_archetype&&) = delete;
    server_archetype& operator=(server_archetype&&) = delete;
    ~server_archetype() = default;
    void operator&() const = delete;

    template <typename Handler>
    void get(std::string, Handler) {}
};

static_assert(server<server_archetype>);

} // namespace forest::tests

#endif
