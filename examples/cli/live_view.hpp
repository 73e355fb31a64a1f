// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_CLI_LIVE_VIEW_HPP
#define FOREST_EXAMPLES_CLI_LIVE_VIEW_HPP

#include "terminal.hpp"

#include <forest/core/event.hpp>
#include <forest/core/time.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// One line per target at the bottom of a terminal, redrawn in place; lines that stay scroll above.

namespace forest::cli {

/// Draws on an interactive terminal and does nothing on others. The cursor is never hidden and
/// rests below the view, so that whatever ends the program leaves the terminal usable.
class live_view {
public:
    live_view(terminal& out, const std::vector<std::string_view>& targets);

    /// Takes the event of the target at `index` into its line, to be drawn by the next `print`.
    void update(std::size_t index, const event& happened, wall_time now);

    /// Prints lines that stay, if any, above the view, which is drawn anew.
    void print(std::string_view lines);

    /// Removes the view for good.
    void close();

private:
    struct line {
        std::string_view target;
        target_status status{};
        std::string detail;
        std::string checked_at;
    };

    [[nodiscard]] std::string erased() const;
    [[nodiscard]] std::string drawn();
    [[nodiscard]] std::string drawn(const line& each, int columns) const;

    terminal& out_;
    std::vector<line> lines_;
    std::string view_; // as it stands on the terminal
    std::size_t rows_drawn_ = 0;
    bool open_;
};

} // namespace forest::cli

#endif
