// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_TARGET_ID_HPP
#define FOREST_CORE_TARGET_ID_HPP

#include <forest/form.hpp>

#include <cstdint>

// The name of one target among many. A fleet returns it when the target is added.

namespace forest::inline FOREST_FORM {

/// Names one target of one fleet. No id is used twice, and none is 0. It can be ordered and hashed,
/// like any enumeration.
enum class target_id : std::uint64_t {};

/// The two parts of the id of a target: the index of a place, from 0, and how often that place was
/// used, from 1. A place is used again, but no id is used twice.
struct target_place {
    std::uint32_t index;
    std::uint32_t generation;

    [[nodiscard]] constexpr target_id id() const noexcept {
        return static_cast<target_id>(std::uint64_t{generation} << 32U | index);
    }

    [[nodiscard]] static constexpr target_place of(target_id id) noexcept {
        const auto number = static_cast<std::uint64_t>(id);
        return {static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(number >> 32U)};
    }
};

} // namespace forest::inline FOREST_FORM

#endif
