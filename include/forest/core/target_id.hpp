// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_TARGET_ID_HPP
#define FOREST_CORE_TARGET_ID_HPP

#include <cstdint>

// Which of many targets: what a fleet answers when one is added to it.

namespace forest {

/// Names one target of one fleet. No id is used twice, and none is 0. Ordered and hashable, as any
/// enumeration.
enum class target_id : std::uint64_t {};

/// What the ids are made of that a fleet gives: the index of a place, which counts from 0 and is
/// used again, and how often that was given away, from 1, so that no id is used twice.
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

} // namespace forest

#endif
