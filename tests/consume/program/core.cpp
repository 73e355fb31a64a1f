// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detection.hpp>
#include <forest/core/url.hpp>

#include <chrono>
#include <cstdio>

// A user who takes the values and pure functions, and no package but this one.

static_assert(forest::worst_case_detection({}).refused == std::chrono::seconds{36});

int main() {
    const forest::url target{"http://warehouse.example:3000/forest/health"};
    std::printf("%s %s\n", target.host_header().c_str(), target.target().c_str());
    return target.port() == 3000 ? 0 : 1;
}
