// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_CONTAINER_SEGMENTED_VECTOR_HPP
#define FOREST_CORE_DETAIL_CONTAINER_SEGMENTED_VECTOR_HPP

#include <forest/form.hpp>

#include <cassert>
#include <cstddef>
#include <utility>
#include <vector>

// A sequence that never moves its elements and wastes little memory. A std::deque has blocks of 512
// bytes: with large elements much of a block is unused. A std::vector is half empty when it has
// just grown.

namespace forest::inline FOREST_FORM::detail {

/// A sequence that grows at its end, `segment_size` elements at a time. Elements are neither moved
/// nor removed before it is destroyed. Not thread-safe.
template <typename T, std::size_t segment_size>
class segmented_vector {
    static_assert(segment_size > 0);

public:
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    [[nodiscard]] T& operator[](std::size_t index) noexcept {
        assert(index < size_);
        return segments_[index / segment_size][index % segment_size];
    }

    [[nodiscard]] const T& operator[](std::size_t index) const noexcept {
        assert(index < size_);
        return segments_[index / segment_size][index % segment_size];
    }

    /// If this throws, nothing has changed.
    template <typename... Args>
    T& emplace_back(Args&&... args) {
        if (size_ == segments_.size() * segment_size) {
            std::vector<T> added;
            added.reserve(segment_size);
            segments_.push_back(std::move(added));
        }
        T& result = segments_.back().emplace_back(std::forward<Args>(args)...);
        ++size_;
        return result;
    }

private:
    // Each segment has room for all its elements from the beginning, so it does not move them.
    std::vector<std::vector<T>> segments_;
    std::size_t size_ = 0;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
