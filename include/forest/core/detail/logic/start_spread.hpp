// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_START_SPREAD_HPP
#define FOREST_CORE_DETAIL_LOGIC_START_SPREAD_HPP

#include <cstdint>

// Where in the interval a target begins, so that any number of targets, added in any order, are
// spread evenly, and those of one server among themselves, too.

namespace forest::detail {

/// The share of the interval, in [0, 1), after which the `target`-th target of the `server`-th
/// server begins; both count from 0. Multiples of the golden ratio, and of the square root of 2,
/// are the two sequences that leave no large gap however far they are continued; in fixed point, so
/// that the result is the same everywhere.
[[nodiscard]] constexpr double start_share(std::uint64_t server, std::uint64_t target) noexcept {
    constexpr std::uint64_t per_target = 0x9e3779b97f4a7c15; // 0.618... times 2^64
    constexpr std::uint64_t per_server = 0x6a09e667f3bcc909; // 0.414... times 2^64
    const std::uint64_t position = server * per_server + target * per_target;
    return static_cast<double>(position >> 11) * 0x1.0p-53;
}

} // namespace forest::detail

#endif
