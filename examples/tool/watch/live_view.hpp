// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_WATCH_LIVE_VIEW_HPP
#define FOREST_EXAMPLES_TOOL_WATCH_LIVE_VIEW_HPP

#include <tool/output/terminal.hpp>

#include <forest/core/event.hpp>
#include <forest/core/target_id.hpp>
#include <forest/core/time.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

// Shows the status of all targets at the bottom of a terminal, and redraws it in place. Lines of
// events scroll above it.

namespace forest::cli {

/// A summary, and below it a line for each target if there is room, otherwise for each target that
/// is down. The cursor is visible and stays at the beginning of the view. If a terminal becomes
/// narrower, it may wrap rows or cut them off, but it keeps the cursor there. So everything below
/// the cursor is the view and can be erased. Not thread-safe.
class live_view {
public:
    live_view(const terminal& out, std::size_t target_count);

    /// Includes an event in the next frame.
    void update(const event& happened, wall_time now);

    /// The text that writes `lines` above the view and draws the view as of `now`; empty when there
    /// are no lines and the view has not changed.
    [[nodiscard]] std::string frame(std::string_view lines, steady_time now);

    /// The text that removes the view until the next frame.
    [[nodiscard]] std::string erased();

private:
    struct line {
        std::string target;
        target_status status{};
        std::string detail;
        std::string checked_at;
        steady_time down_since{}; // its first failure, while it is down
    };

    struct sample {
        steady_time at;
        std::uint64_t checks;
    };

    [[nodiscard]] std::size_t count(target_status status) const noexcept;
    [[nodiscard]] double rate(steady_time now);
    [[nodiscard]] std::string summary(int columns, steady_time now);
    [[nodiscard]] std::string drawn(const line& shown, std::string_view target, int columns,
                                    steady_time now) const;
    [[nodiscard]] std::string drawn(terminal_size size, steady_time now);

    const terminal& out_;
    bool all_have_lines_;
    std::unordered_map<target_id, target_status> statuses_;
    std::array<std::size_t, 4> counts_{}; // of targets, by status
    std::map<target_id, line> lines_;     // in the order in which the targets were given
    std::uint64_t checks_ = 0;            // checks that have ended
    std::deque<sample> samples_;          // of the last seconds
    std::string view_;                    // as it is on the terminal
    terminal_size size_;                  // the size for which the view was drawn
};

} // namespace forest::cli

#endif
