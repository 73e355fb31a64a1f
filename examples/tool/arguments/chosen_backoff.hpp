// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_ARGUMENTS_CHOSEN_BACKOFF_HPP
#define FOREST_EXAMPLES_TOOL_ARGUMENTS_CHOSEN_BACKOFF_HPP

#include <forest/core/backoff.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/backoff.hpp>

// A backoff that chooses at run time.

namespace forest::cli {

/// The schedule that `--backoff` names.
struct chosen_backoff {
    bool constant = false;

    [[nodiscard]] constexpr duration operator()(int failures, duration interval) const noexcept {
        return constant ? constant_backoff{}(failures, interval)
                        : exponential_backoff{}(failures, interval);
    }
};

static_assert(backoff<chosen_backoff>);

} // namespace forest::cli

#endif
