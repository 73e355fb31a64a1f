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

// Decides which events of `watch` are printed, and in which form. Thousands may come at a time, and
// from several threads, so lines are queued, and written by a thread that does nothing else: a
// reader who pauses stops no check.

namespace forest::cli {

/// The options of a reporter.
struct report_options {
    bool json = false;
    bool verbose = false; ///< every single check, and each of many targets that begins and ends
};

/// Prints the events of all targets to one terminal. `report` may be called from any thread, all
/// else on the one that runs `io`.
class reporter {
public:
    /// For more targets, one line says that they are watched, and one line that they no longer are.
    static constexpr std::size_t named_targets_max = 100;

    /// `cannot_write` is called, on `io`, when the output has failed: nobody reads any more, or
    /// `is_failure(error())`.
    reporter(asio::io_context& io, terminal& out, report_options chosen, std::size_t target_count,
             std::function<void()> cannot_write);

    /// Tells of an event. On a terminal the line is written by the next `refresh`, elsewhere at
    /// once. Waits for a reader only at the beginning and at the end, for a bounded time.
    void report(const event& happened);

    /// Notices when the reader has gone, and draws the view again. Call it a few times a second.
    void refresh();

    /// Removes what is not to stay on the terminal, and says how the targets are if no line for
    /// each does. No event may come after it.
    void close();

    /// Adds a line after all others.
    void add(std::string line);

    /// Waits until all is written, for a bounded time, and until `hurried()` at most; says so on
    /// standard error when nobody has read all.
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

    // Changed only while nobody else changes the queue.
    live_view view_;
    bool view_shown_ = true;
    outage_summary summary_;
    bool started_ = false;

    queued_output output_; // last, since its thread uses the view
};

} // namespace forest::cli

#endif
