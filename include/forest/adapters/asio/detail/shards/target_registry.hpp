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
    explicit target_registry(std::size_t fleets);

    /// Gives a name to a new target, and chooses its fleet: always the same fleet for the same
    /// `origin`.
    named_target add(std::uint64_t origin);

    /// Takes a name back, and returns the fleet of its target; empty if there is no such target.
    std::optional<std::size_t> remove(target_id id);

    /// Returns the fleet of a target; empty if there is no such target.
    [[nodiscard]] std::optional<std::size_t> fleet_of(target_id id) const;

    /// Returns the name of a target in its fleet, 0 if its fleet does not know it yet; empty if
    /// there is no such target.
    [[nodiscard]] std::optional<target_id> inner(target_id id) const;

    /// Returns the number of targets.
    [[nodiscard]] std::size_t size() const;

    // -- For the thread of the target's fleet --

    /// Returns whether a target must still be added to its fleet. If not, nothing more has to be
    /// done for it.
    [[nodiscard]] bool wanted(target_id id);

    /// Stores the name of a target in its fleet. 0 means that the fleet has refused it.
    void added(target_id id, target_id inner);

    /// The value that `forget` would return.
    [[nodiscard]] target_id known_as(target_id id) const;

    /// Forgets a target that was removed. Returns the name that its fleet has for it, so that the
    /// fleet can remove it; 0 if its fleet does not know it.
    target_id forget(target_id id);

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
    fleet_number fleet_of_origin(std::uint64_t origin) noexcept;

    [[nodiscard]] const entry* find(target_id id) const noexcept;

    [[nodiscard]] const entry* watched(target_id id) const noexcept;
    [[nodiscard]] entry* watched(target_id id) noexcept {
        return const_cast<entry*>(std::as_const(*this).watched(id));
    }

    void release(target_id id);

    mutable std::mutex mutex_;
    std::vector<entry> entries_;
    std::vector<std::uint32_t> free_;
    std::vector<std::size_t> sizes_;          // how many targets each fleet has
    std::array<fleet_number, 4096> fleets_{}; // of the groups of servers
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/shards/impl/target_registry.ipp>
#endif

#endif
