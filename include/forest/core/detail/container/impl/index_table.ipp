// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_CONTAINER_IMPL_INDEX_TABLE_IPP
#define FOREST_CORE_DETAIL_CONTAINER_IMPL_INDEX_TABLE_IPP

#include <forest/core/detail/container/index_table.hpp>

#include <algorithm>
#include <bit>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL void index_table::reserve(std::size_t count) {
    assert(size_ == 0);
    if (count > 0)
        slots_.assign(std::bit_ceil(std::max(smallest, count + count / 3 + 1)), none);
}

FOREST_DECL std::size_t index_table::home(std::uint64_t hash) const noexcept {
    return (hash ^ hash >> 32U) * 0x9e3779b97f4a7c15U >> (64 - std::countr_zero(slots_.size()));
}

FOREST_DECL void index_table::place(std::uint32_t entry, std::uint64_t hash) noexcept {
    std::size_t slot = home(hash);
    while (slots_[slot] != none)
        slot = after(slot);
    slots_[slot] = entry;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
