// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_CONTAINER_FNV_1A_HPP
#define FOREST_CORE_DETAIL_CONTAINER_FNV_1A_HPP

#include <forest/form.hpp>

#include <cstdint>

// The hash FNV-1a (Fowler, Noll and Vo). It is the same on every machine and in every run;
// std::hash does not promise that. Not for data that an attacker chooses.

namespace forest::inline FOREST_FORM::detail {

inline constexpr std::uint64_t fnv_1a_begin = 0xcbf29ce484222325U;

// Adds one part to the hash of the earlier parts, and returns the new hash.
constexpr std::uint64_t fnv_1a(std::uint64_t hash, std::uint64_t part) noexcept {
    return (hash ^ part) * 0x100000001b3U;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
