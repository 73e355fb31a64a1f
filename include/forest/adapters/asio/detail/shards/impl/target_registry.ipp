// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SHARDS_IMPL_TARGET_REGISTRY_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SHARDS_IMPL_TARGET_REGISTRY_IPP

#include <forest/adapters/asio/detail/shards/target_registry.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL target_registry::target_registry(std::size_t fleets) : sizes_(fleets) {
    assert(fleets > 0 && fleets <= std::numeric_limits<fleet_number>::max());
    fleets_.fill(no_fleet);
}

FOREST_DECL auto target_registry::add(std::uint64_t origin) -> named_target {
    const std::lock_guard lock{mutex_};
    const fleet_number fleet = fleet_of_origin(origin);
    if (free_.empty()) {
        if (entries_.size() == entries_.capacity())
            entries_.reserve(2 * entries_.size() + 1);
        free_.reserve(entries_.capacity()); // so that returning a name never fails
        entries_.emplace_back();
        free_.push_back(static_cast<std::uint32_t>(entries_.size() - 1));
    }
    const std::uint32_t place = free_.back();
    free_.pop_back();
    entry& added = entries_[place];
    added.fleet = fleet;
    added.watched = true;
    ++sizes_[fleet];
    return {target_place{place, added.generation}.id(), fleet};
}

FOREST_DECL std::optional<std::size_t> target_registry::remove(target_id id) {
    const std::lock_guard lock{mutex_};
    entry* const found = watched(id);
    if (found == nullptr)
        return std::nullopt;
    found->watched = false;
    --sizes_[found->fleet];
    return found->fleet;
}

FOREST_DECL std::optional<std::size_t> target_registry::fleet_of(target_id id) const {
    const std::lock_guard lock{mutex_};
    const entry* const found = watched(id);
    return found == nullptr ? std::nullopt : std::optional<std::size_t>{found->fleet};
}

FOREST_DECL std::optional<target_id> target_registry::inner(target_id id) const {
    const std::lock_guard lock{mutex_};
    const entry* const found = watched(id);
    return found == nullptr ? std::nullopt : std::optional{found->inner};
}

FOREST_DECL std::size_t target_registry::size() const {
    const std::lock_guard lock{mutex_};
    return std::accumulate(sizes_.begin(), sizes_.end(), std::size_t{0});
}

FOREST_DECL bool target_registry::wanted(target_id id) {
    const std::lock_guard lock{mutex_};
    if (watched(id) != nullptr)
        return true;
    release(id);
    return false;
}

FOREST_DECL void target_registry::added(target_id id, target_id inner) {
    const std::lock_guard lock{mutex_};
    entry& found = entries_[target_place::of(id).index];
    found.inner = inner;
    if (inner != target_id{})
        return;
    sizes_[found.fleet] -= std::exchange(found.watched, false) ? 1 : 0;
    release(id);
}

FOREST_DECL target_id target_registry::known_as(target_id id) const {
    const std::lock_guard lock{mutex_};
    const entry* const found = find(id);
    return found == nullptr ? target_id{} : found->inner;
}

FOREST_DECL target_id target_registry::forget(target_id id) {
    const std::lock_guard lock{mutex_};
    const entry* const found = find(id);
    if (found == nullptr || found->inner == target_id{}) // `wanted` will return false.
        return {};
    const target_id known_as = found->inner;
    release(id);
    return known_as;
}

FOREST_DECL auto target_registry::fleet_of_origin(std::uint64_t origin) noexcept -> fleet_number {
    fleet_number& fleet = fleets_[random_generator{origin}() % fleets_.size()];
    if (fleet == no_fleet)
        fleet = static_cast<fleet_number>(std::min_element(sizes_.begin(), sizes_.end()) -
                                          sizes_.begin());
    return fleet;
}

FOREST_DECL auto target_registry::find(target_id id) const noexcept -> const entry* {
    const auto [place, generation] = target_place::of(id);
    return place < entries_.size() && entries_[place].generation == generation ? &entries_[place]
                                                                               : nullptr;
}

FOREST_DECL auto target_registry::watched(target_id id) const noexcept -> const entry* {
    const entry* const found = find(id);
    return found != nullptr && found->watched ? found : nullptr;
}

FOREST_DECL void target_registry::release(target_id id) {
    if (find(id) == nullptr)
        return;
    entry& old = entries_[target_place::of(id).index];
    old.inner = {};
    ++old.generation;
    free_.push_back(target_place::of(id).index);
}

} // namespace forest::inline FOREST_FORM::detail

#endif
