// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_RESOLVER_LIMITS_HPP
#define FOREST_CORE_RESOLVER_LIMITS_HPP

#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

// The limits of the look-ups of host names, and counts of these look-ups.

namespace forest::inline FOREST_FORM {

/// The bounds of look-ups. Every member is greater than 0.
struct resolver_limits {
    /// How many look-ups run at a time beside those that hang.
    std::size_t lookups_max = 32;

    /// How many look-ups may hang without taking a place from others. So at most `lookups_max +
    /// hanging_max` are under way.
    std::size_t hanging_max = 32;

    /// How many look-ups of local names run at a time, in addition to all others.
    std::size_t local_max = 4;

    /// How many addresses of a name are used, the first ones of the answer.
    std::size_t addresses_max = 16;

    /// How long an answer is used if the name service gives no lifetime.
    duration answer_lifetime = std::chrono::seconds{30};

    /// An answer is not used for longer than this, even if the name service allows it.
    duration answer_lifetime_max = std::chrono::hours{24};

    /// How long a failed look-up is remembered. During that time its error is returned without a
    /// new look-up.
    duration failure_lifetime = std::chrono::seconds{1};

    /// How long the last good answer may be used when the name service does not answer, counted
    /// from the end of its lifetime.
    duration last_good_max = std::chrono::hours{1};

    /// How long a check waits for a look-up that it does not need, because it can use a last good
    /// answer or report a refused address. It waits at most half of its remaining time.
    duration patience = std::chrono::seconds{1};

    /// How many names are kept. Names that were not used within `last_good_max` are forgotten
    /// earlier.
    std::size_t names_max = std::size_t{1} << 20;
};

/// The counts of the look-ups so far.
struct name_statistics {
    std::uint64_t lookups = 0;     ///< look-ups that have begun
    std::uint64_t not_found = 0;   ///< look-ups of names that do not exist
    std::uint64_t unavailable = 0; ///< look-ups without an answer of the name service
    std::uint64_t last_good = 0;   ///< requests that used the last good answer
};

} // namespace forest::inline FOREST_FORM

#endif
