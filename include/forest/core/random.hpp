// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_RANDOM_HPP
#define FOREST_CORE_RANDOM_HPP

// Randomness as a value that is passed in, and never a global. The same seed gives the same
// schedule with every compiler. std::uniform_*_distribution does not promise that.

#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <cstdint>
#include <string_view>

namespace forest::inline FOREST_FORM {

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): eight bytes of state, so that every target can
/// carry its own.
class random_generator {
public:
    using result_type = std::uint64_t;

    constexpr explicit random_generator(std::uint64_t seed = 0) noexcept : state_{seed} {}

    /// Returns a generator for an object called `name` that starts now. Two names, or two starts,
    /// do not have the same schedule.
    [[nodiscard]] static random_generator seeded(std::string_view name, steady_time now);

    static constexpr result_type min() noexcept { return 0; }
    static constexpr result_type max() noexcept { return UINT64_MAX; }

    constexpr result_type operator()() noexcept {
        state_ += 0x9e3779b97f4a7c15U;
        std::uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
        return mixed ^ (mixed >> 31);
    }

    /// Uniform in [0, 1), with 53 random bits.
    constexpr double uniform() noexcept { return static_cast<double>((*this)() >> 11) * 0x1.0p-53; }

private:
    std::uint64_t state_;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/impl/random.ipp>
#endif

#endif
