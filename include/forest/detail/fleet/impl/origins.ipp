// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_FLEET_IMPL_ORIGINS_IPP
#define FOREST_DETAIL_FLEET_IMPL_ORIGINS_IPP

#include <forest/detail/fleet/origins.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL origin_number fleet_origins::enter(const url& location, wall_time now) {
    const std::uint64_t hash = origin_hash(location);
    const std::uint32_t known =
        by_hash_.find(hash, [&](std::uint32_t each) { return origins_[each].hash == hash; });
    if (known != index_table::none) {
        if (origins_[known].target_count++ == 0)
            --unused_;
        return static_cast<origin_number>(known);
    }
    if (unused_ > by_hash_.size() / 2 && unused_ >= worth_forgetting_)
        forget_unused(now);
    const bool again = !free_.empty();
    const std::uint32_t added = again ? free_.back() : static_cast<std::uint32_t>(origins_.size());
    if (!again)
        origins_.emplace_back();
    origins_[added] = {.hash = hash, .ordinal = entered_};
    by_hash_.insert(added, [this](std::uint32_t each) { return origins_[each].hash; });
    if (again)
        free_.pop_back();
    origins_[added].target_count = 1;
    ++entered_;
    return static_cast<origin_number>(added);
}

FOREST_DECL void fleet_origins::forget_unused(wall_time now) {
    for (std::uint32_t index = 0; index < origins_.size(); ++index) {
        const fleet_origin& each = origins_[index];
        const auto is_same = [index](std::uint32_t other) { return other == index; };
        if (each.target_count > 0 || !each.timestamps.passed_by(now) ||
            by_hash_.find(each.hash, is_same) == index_table::none)
            continue;
        free_.push_back(index);
        by_hash_.erase(index, [this](std::uint32_t other) { return origins_[other].hash; });
        --unused_;
    }
    // The remaining unused origins cannot be forgotten yet. The next attempt waits until there
    // are twice as many. Otherwise each new origin would cause a look at all unused origins.
    worth_forgetting_ = 2 * unused_;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
