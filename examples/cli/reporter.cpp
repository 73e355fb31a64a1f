// SPDX-License-Identifier: BSL-1.0
#include "reporter.hpp"

#include "event_json.hpp"
#include "event_text.hpp"
#include "text.hpp"

#include <asio/post.hpp>

#include <chrono>
#include <utility>

namespace forest::cli {

namespace {

// As many bytes of lines may wait to be written.
constexpr std::size_t lines_bytes_max = 256 * 1024;

} // namespace

reporter::reporter(asio::io_context& io, terminal& out, report_options chosen,
                   std::size_t target_count, std::function<void()> cannot_write)
    : io_{io}, out_{out}, options_{chosen}, cannot_write_{std::move(cannot_write)},
      live_{out.interactive() && !chosen.json}, view_{out, target_count} {}

void reporter::report(const event& happened) {
    const bool printed = is_printed(happened.kind, options_.verbose);
    if (!printed && !live_)
        return;
    const wall_time now = wall_clock_now();
    std::string line;
    if (printed)
        line = options_.json ? event_json(happened, now) : event_text(happened, now, out_);

    std::unique_lock lock{mutex_};
    if (live_)
        view_.update(happened, now);
    if (lines_.empty() && printed && !live_)
        asio::post(io_, [this] { write(); });
    lines_ += line;
    if (lines_.size() <= lines_bytes_max)
        return;
    if (std::this_thread::get_id() == writer_) {
        lock.unlock();
        write();
    } else {
        asio::post(io_, [this] { write(); }); // rather than at the next refresh
        room_.wait(lock, [this] { return lines_.size() <= lines_bytes_max; });
    }
}

void reporter::refresh() {
    if (live_)
        write();
    out_.look_for_reader();
    notice_failure();
}

void reporter::close() {
    write();
    if (live_)
        out_.write(view_.erased());
}

void reporter::write() {
    std::string text;
    {
        const std::lock_guard lock{mutex_};
        text = live_ ? view_.frame(lines_, std::chrono::steady_clock::now()) : lines_;
        lines_.clear();
        room_.notify_all();
    }
    out_.write(text);
    notice_failure();
}

void reporter::notice_failure() {
    if (out_.error())
        asio::post(io_, cannot_write_);
}

} // namespace forest::cli
