// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_SCRIPT_LATENCY_HPP
#define FOREST_SIM_SCRIPT_LATENCY_HPP

#include <forest/core/random.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>

// The time of a message, drawn from a distribution. The same seed has to give the same network with
// every compiler. std::exponential_distribution and std::log do not promise that. So this header
// uses only single operations whose last bit IEEE 754 defines.

namespace forest::inline FOREST_FORM::sim {

/// Returns a random number with the exponential distribution of mean 1 (von Neumann, 1951). It
/// needs only comparisons, and six uniform random numbers on average.
[[nodiscard]] constexpr double standard_exponential(random_generator& random) noexcept {
    for (double whole = 0.0;; whole += 1.0) {
        const double first = random.uniform();
        double last = first;
        for (bool odd = true;; odd = !odd) {
            const double next = random.uniform();
            if (next >= last) {
                if (odd)
                    return whole + first;
                break;
            }
            last = next;
        }
    }
}

/// A distribution of delays. Never negative, never longer than `maximum`.
struct latency {
    enum class shape : std::uint8_t {
        constant,    ///< always `typical`
        uniform,     ///< from 0 to twice `typical`
        exponential, ///< of mean `typical`
        heavy_tail,  ///< Pareto with exponent 2 and mean `typical`: sometimes very late
    };

    /// The longest time of any message.
    static constexpr duration maximum = std::chrono::hours{1};

    shape distribution = shape::constant;
    duration typical = std::chrono::milliseconds{1}; ///< the mean; from 0 to `maximum`
    duration least = duration::zero();               ///< added to each; from 0 to `maximum`

    [[nodiscard]] constexpr bool valid() const noexcept {
        constexpr duration zero = duration::zero();
        return zero <= typical && typical <= maximum && zero <= least && least <= maximum;
    }

    [[nodiscard]] duration draw(random_generator& random) const noexcept;

    friend constexpr bool operator==(const latency&, const latency&) = default;

private:
    [[nodiscard]] duration capped(double factor) const noexcept;
};

/// Always `delay`, plus `least`.
[[nodiscard]] constexpr latency constant(duration delay, duration least = {}) noexcept {
    return {.typical = delay, .least = least};
}

/// From 0 to twice `mean`, all equally likely, plus `least`.
[[nodiscard]] constexpr latency uniform(duration mean, duration least = {}) noexcept {
    return {.distribution = latency::shape::uniform, .typical = mean, .least = least};
}

/// Exponential with the mean `mean`, plus `least`.
[[nodiscard]] constexpr latency exponential(duration mean, duration least = {}) noexcept {
    return {.distribution = latency::shape::exponential, .typical = mean, .least = least};
}

/// Mostly short and rarely very long, plus `least`.
[[nodiscard]] constexpr latency heavy_tail(duration mean, duration least = {}) noexcept {
    return {.distribution = latency::shape::heavy_tail, .typical = mean, .least = least};
}

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/script/impl/latency.ipp>
#endif

#endif
