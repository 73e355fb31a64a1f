// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_SCHEMA_SOURCE_HPP
#define FOREST_CORE_SCHEMA_SOURCE_HPP

#include <forest/form.hpp>

#include <cstdint>
#include <string_view>

// Where the known schema of a datasource came from.

namespace forest::inline FOREST_FORM {

/// Where a schema came from.
enum class schema_source : std::uint8_t {
    none,          ///< nowhere: there is no schema yet
    introspection, ///< the application passed it to the datasource (B30)
    server,
};

[[nodiscard]] constexpr std::string_view name(schema_source source) noexcept {
    switch (source) {
    case schema_source::none: return "none";
    case schema_source::introspection: return "introspection";
    case schema_source::server: return "server";
    }
    return {};
}

} // namespace forest::inline FOREST_FORM

#endif
