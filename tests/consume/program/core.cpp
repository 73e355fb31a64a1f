// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detection.hpp>
#include <forest/core/url.hpp>

#include <chrono>
#include <cstdio>
#include <string>

// A user who takes the values and pure functions, and no package but this one.

static_assert(forest::worst_case_detection({}).refused == std::chrono::seconds{36});

int main() {
    const forest::url target{"http://warehouse.example:3000/forest/health"};
    const std::string host{target.host_header()};
    const std::string path{target.target()};
    std::printf("%s %s\n", host.c_str(), path.c_str());
    return target.port() == 3000 ? 0 : 1;
}
