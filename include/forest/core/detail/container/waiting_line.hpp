// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_CONTAINER_WAITING_LINE_HPP
#define FOREST_CORE_DETAIL_CONTAINER_WAITING_LINE_HPP

#include <forest/form.hpp>

#include <cassert>
#include <cstddef>
#include <vector>

// A queue: the first entry that comes is served first.

namespace forest::inline FOREST_FORM::detail {

/// A queue that keeps its memory, and so allocates only when it grows. Not thread-safe.
template <typename Entry>
class waiting_line {
public:
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size() - served_; }

    void push(const Entry& last) {
        if (served_ > size()) { // uses the memory at the front again
            entries_.erase(entries_.begin(),
                           entries_.begin() + static_cast<std::ptrdiff_t>(served_));
            served_ = 0;
        }
        entries_.push_back(last);
    }

    /// Adds an entry before all others. This is quick if entries were taken out before.
    void push_front(const Entry& first) {
        if (served_ > 0)
            entries_[--served_] = first;
        else
            entries_.insert(entries_.begin(), first);
    }

    /// The first entry; there must be one.
    [[nodiscard]] const Entry& front() const noexcept {
        assert(!empty());
        return entries_[served_];
    }

    /// Removes the first entry and returns it; there must be one.
    Entry pop() noexcept {
        assert(!empty());
        return entries_[served_++];
    }

private:
    std::vector<Entry> entries_;
    std::size_t served_ = 0; // the number of removed entries at the front
};

} // namespace forest::inline FOREST_FORM::detail

#endif
