// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DATASOURCE_MODE_HPP
#define FOREST_CORE_DATASOURCE_MODE_HPP

#include <forest/form.hpp>

#include <cstdint>
#include <string_view>

// The routes that a datasource can poll.

namespace forest::inline FOREST_FORM {

/// What a datasource polls.
enum class datasource_mode : std::uint8_t {
    automatic,   ///< the health route, or the schema while the server has no such route
    health,      ///< the health route; if there is none, the server is down
    schema_poll, ///< the schema
};

[[nodiscard]] constexpr std::string_view name(datasource_mode mode) noexcept {
    switch (mode) {
    case datasource_mode::automatic: return "automatic";
    case datasource_mode::health: return "health";
    case datasource_mode::schema_poll: return "schema_poll";
    }
    return {};
}

} // namespace forest::inline FOREST_FORM

#endif
