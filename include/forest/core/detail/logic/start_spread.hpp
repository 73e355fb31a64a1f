// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_START_SPREAD_HPP
#define FOREST_CORE_DETAIL_LOGIC_START_SPREAD_HPP

#include <forest/form.hpp>

#include <cstdint>

// Decides where in the interval a target begins. Any number of targets, added in any order, are
// spread evenly. The targets of one server are spread evenly, too.

namespace forest::inline FOREST_FORM::detail {

/// Returns the share of the interval, in [0, 1), after which the `target`-th target of the
/// `server`-th server begins; both count from 0. It uses multiples of the golden ratio and of the
/// square root of 2: these two sequences leave no large gap, at any length. The arithmetic is in
/// fixed point, so the result is the same on all platforms.
[[nodiscard]] constexpr double start_share(std::uint64_t server, std::uint64_t target) noexcept {
    constexpr std::uint64_t per_target = 0x9e3779b97f4a7c15; // 0.618... times 2^64
    constexpr std::uint64_t per_server = 0x6a09e667f3bcc909; // 0.414... times 2^64
    const std::uint64_t position = server * per_server + target * per_target;
    return static_cast<double>(position >> 11) * 0x1.0p-53;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
