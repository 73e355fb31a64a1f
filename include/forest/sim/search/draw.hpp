// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_SEARCH_DRAW_HPP
#define FOREST_SIM_SEARCH_DRAW_HPP

#include <forest/core/options.hpp>
#include <forest/core/random.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/network/connection_setup.hpp>
#include <forest/sim/script/fault.hpp>
#include <forest/sim/script/latency.hpp>
#include <forest/sim/search/plan.hpp>

#include <algorithm>
#include <array>
#include <bitset>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

// Plans drawn from a seed: any number of faults, at any time, alone and together.

namespace forest::inline FOREST_FORM::sim {

/// A set of kinds of faults, by their numbers.
using fault_kinds = std::bitset<fault_kind_count>;

/// All kinds that a world can heal: all except `quit`.
[[nodiscard]] FOREST_DECL fault_kinds all_faults() noexcept;

/// How likely each kind is, by its number.
using fault_weights = std::array<std::uint32_t, fault_kind_count>;

[[nodiscard]] constexpr fault_weights equal_weights() noexcept {
    fault_weights all{};
    all.fill(1);
    return all;
}

/// The options of drawing.
struct draw_options {
    std::uint16_t servers_max = 3;           ///< at least 1
    std::uint16_t clients_max = 4;           ///< of all servers together; at least 1
    std::uint16_t faults_max = 12;           ///< of one plan
    fault_kinds kinds = all_faults();        ///< the kinds that may be drawn
    duration length = std::chrono::hours{1}; ///< of a plan; greater than 0
    bool random_options = true; ///< false: every client has the default options, and a check is one
                                ///< message and its answer

    /// The probability of each kind, by its number, relative to the sum of all kinds that may be
    /// drawn. A kind with weight 0 is not drawn.
    fault_weights weights = equal_weights();

    /// How many of a hundred faults are repeated (`fault::every`). From 0 to 100.
    int repeated_percent = 0;

    /// How many of a hundred faults are replaced by a swizzle. In a swizzle the links of all
    /// clients of a server are clogged one after another, and unclogged in another order. From 0 to
    /// 100; needs `clog` in `kinds`.
    int swizzled_percent = 0;
};

namespace detail {

class plan_drawer {
public:
    plan_drawer(std::uint64_t seed, const draw_options& settings) noexcept;

    plan draw();

private:
    std::uint64_t between(std::uint64_t least, std::uint64_t most) noexcept;

    // Returns whole milliseconds, so that a script is readable.
    duration up_to(duration most) noexcept;

    template <std::size_t Size>
    duration one_of(const std::array<std::chrono::milliseconds, Size>& choices) noexcept {
        return choices[between(0, Size - 1)];
    }

    options draw_client_options() noexcept;

    // Empty for half of the clients.
    std::optional<connection_setup> draw_connections() noexcept;

    // Uses a random number only if the result is not certain.
    bool happens(int percent) noexcept;

    bool may_be_drawn(fault_kind kind) const noexcept;

    // Draws until a kind is accepted. The probability is its weight, divided by the greatest one.
    fault_kind draw_kind() noexcept;

    // The same faults as `swizzle` of a script.
    void draw_swizzle(plan& drawn);

    fault draw_fault(const plan& target) noexcept;

    void draw_amounts(fault& drawn) noexcept;

    static constexpr std::array<std::chrono::milliseconds, 5> intervals{
        std::chrono::milliseconds{200}, std::chrono::seconds{1}, std::chrono::seconds{10},
        std::chrono::seconds{30}, std::chrono::seconds{60}};

    draw_options settings_;
    std::uint32_t heaviest_ = 0; // the greatest weight of a kind that may be drawn
    random_generator random_;
};

} // namespace detail

/// The plan of a seed.
[[nodiscard]] inline plan draw(std::uint64_t seed, const draw_options& settings = {}) {
    return detail::plan_drawer{seed, settings}.draw();
}

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/search/impl/draw.ipp>
#endif

#endif
