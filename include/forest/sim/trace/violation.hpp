// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_TRACE_VIOLATION_HPP
#define FOREST_SIM_TRACE_VIOLATION_HPP

#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/script/fault.hpp>

#include <optional>
#include <stdexcept>
#include <string>

// The result of watching a simulation: the rule that was broken, if any.

namespace forest::inline FOREST_FORM::sim {

/// A rule that was broken.
struct violation {
    std::string rule;        ///< its name in BEHAVIOUR.md, `B7` for example, or another name
    std::string explanation; ///< what happened, and what should have happened
    duration at{};           ///< since the beginning of the simulation
    std::string client{};    ///< the name of the client; empty if the rule is not about one client
};

/// `B7 (client0 at 375s): on_server_down was called twice`.
[[nodiscard]] FOREST_DECL std::string to_string(const violation& broken);

/// The exception of require_unbroken: `what()` is the violation as text.
class rule_broken : public std::logic_error {
public:
    explicit rule_broken(const violation& broken) : std::logic_error{to_string(broken)} {}
};

/// Throws rule_broken if there is a violation. So a test fails in every framework, without one, and
/// in a build with NDEBUG.
FOREST_DECL void require_unbroken(const std::optional<violation>& broken);

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/trace/impl/violation.ipp>
#endif

#endif
