// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_CLI_REPORTER_HPP
#define FOREST_EXAMPLES_CLI_REPORTER_HPP

#include "live_view.hpp"
#include "terminal.hpp"

#include <forest/core/event.hpp>

#include <asio/io_context.hpp>

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

// Decides which events of `watch` are printed, and in which form. Thousands may come at a time, and
// from several threads, so lines are collected, and written together by one thread: it alone
// touches the terminal, and a signal that comes while the reader stands still interrupts it.

namespace forest::cli {

/// What a reporter prints.
struct report_options {
    bool json = false;
    bool verbose = false; ///< every single check, too
};

/// Prints the events of all targets to one terminal. `report` may be called from any thread, all
/// else on the one that runs `io`, which is the one that made it.
class reporter {
public:
    /// `cannot_write` is called, on `io`, when the output has failed: nobody reads any more, or
    /// `out.failed()`.
    reporter(asio::io_context& io, terminal& out, report_options chosen, std::size_t target_count,
             std::function<void()> cannot_write);

    /// Tells of an event. On a terminal the line is written by the next `refresh`, elsewhere as
    /// soon as `io` gets round to it. Waits while too much is still to be written.
    void report(const event& happened);

    /// Notices when the reader has gone, and draws the view anew: to be called a few times a
    /// second.
    void refresh();

    /// Writes what is left, and removes what is not to stay on the terminal.
    void close();

private:
    void write();
    void notice_failure();

    asio::io_context& io_;
    terminal& out_;
    const report_options options_;
    const std::function<void()> cannot_write_;
    const std::thread::id writer_ = std::this_thread::get_id();
    const bool live_; // has a view

    std::mutex mutex_; // for what follows
    std::condition_variable room_;
    live_view view_;
    std::string lines_; // to be written
};

} // namespace forest::cli

#endif
