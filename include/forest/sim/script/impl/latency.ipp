// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_SCRIPT_IMPL_LATENCY_IPP
#define FOREST_SIM_SCRIPT_IMPL_LATENCY_IPP

#include <forest/sim/script/latency.hpp>

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL duration latency::draw(random_generator& random) const noexcept {
    switch (distribution) {
    case shape::constant: return capped(1.0);
    case shape::uniform: return capped(2.0 * random.uniform());
    case shape::exponential: return capped(standard_exponential(random));
    case shape::heavy_tail: {
        // The mean of a Pareto variate with exponent 2 is twice its least value.
        const double share = 1.0 - random.uniform(); // in (0, 1]
        return capped(0.5 / std::sqrt(share));
    }
    }
    return least;
}

FOREST_DECL duration latency::capped(double factor) const noexcept {
    const double length = static_cast<double>(typical.count()) * factor;
    const auto limit = static_cast<double>(maximum.count());
    return std::min(least + duration{static_cast<duration::rep>(std::min(length, limit))}, maximum);
}

} // namespace forest::inline FOREST_FORM::sim

#endif
