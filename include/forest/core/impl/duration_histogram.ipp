// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_IMPL_DURATION_HISTOGRAM_IPP
#define FOREST_CORE_IMPL_DURATION_HISTOGRAM_IPP

#include <forest/core/duration_histogram.hpp>

#include <algorithm>
#include <bit>

namespace forest::inline FOREST_FORM {

FOREST_DECL void duration_histogram::add(duration value) noexcept {
    ++buckets_[bucket_of(value)];
    ++count_;
}

FOREST_DECL duration duration_histogram::quantile(double share) const noexcept {
    const auto wanted = static_cast<double>(count_) * std::clamp(share, 0.0, 1.0);
    std::uint64_t seen = 0;
    for (std::size_t index = 0; index < buckets_.size(); ++index) {
        seen += buckets_[index];
        if (seen > 0 && static_cast<double>(seen) >= wanted)
            return upper_end(index);
    }
    return duration::zero();
}

FOREST_DECL void duration_histogram::merge(const duration_histogram& other) noexcept {
    count_ += other.count_;
    std::transform(buckets_.begin(), buckets_.end(), other.buckets_.begin(), buckets_.begin(),
                   [](std::uint64_t left, std::uint64_t right) { return left + right; });
}

FOREST_DECL std::size_t duration_histogram::bucket_of(duration value) noexcept {
    const auto micros = static_cast<std::uint64_t>(
        std::max<std::int64_t>(std::chrono::ceil<microseconds>(value).count(), 0));
    const std::uint64_t bounded = std::min(micros, (std::uint64_t{1} << value_bits) - 1);
    const unsigned bits = static_cast<unsigned>(std::bit_width(bounded));
    const unsigned shift = bits > step_bits + 1 ? bits - step_bits - 1 : 0;
    return shift * steps + (bounded >> shift);
}

FOREST_DECL duration duration_histogram::upper_end(std::size_t index) noexcept {
    const std::size_t shift = index < 2 * steps ? 0 : index / steps - 1;
    const std::uint64_t lower = index - shift * steps;
    return microseconds{((lower + 1) << shift) - 1};
}

} // namespace forest::inline FOREST_FORM

#endif
