// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_OUTPUT_PROCESS_RESOURCES_HPP
#define FOREST_EXAMPLES_TOOL_OUTPUT_PROCESS_RESOURCES_HPP

#include <forest/core/time.hpp>

#include <cstdint>

// The limits and the used resources of this process.

namespace forest::cli {

/// Raises the limit of open descriptors to the most that the system allows, and returns the limit
/// now.
std::uint64_t raise_descriptor_limit() noexcept;

/// The resources that the process has used since its start, with all its threads.
struct resource_usage {
    duration cpu{};                  ///< of user and system
    std::uint64_t resident_kb_max{}; ///< the most memory that was resident at a time
};

[[nodiscard]] resource_usage used_resources();

} // namespace forest::cli

#endif
