// SPDX-License-Identifier: BSL-1.0

// Checks that the ten scenarios have their fixed digests. A program of its own, because it is built
// several times, with different compilers and optimisation levels.

#include "scenarios.hpp"

#include <cstdio>
#include <string>

int main() {
    int wrong = 0;
    for (const forest::tests::scenario& each : forest::tests::scenarios) {
        const std::string digest =
            forest::sim::digest_text(each.run(20261125, forest::sim::trace{}).digest());
        const bool right = digest == each.digest;
        wrong += right ? 0 : 1;
        std::printf("%s %.*s%s\n", digest.c_str(), static_cast<int>(each.name.size()),
                    each.name.data(), right ? "" : ", which is not the one that is fixed");
    }
    return wrong == 0 ? 0 : 1;
}
