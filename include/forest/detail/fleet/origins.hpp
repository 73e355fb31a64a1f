// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_FLEET_ORIGINS_HPP
#define FOREST_DETAIL_FLEET_ORIGINS_HPP

#include <forest/core/detail/container/index_table.hpp>
#include <forest/core/detail/container/segmented_vector.hpp>
#include <forest/core/detail/logic/timestamp_sequence.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

// The servers behind the targets of a fleet: those of one server must not sign the same moment, and
// begin as far from each other as they can.

namespace forest::detail {

/// Names one of a fleet's servers.
enum class origin_number : std::uint32_t {};

/// A server: a scheme, a host and a port, or a socket.
struct fleet_origin {
    std::uint64_t origin = 0; // hashed: when two collide, they merely avoid each other's timestamps
    timestamp_sequence timestamps{};
    bool takes_timestamps = true; // as far as the last request shows
    std::uint32_t target_count = 0;
    std::uint32_t begun = 0;   // targets so far
    std::uint32_t ordinal = 0; // how many servers came before it
};

/// Servers that live as long as a target has one, and until the clock has passed what was signed
/// for them. Not thread-safe.
class fleet_origins {
public:
    [[nodiscard]] fleet_origin& operator[](origin_number number) noexcept {
        return servers_[static_cast<std::size_t>(number)];
    }

    /// The server of a target that is added at `now`.
    origin_number enter(const url& target, wall_time now) {
        const std::uint64_t origin = origin_hash(target);
        const std::uint32_t known = by_origin_.find(
            origin, [&](std::uint32_t each) { return servers_[each].origin == origin; });
        if (known != index_table::none) {
            if (servers_[known].target_count++ == 0)
                --unused_;
            return static_cast<origin_number>(known);
        }
        if (unused_ > by_origin_.size() / 2 && unused_ >= worth_forgetting_)
            forget_unused(now);
        const bool again = !free_.empty();
        const std::uint32_t added =
            again ? free_.back() : static_cast<std::uint32_t>(servers_.size());
        if (!again)
            servers_.emplace_back();
        servers_[added] = {.origin = origin, .ordinal = entered_};
        by_origin_.insert(added, [this](std::uint32_t each) { return servers_[each].origin; });
        if (again)
            free_.pop_back();
        servers_[added].target_count = 1;
        ++entered_;
        return static_cast<origin_number>(added);
    }

    void leave(origin_number number) noexcept {
        if (--(*this)[number].target_count == 0)
            ++unused_;
    }

private:
    void forget_unused(wall_time now) {
        for (std::uint32_t index = 0; index < servers_.size(); ++index) {
            const fleet_origin& each = servers_[index];
            const auto is_it = [index](std::uint32_t other) { return other == index; };
            if (each.target_count > 0 || !each.timestamps.passed_by(now) ||
                by_origin_.find(each.origin, is_it) == index_table::none)
                continue;
            free_.push_back(index);
            by_origin_.erase(index, [this](std::uint32_t one) { return servers_[one].origin; });
            --unused_;
        }
        // Those that are left cannot be forgotten yet: not to look at them for each server that
        // comes, wait for as many again.
        worth_forgetting_ = 2 * unused_;
    }

    segmented_vector<fleet_origin, 64> servers_;
    std::vector<std::uint32_t> free_;
    index_table by_origin_;
    std::size_t unused_ = 0;           // servers without a target
    std::size_t worth_forgetting_ = 0; // how many of them are
    std::uint32_t entered_ = 0;
};

} // namespace forest::detail

#endif
