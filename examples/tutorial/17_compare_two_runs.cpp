// SPDX-License-Identifier: BSL-1.0

// The same seed and script give the same world, as the digests of two runs show. If two runs
// differ, this finds the first line that differs. Needs the standard library only.

#include <forest/core/outage.hpp>
#include <forest/sim/script/latency.hpp>
#include <forest/sim/trace/determinism.hpp>
#include <forest/sim/trace/trace.hpp>
#include <forest/sim/world/world.hpp>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <utility>

using namespace std::chrono_literals;

forest::sim::trace one_crash(std::uint64_t seed, forest::sim::trace lines) {
    forest::sim::world world{seed, std::move(lines)};
    auto& warehouse = world.add_server("warehouse");
    world.add_client(warehouse, {}, {.usual = forest::sim::exponential(20ms)});
    world.between(75s, 200s).crash(warehouse);
    world.run_for(1h);
    return world.trace();
}

int main() {
    const auto lines = one_crash(7, forest::sim::trace{12});
    for (const forest::sim::trace_line& each : lines.lines())
        std::cout << to_string(each) << '\n';

    const bool repeats = !forest::sim::check_determinism(one_crash, 7);
    const auto digest = forest::sim::digest_text(lines.digest());
    std::cout << "digest " << digest << " of " << lines.count() << " lines\n";

    // Two runs differ if they depend on anything outside of the world: here on a counter that is
    // never reset.
    std::uint64_t outside = 0;
    const auto unruly = [&](std::uint64_t, forest::sim::trace kept) {
        return one_crash(++outside, std::move(kept));
    };
    const auto found = forest::sim::check_determinism(unruly, 7);
    if (found)
        std::cout << "line " << found->line << " is " << found->first << ", and then "
                  << found->second << '\n';
    return repeats && found ? EXIT_SUCCESS : EXIT_FAILURE;
}
