// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_SCRIPT_FAULT_CHECK_HPP
#define FOREST_SIM_SCRIPT_FAULT_CHECK_HPP

#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/script/fault.hpp>
#include <forest/sim/script/latency.hpp>
#include <forest/sim/time/host.hpp>

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>

// Faults without a meaning, or with an unlikely one, are refused when they are added: a script that
// is silently ignored tests nothing.

namespace forest::inline FOREST_FORM::sim {

/// Returns what is wrong with a fault in a world with so many servers and clients, as the second
/// part of a sentence; null if nothing is wrong.
[[nodiscard]] FOREST_DECL const char* fault_refused_for(const fault& fault, std::size_t servers,
                                                        std::size_t clients) noexcept;

/// Throws std::invalid_argument for a fault that is refused.
FOREST_DECL void check_fault(const fault& fault, std::size_t servers, std::size_t clients);

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/script/impl/fault_check.ipp>
#endif

#endif
