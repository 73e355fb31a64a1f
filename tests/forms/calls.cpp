// SPDX-License-Identifier: BSL-1.0

// A file that calls a function of another one with a type of the library.

#include <forest/core/options.hpp>

int failures_of(const forest::options& chosen);

int main() {
    const forest::options chosen;
    return failures_of(chosen) == chosen.failure_threshold ? 0 : 1;
}
