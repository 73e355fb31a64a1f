// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_CONTAINER_INDEX_TABLE_HPP
#define FOREST_CORE_DETAIL_CONTAINER_INDEX_TABLE_HPP

#include <forest/form.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

// Finds the entries of an array by their content. A std::unordered_map would store the content a
// second time, in a block for each entry: it needs some 45 bytes for each entry, and this table
// needs 5 to 11.

namespace forest::inline FOREST_FORM::detail {

/// A hash table of the indices of entries that lie elsewhere. `hash_of` returns the 64-bit hash of
/// the entry at an index, and must return the same while the entry is in the table. Not
/// thread-safe.
class index_table {
public:
    /// Means that there is no index.
    static constexpr std::uint32_t none = UINT32_MAX;

    /// Returns the number of indices in the table.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// Allocates the memory for `count` indices, so that their insertion does not throw. Call it
    /// only while the table is empty.
    void reserve(std::size_t count);

    /// Returns the index of an entry with the hash `hash` for which `is_it` returns true; `none` if
    /// there is no such entry.
    template <typename Is>
    [[nodiscard]] std::uint32_t find(std::uint64_t hash, const Is& is_it) const noexcept {
        if (slots_.empty())
            return none;
        std::size_t slot = home(hash);
        while (slots_[slot] != none && !is_it(slots_[slot]))
            slot = after(slot);
        return slots_[slot];
    }

    /// Adds the index of an entry. It must not be in the table yet. If this throws, nothing has
    /// changed.
    template <typename HashOf>
    void insert(std::uint32_t entry, const HashOf& hash_of) {
        assert(entry != none);
        if ((size_ + 1) * 4 > slots_.size() * 3)
            grow(hash_of);
        place(entry, hash_of(entry));
        ++size_;
    }

    /// Removes the index of an entry. It must be in the table.
    template <typename HashOf>
    void erase(std::uint32_t gone, const HashOf& hash_of) noexcept {
        std::size_t hole = home(hash_of(gone));
        while (slots_[hole] != gone)
            hole = after(hole);
        // An entry behind the hole moves into it if its own place is the hole or before the hole.
        // So the removed entry needs no mark.
        for (std::size_t slot = after(hole); slots_[slot] != none; slot = after(slot))
            if (distance(home(hash_of(slots_[slot])), slot) >= distance(hole, slot)) {
                slots_[hole] = slots_[slot];
                hole = slot;
            }
        slots_[hole] = none;
        --size_;
    }

private:
    // Uses the high bits of a product, because the low bits of a hash may be weak.
    [[nodiscard]] std::size_t home(std::uint64_t hash) const noexcept;

    [[nodiscard]] std::size_t after(std::size_t slot) const noexcept {
        return (slot + 1) & (slots_.size() - 1);
    }

    // Returns the number of steps forward from slot `first` to slot `last`.
    [[nodiscard]] std::size_t distance(std::size_t first, std::size_t last) const noexcept {
        return (last - first) & (slots_.size() - 1);
    }

    void place(std::uint32_t entry, std::uint64_t hash) noexcept;

    template <typename HashOf>
    void grow(const HashOf& hash_of) {
        std::vector<std::uint32_t> old(slots_.empty() ? smallest : slots_.size() * 2, none);
        old.swap(slots_);
        for (const std::uint32_t each : old)
            if (each != none)
                place(each, hash_of(each));
    }

    static constexpr std::size_t smallest = 8;

    std::vector<std::uint32_t> slots_; // a power of two; a quarter of them is empty
    std::size_t size_ = 0;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/detail/container/impl/index_table.ipp>
#endif

#endif
