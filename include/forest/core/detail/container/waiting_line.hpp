// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_CONTAINER_WAITING_LINE_HPP
#define FOREST_CORE_DETAIL_CONTAINER_WAITING_LINE_HPP

#include <cassert>
#include <cstddef>
#include <vector>

// First come, first served.

namespace forest::detail {

/// A queue that keeps its room, so that it allocates only when it grows. Not thread-safe.
template <typename Entry>
class waiting_line {
public:
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size() - served_; }

    void push(const Entry& last) {
        if (served_ > size()) { // Room that is mostly behind us is used again.
            entries_.erase(entries_.begin(),
                           entries_.begin() + static_cast<std::ptrdiff_t>(served_));
            served_ = 0;
        }
        entries_.push_back(last);
    }

    /// Puts one before all others; quick if some were taken out before.
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
    std::size_t served_ = 0; // entries in front that are gone
};

} // namespace forest::detail

#endif
