// SPDX-License-Identifier: BSL-1.0

// The build of an application can check how soon the application learns of a crash.

#include <forest/core/backoff.hpp>
#include <forest/core/detection.hpp>
#include <forest/core/options.hpp>

#include <chrono>
#include <cstdlib>

using namespace std::chrono_literals;

// The options of this application are checked when it is compiled.
constexpr forest::options settings{.interval = 10s, .timeout = 3s, .failure_threshold = 2};
static_assert(settings.valid());

// 10 s to the next check and 2 s to the second one; a black hole adds both timeouts.
constexpr forest::detection_bound bound = forest::worst_case_detection(settings);
static_assert(bound.refused == 12s);
static_assert(bound.black_holed == 18s);

// The bounds of the default options, and of a constant backoff.
static_assert(forest::worst_case_detection({}).refused == 36s);
static_assert(forest::worst_case_detection({}).black_holed == 51s);
static_assert(forest::worst_case_detection({}, forest::constant_backoff{}).refused == 90s);
static_assert(forest::worst_case_detection({}, forest::constant_backoff{}).black_holed == 105s);

int main() {
    return EXIT_SUCCESS;
}
