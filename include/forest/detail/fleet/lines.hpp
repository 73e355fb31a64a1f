// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_FLEET_LINES_HPP
#define FOREST_DETAIL_FLEET_LINES_HPP

#include <forest/core/detail/container/waiting_line.hpp>
#include <forest/core/target_id.hpp>
#include <forest/core/time.hpp>
#include <forest/detail/fleet/origins.hpp>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

// Where the targets of a fleet wait whose checks are due but may not begin. Who waits for something
// of its own must not keep those behind it from what they can have, so each such thing has a line.

namespace forest::detail {

/// Lines of targets, each first come, first served. Not thread-safe.
class fleet_lines {
public:
    /// What a line waits for: its server or, when that is empty, a connection.
    using obstacle = std::optional<origin_number>;

    /// Puts a target behind all that nobody has looked at yet.
    void join(target_id last) { ready_.push(last); }

    /// Puts a target before all that nobody has looked at yet.
    void go_first(target_id first) { ready_.push_front(first); }

    /// Puts one that was looked at before all that wait for a connection.
    void wait_first_for_connection(target_id first) { for_connection_.push_front(first); }

    /// Puts one that was looked at behind all that wait for the same.
    void wait_for(obstacle what, target_id last) {
        if (!what)
            return for_connection_.push(last);
        auto found = std::find_if(for_servers_.begin(), for_servers_.end(),
                                  [&](const auto& each) { return each.first == *what; });
        if (found != for_servers_.end())
            return found->second.push(last);
        waiting_line<target_id> line;
        line.push(last);
        for_servers_.emplace_back(*what, std::move(line));
    }

    /// Takes out who comes next, if anybody may be looked at: those who wait for something from
    /// when that is `gone`, which is asked for an obstacle and the first that waits for it, and
    /// then all others.
    template <typename Gone>
    [[nodiscard]] std::optional<target_id> next(const Gone& gone) {
        for (auto each = for_servers_.begin(); each != for_servers_.end(); ++each) {
            auto& [server, line] = *each;
            if (!gone(obstacle{server}, line.front()))
                continue;
            const target_id first = line.pop();
            if (line.empty())
                for_servers_.erase(each);
            return first;
        }
        if (!for_connection_.empty() && gone(obstacle{}, for_connection_.front()))
            return for_connection_.pop();
        return ready_.empty() ? std::nullopt : std::optional{ready_.pop()};
    }

    /// The first moment at which something is gone that somebody waits for, of those that `when`
    /// answers for an obstacle; empty when nobody waits for anything.
    template <typename When>
    [[nodiscard]] std::optional<steady_time> soonest(const When& when) const {
        std::optional<steady_time> result;
        if (!for_connection_.empty())
            result = when(obstacle{});
        for (const auto& each : for_servers_) {
            const steady_time moment = when(obstacle{each.first});
            result = std::min(result.value_or(moment), moment);
        }
        return result;
    }

private:
    waiting_line<target_id> ready_; // due, and not yet looked at
    waiting_line<target_id> for_connection_;
    std::vector<std::pair<origin_number, waiting_line<target_id>>> for_servers_; // none is empty
};

} // namespace forest::detail

#endif
