// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_CONTAINER_QUAD_HEAP_HPP
#define FOREST_CORE_DETAIL_CONTAINER_QUAD_HEAP_HPP

#include <forest/form.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

// A priority queue with four children for each entry. It has half as many levels as a heap with two
// children, and the four children are together in memory.

namespace forest::inline FOREST_FORM::detail {

/// Its front is the entry that is `Sooner` than all others. `Entry` is small and cheap to move.
/// Equal entries come out in no particular order. Not thread-safe.
template <typename Entry, bool (*Sooner)(const Entry&, const Entry&) noexcept>
class quad_heap {
public:
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

    /// Returns the first entry; there must be one.
    [[nodiscard]] const Entry& front() const noexcept { return entries_.front(); }

    /// Returns whether the next `push` has to make room.
    [[nodiscard]] bool full() const noexcept { return entries_.size() == entries_.capacity(); }

    /// Makes room, so that `push` never fails until there are `size` entries.
    void reserve(std::size_t size) {
        if (size > entries_.capacity())
            entries_.reserve(size + std::max(entries_.size() / 4, size_min));
    }

    void push(const Entry& entry) {
        // Grows by a quarter. With doubling, up to half of the memory could stay unused.
        if (entries_.size() == entries_.capacity())
            entries_.reserve(entries_.size() + std::max(entries_.size() / 4, size_min));
        entries_.push_back(entry);
        rise(entries_.size() - 1, entry);
    }

    /// Removes the first entry; there must be one.
    void pop() noexcept {
        const Entry last = entries_.back();
        entries_.pop_back();
        if (!entries_.empty())
            sink(0, last);
    }

    /// Removes all entries for which `unwanted` returns true.
    template <typename Predicate>
    void erase_if(Predicate&& unwanted) {
        std::erase_if(entries_, std::forward<Predicate>(unwanted));
        for (std::size_t index = entries_.size() / fan_out + 1; index-- > 0;)
            if (index < entries_.size())
                sink(index, Entry{entries_[index]});
    }

private:
    static constexpr std::size_t fan_out = 4;
    static constexpr std::size_t size_min = 16;

    void rise(std::size_t index, const Entry& rising) noexcept {
        while (index > 0) {
            const std::size_t parent = (index - 1) / fan_out;
            if (!Sooner(rising, entries_[parent]))
                break;
            entries_[index] = entries_[parent];
            index = parent;
        }
        entries_[index] = rising;
    }

    // Puts an entry at `index` or below it, where it belongs.
    void sink(std::size_t index, const Entry& sinking) noexcept {
        Entry* const entries = entries_.data();
        const std::size_t size = entries_.size();
        for (;;) {
            const std::size_t first = index * fan_out + 1;
            if (first >= size)
                break;
            const Entry* best = entries + first;
            const Entry* const end = entries + std::min(first + fan_out, size);
            for (const Entry* each = best + 1; each != end; ++each)
                best = Sooner(*each, *best) ? each : best;
            if (!Sooner(*best, sinking))
                break;
            entries[index] = *best;
            index = static_cast<std::size_t>(best - entries);
        }
        entries[index] = sinking;
    }

    std::vector<Entry> entries_;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
