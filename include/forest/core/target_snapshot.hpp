// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_TARGET_SNAPSHOT_HPP
#define FOREST_CORE_TARGET_SNAPSHOT_HPP

#include <forest/core/event.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/target_id.hpp>
#include <forest/form.hpp>

#include <optional>
#include <string>

// The state of one of many targets at a moment.

namespace forest::inline FOREST_FORM {

struct target_snapshot {
    target_id id{};
    std::string target{}; ///< the URL
    target_status status{};
    int attempt = 0;                        ///< checks since the last success (B10)
    int failures = 0;                       ///< consecutive failures that count
    std::optional<forest::outage> outage{}; ///< while the status is down; its own `target` is empty
};

} // namespace forest::inline FOREST_FORM

#endif
