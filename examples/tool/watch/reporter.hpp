// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_WATCH_REPORTER_HPP
#define FOREST_EXAMPLES_TOOL_WATCH_REPORTER_HPP

#include "live_view.hpp"
#include "outage_summary.hpp"
#include <tool/output/queued_output.hpp>
#include <tool/output/terminal.hpp>

#include <forest/core/event.hpp>

#include <asio/io_context.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <system_error>

// Decides which events of `watch` are printed, and in which form. Thousands may come at a time,
// from several threads. So lines are queued, and a separate thread writes them: a reader that
// pauses stops no check.

namespace forest::cli {

/// The options of a reporter.
struct report_options {
    bool json = false;
    bool verbose = false; ///< every single check, and each of many targets that begins and ends
};

/// Prints the events of all targets to one terminal. `report` may be called from any thread, all
/// other members only on the thread that runs `io`.
class reporter {
public:
    /// For more targets there is one line at the beginning and one line at the end.
    static constexpr std::size_t named_targets_max = 100;

    /// `cannot_write` is called on `io` when the output has failed: the reader has ended, or
    /// `is_failure(error())`.
    reporter(asio::io_context& io, terminal& out, report_options settings, std::size_t target_count,
             std::function<void()> cannot_write);

    /// Reports an event. On a terminal the next `refresh` writes the line, otherwise it is written
    /// at once. Waits for a reader only at the beginning and at the end, for a bounded time.
    void report(const event& happened);

    /// Notices the end of the reader, and draws the view again. Call it a few times a second.
    void refresh();

    /// Removes the view from the terminal, and adds a line about all targets if they have no lines
    /// of their own. No event may come after it.
    void close();

    /// Adds a line after all others.
    void add(std::string line);

    /// Waits until all lines are written, for a bounded time, and only until `hurried()`. If the
    /// reader has not read all lines, says so on standard error.
    void finish(const std::function<bool()>& hurried);

    /// How many targets were down at the end, and since when: known after `close`.
    [[nodiscard]] const outage_summary::end& ended() const noexcept { return summary_.ended(); }

    [[nodiscard]] std::error_code error() const;

private:
    void add_line(line_queue& lines, const event& happened, wall_time now, std::string line);
    [[nodiscard]] std::string line_of(const event& happened, wall_time now,
                                      const ongoing_outage* down) const;
    [[nodiscard]] std::string started_line(wall_time now) const;
    [[nodiscard]] std::string stopped_line(wall_time now) const;

    asio::io_context& io_;
    terminal& out_;
    const report_options options_;
    const std::size_t target_count_;
    const std::function<void()> cannot_write_;
    const bool live_; // has a view
    const bool many_; // too many to name each

    // Changed only inside `queued_output::change`.
    live_view view_;
    bool view_shown_ = true;
    outage_summary summary_;
    bool started_ = false;

    queued_output output_; // last, because its thread uses the view
};

} // namespace forest::cli

#endif
