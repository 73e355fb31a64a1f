// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_TARGET_ID_HPP
#define FOREST_CORE_TARGET_ID_HPP

#include <cstdint>

// Which of many targets: what a fleet answers when one is added to it.

namespace forest {

/// Names one target of one fleet. No id is used twice, and none is 0. Ordered and hashable, as any
/// enumeration.
enum class target_id : std::uint64_t {};

} // namespace forest

#endif
