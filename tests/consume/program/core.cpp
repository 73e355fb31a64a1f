// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detection.hpp>
#include <forest/version.hpp>

// A user who takes the values and pure functions, and no package but this one.

static_assert(forest::worst_case_detection({}).refused == std::chrono::seconds{36});

int main() { return forest::version.empty() ? 1 : 0; }
