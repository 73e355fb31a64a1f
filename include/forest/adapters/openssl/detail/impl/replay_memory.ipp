// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_DETAIL_IMPL_REPLAY_MEMORY_IPP
#define FOREST_ADAPTERS_OPENSSL_DETAIL_IMPL_REPLAY_MEMORY_IPP

#include <forest/adapters/openssl/detail/replay_memory.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL replay_memory::replay_memory(duration window, std::size_t entries_max)
    : window_{std::chrono::ceil<wall_time::duration>(window)},
      entries_(window > duration::zero() ? entries_max : 0) {
    assert(window >= duration::zero());
    assert(window == duration::zero() || (entries_max >= 1 && entries_max < index_table::none));
    index_.reserve(entries_.size());
}

FOREST_DECL bool replay_memory::insert(const digest& seen, wall_time now) noexcept {
    if (entries_.empty())
        return true;
    while (size_ > 0 && now - entries_[oldest_].when > window_)
        drop_oldest();
    const auto is_it = [&](std::uint32_t index) { return entries_[index].signature == seen; };
    if (index_.find(hash(seen), is_it) != index_table::none)
        return false;
    if (size_ == entries_.size()) {
        drop_oldest();
        ++forgotten_;
    }
    const std::size_t added = (oldest_ + size_) % entries_.size();
    entries_[added] = {seen, now};
    index_.insert(static_cast<std::uint32_t>(added),
                  [this](std::uint32_t index) { return hash(entries_[index].signature); });
    ++size_;
    return true;
}

FOREST_DECL std::uint64_t replay_memory::hash(const digest& signature) noexcept {
    std::uint64_t first = 0;
    for (std::size_t index = 0; index < sizeof first; ++index)
        first = first << 8U | signature[index];
    return first;
}

FOREST_DECL void replay_memory::drop_oldest() noexcept {
    index_.erase(static_cast<std::uint32_t>(oldest_),
                 [this](std::uint32_t index) { return hash(entries_[index].signature); });
    oldest_ = (oldest_ + 1) % entries_.size();
    --size_;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
