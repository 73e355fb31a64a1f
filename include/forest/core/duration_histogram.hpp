// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DURATION_HISTOGRAM_HPP
#define FOREST_CORE_DURATION_HISTOGRAM_HPP

#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

// Many durations in little memory, to compute percentiles of millions of values.

namespace forest::inline FOREST_FORM {

/// Counts durations in buckets. The width of a bucket is 1/32 of its value, and at least 1 us. So a
/// result is too large by at most this width. Trivially copyable, of fixed size. Not thread-safe.
class duration_histogram {
public:
    /// A negative duration counts as 0.
    void add(duration value) noexcept;

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

    /// Returns the duration that the given share of all durations does not exceed; 0 if there are
    /// none. `share` is from 0 to 1.
    [[nodiscard]] duration quantile(double share) const noexcept;

    /// Adds the counts of another histogram.
    void merge(const duration_histogram& other) noexcept;

private:
    using microseconds = std::chrono::microseconds;

    // Each value below 64 us has its own bucket. Above that, each doubling is divided into 32
    // buckets.
    static constexpr unsigned step_bits = 5;
    static constexpr std::uint64_t steps = 1U << step_bits;
    static constexpr unsigned value_bits = 44; // half a year, also for longer durations
    static constexpr std::size_t bucket_count = (value_bits - step_bits + 1) * steps;

    static std::size_t bucket_of(duration value) noexcept;

    static duration upper_end(std::size_t index) noexcept;

    std::array<std::uint64_t, bucket_count> buckets_{};
    std::uint64_t count_ = 0;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/impl/duration_histogram.ipp>
#endif

#endif
