// SPDX-License-Identifier: BSL-1.0

// The function that calls.cpp calls.

#include <forest/core/options.hpp>

int failures_of(const forest::options& chosen);

int failures_of(const forest::options& chosen) {
    return chosen.failure_threshold;
}
