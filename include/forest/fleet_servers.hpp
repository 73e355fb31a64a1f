// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_FLEET_SERVERS_HPP
#define FOREST_FLEET_SERVERS_HPP

#include <forest/core/time.hpp>
#include <forest/core/timestamp_sequence.hpp>
#include <forest/core/url.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

// The servers behind the targets of a fleet: those of one server must not sign the same moment, and
// begin as far from each other as they can.

namespace forest {

/// Names one of a fleet's servers.
enum class server_number : std::uint32_t {};

/// A server: a scheme, a host and a port, or a socket.
struct fleet_server {
    std::uint64_t origin = 0; // hashed: when two collide, they merely avoid each other's timestamps
    timestamp_sequence timestamps{};
    std::uint32_t target_count = 0;
    std::uint32_t begun = 0;   // targets so far
    std::uint32_t ordinal = 0; // how many servers came before it
};

/// Servers that live as long as a target has one, and until the clock has passed what was signed
/// for them. Not thread-safe.
class fleet_servers {
public:
    [[nodiscard]] fleet_server& operator[](server_number number) noexcept {
        return servers_[static_cast<std::size_t>(number)];
    }

    /// The server of a target that is added at `now`.
    server_number enter(const url& target, wall_time now) {
        const std::uint64_t origin = origin_hash(target);
        if (const auto known = by_origin_.find(origin); known != by_origin_.end()) {
            if ((*this)[known->second].target_count++ == 0)
                --unused_;
            return known->second;
        }
        if (unused_ > by_origin_.size() / 2 && unused_ >= worth_forgetting_)
            forget_unused(now);
        if (free_.empty()) {
            servers_.emplace_back();
            free_.push_back(static_cast<server_number>(servers_.size() - 1));
        }
        const server_number number = free_.back();
        by_origin_.emplace(origin, number);
        free_.pop_back();
        (*this)[number] = {.origin = origin, .target_count = 1, .ordinal = entered_++};
        return number;
    }

    void leave(server_number number) noexcept {
        if (--(*this)[number].target_count == 0)
            ++unused_;
    }

private:
    void forget_unused(wall_time now) {
        for (std::size_t index = 0; index < servers_.size(); ++index) {
            fleet_server& each = servers_[index];
            const auto known = by_origin_.find(each.origin);
            if (each.target_count > 0 || known == by_origin_.end() ||
                known->second != static_cast<server_number>(index) ||
                !each.timestamps.passed_by(now))
                continue;
            free_.push_back(known->second);
            by_origin_.erase(known);
            --unused_;
        }
        // Those that are left cannot be forgotten yet: not to look at them for each server that
        // comes, wait for as many again.
        worth_forgetting_ = 2 * unused_;
    }

    std::vector<fleet_server> servers_;
    std::vector<server_number> free_;
    std::unordered_map<std::uint64_t, server_number> by_origin_;
    std::size_t unused_ = 0;           // servers without a target
    std::size_t worth_forgetting_ = 0; // how many of them are
    std::uint32_t entered_ = 0;
};

} // namespace forest

#endif
