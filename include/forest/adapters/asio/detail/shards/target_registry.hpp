// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SHARDS_TARGET_REGISTRY_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SHARDS_TARGET_REGISTRY_HPP

#include <forest/core/random.hpp>
#include <forest/core/target_id.hpp>
#include <forest/form.hpp>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

// The names of the targets of several fleets, each on a thread of its own. A name may be given and
// taken back before the fleet has seen the target.

namespace forest::inline FOREST_FORM::detail {

/// The fleet and the names of each target. Names increase in the order in which they are given,
/// until one is taken back. No name is used twice, and none is 0. Most members may be called from
/// any thread, and some only from the thread of the target's fleet.
class target_registry {
public:
    struct named_target {
        target_id id;
        std::size_t fleet;
    };

    /// `fleets` is the number of fleets, from 1 to 65,535.
    explicit target_registry(std::size_t fleets) : sizes_(fleets) {
        assert(fleets > 0 && fleets <= std::numeric_limits<fleet_number>::max());
        fleets_.fill(no_fleet);
    }

    /// Gives a name to a new target, and chooses its fleet: always the same fleet for the same
    /// `origin`.
    named_target add(std::uint64_t origin) {
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

    /// Takes a name back, and returns the fleet of its target; empty if there is no such target.
    std::optional<std::size_t> remove(target_id id) {
        const std::lock_guard lock{mutex_};
        entry* const found = watched(id);
        if (found == nullptr)
            return std::nullopt;
        found->watched = false;
        --sizes_[found->fleet];
        return found->fleet;
    }

    /// Returns the fleet of a target; empty if there is no such target.
    [[nodiscard]] std::optional<std::size_t> fleet_of(target_id id) const {
        const std::lock_guard lock{mutex_};
        const entry* const found = watched(id);
        return found == nullptr ? std::nullopt : std::optional<std::size_t>{found->fleet};
    }

    /// Returns the name of a target in its fleet, 0 if its fleet does not know it yet; empty if
    /// there is no such target.
    [[nodiscard]] std::optional<target_id> inner(target_id id) const {
        const std::lock_guard lock{mutex_};
        const entry* const found = watched(id);
        return found == nullptr ? std::nullopt : std::optional{found->inner};
    }

    /// Returns the number of targets.
    [[nodiscard]] std::size_t size() const {
        const std::lock_guard lock{mutex_};
        return std::accumulate(sizes_.begin(), sizes_.end(), std::size_t{0});
    }

    // -- For the thread of the target's fleet --

    /// Returns whether a target must still be added to its fleet. If not, nothing more has to be
    /// done for it.
    [[nodiscard]] bool wanted(target_id id) {
        const std::lock_guard lock{mutex_};
        if (watched(id) != nullptr)
            return true;
        release(id);
        return false;
    }

    /// Stores the name of a target in its fleet. 0 means that the fleet has refused it.
    void added(target_id id, target_id inner) {
        const std::lock_guard lock{mutex_};
        entry& found = entries_[target_place::of(id).index];
        found.inner = inner;
        if (inner != target_id{})
            return;
        sizes_[found.fleet] -= std::exchange(found.watched, false) ? 1 : 0;
        release(id);
    }

    /// The value that `forget` would return.
    [[nodiscard]] target_id known_as(target_id id) const {
        const std::lock_guard lock{mutex_};
        const entry* const found = find(id);
        return found == nullptr ? target_id{} : found->inner;
    }

    /// Forgets a target that was removed. Returns the name that its fleet has for it, so that the
    /// fleet can remove it; 0 if its fleet does not know it.
    target_id forget(target_id id) {
        const std::lock_guard lock{mutex_};
        const entry* const found = find(id);
        if (found == nullptr || found->inner == target_id{}) // `wanted` will return false.
            return {};
        const target_id known_as = found->inner;
        release(id);
        return known_as;
    }

private:
    using fleet_number = std::uint16_t;

    static constexpr fleet_number no_fleet = std::numeric_limits<fleet_number>::max();

    // A place is used again when the fleet does not need it any more.
    struct entry {
        target_id inner{};
        std::uint32_t generation = 1;
        fleet_number fleet = 0;
        bool watched = false;
    };

    // With few servers, a hash alone would give one fleet two or three times as many targets as
    // another one. So the hash decides only the group of a server. When a group appears for the
    // first time, the fleet with the fewest targets gets the whole group. The low bits of `origin`
    // may depend on a small part of the URL, so it is mixed first.
    fleet_number fleet_of_origin(std::uint64_t origin) noexcept {
        fleet_number& fleet = fleets_[random_generator{origin}() % fleets_.size()];
        if (fleet == no_fleet)
            fleet = static_cast<fleet_number>(std::min_element(sizes_.begin(), sizes_.end()) -
                                              sizes_.begin());
        return fleet;
    }

    [[nodiscard]] const entry* find(target_id id) const noexcept {
        const auto [place, generation] = target_place::of(id);
        return place < entries_.size() && entries_[place].generation == generation
                   ? &entries_[place]
                   : nullptr;
    }

    [[nodiscard]] const entry* watched(target_id id) const noexcept {
        const entry* const found = find(id);
        return found != nullptr && found->watched ? found : nullptr;
    }
    [[nodiscard]] entry* watched(target_id id) noexcept {
        return const_cast<entry*>(std::as_const(*this).watched(id));
    }

    void release(target_id id) {
        if (find(id) == nullptr)
            return;
        entry& old = entries_[target_place::of(id).index];
        old.inner = {};
        ++old.generation;
        free_.push_back(target_place::of(id).index);
    }

    mutable std::mutex mutex_;
    std::vector<entry> entries_;
    std::vector<std::uint32_t> free_;
    std::vector<std::size_t> sizes_;          // how many targets each fleet has
    std::array<fleet_number, 4096> fleets_{}; // of the groups of servers
};

} // namespace forest::inline FOREST_FORM::detail

#endif
