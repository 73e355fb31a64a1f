// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_WATCH_OUTAGE_SUMMARY_HPP
#define FOREST_EXAMPLES_TOOL_WATCH_OUTAGE_SUMMARY_HPP

#include <tool/output/event_text.hpp>

#include <forest/core/event.hpp>
#include <forest/core/target_id.hpp>
#include <forest/core/time.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

// The servers that are down, and how long they have been down.

namespace forest::cli {

/// The states of all targets. Not thread-safe.
class outage_summary {
public:
    /// The states when the targets were no longer watched.
    struct end {
        std::array<std::size_t, 4> targets{}; ///< by status
        std::string longest_down;             ///< empty: none was down
        ongoing_outage longest{};

        [[nodiscard]] std::size_t count(target_status status) const noexcept {
            return targets[static_cast<std::size_t>(status)];
        }
    };

    /// Returns the current outage of the target, for `stopped`.
    std::optional<ongoing_outage> update(const event& happened, steady_time now) {
        if (happened.kind == event_kind::server_down)
            down_[happened.id] = {happened.outage->id, happened.outage->first_failure,
                                  happened.outage->first_failed_at};
        if (happened.kind == event_kind::server_up)
            down_.erase(happened.id);
        if (happened.kind != event_kind::stopped)
            return std::nullopt;
        ++end_.targets[static_cast<std::size_t>(happened.status)];
        const auto found = down_.find(happened.id);
        if (found == down_.end())
            return std::nullopt;
        const ongoing_outage outage{found->second.id, found->second.first_failure,
                                    now - found->second.first_failed_at};
        if (end_.longest_down.empty() || outage.so_far > end_.longest.so_far) {
            end_.longest_down = happened.target;
            end_.longest = outage;
        }
        return outage;
    }

    [[nodiscard]] const end& ended() const noexcept { return end_; }

private:
    struct known_outage {
        std::uint64_t id;
        wall_time first_failure;
        steady_time first_failed_at;
    };

    std::unordered_map<target_id, known_outage> down_;
    end end_;
};

} // namespace forest::cli

#endif
