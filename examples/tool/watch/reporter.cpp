// SPDX-License-Identifier: BSL-1.0
#include "reporter.hpp"

#include <tool/output/event_json.hpp>
#include <tool/output/event_text.hpp>
#include <tool/output/json_line.hpp>
#include <tool/output/text.hpp>

#include <forest/adapters/asio/asio_clock.hpp>

#include <asio/post.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace forest::cli {

namespace {

bool is_of_lifetime(event_kind kind) noexcept {
    return kind == event_kind::started || kind == event_kind::stopped;
}

line_queue::words words_for(const terminal& out, bool json) {
    return [&out, json](const left_out& gap) {
        return json ? omitted_json(gap) : omitted_text(gap, out);
    };
}

queued_output::frame frame_of(live_view& view, const bool& shown, bool live) {
    if (!live)
        return {};
    return [&view, &shown](std::string lines) {
        return shown ? view.frame(lines, asio_clock::steady_now())
                     : view.erased() + std::move(lines);
    };
}

} // namespace

reporter::reporter(asio::io_context& io, terminal& out, report_options settings,
                   std::size_t target_count, std::function<void()> cannot_write)
    : io_{io},
      out_{out},
      options_{settings},
      target_count_{target_count},
      cannot_write_{std::move(cannot_write)},
      live_{out.interactive() && !settings.json},
      many_{target_count > named_targets_max && !settings.verbose},
      view_{out, target_count},
      output_{STDOUT_FILENO, words_for(out, settings.json),
              [this] { asio::post(io_, cannot_write_); }, frame_of(view_, view_shown_, live_)} {}

void reporter::report(const event& happened) {
    const bool of_lifetime = is_of_lifetime(happened.kind);
    const bool printed = is_printed(happened, options_.verbose) && !(many_ && of_lifetime);
    if (!printed && !live_ && !of_lifetime)
        return;
    const bool room = !printed || !of_lifetime || output_.wait_for_room();
    const wall_time now = wall_clock_now();
    const steady_time moment = asio_clock::steady_now(); // the clock of outages
    // Text that needs no state is formatted before the lock, on the thread of the event.
    std::string line = printed && room && happened.kind != event_kind::stopped
                           ? line_of(happened, now, nullptr)
                           : std::string{};
    output_.change(
        [&](line_queue& lines) {
            const auto down = summary_.update(happened, moment);
            if (live_)
                view_.update(happened, now);
            if (many_ && !std::exchange(started_, true))
                lines.add(started_line(now));
            if (!printed)
                return;
            if (!room)
                return lines.leave_out(now);
            if (happened.kind == event_kind::stopped)
                line = line_of(happened, now, down ? &*down : nullptr);
            add_line(lines, happened, now, std::move(line));
        },
        !live_);
}

void reporter::add_line(line_queue& lines, const event& happened, wall_time now, std::string line) {
    if (ends_a_check(happened.kind))
        return lines.add_check(std::move(line), now);
    if (is_of_lifetime(happened.kind))
        return lines.add(std::move(line));
    lines.add_change(happened.id, happened.target, std::move(line), now);
}

void reporter::refresh() {
    if (live_)
        output_.write();
    out_.look_for_reader();
    if (out_.error())
        asio::post(io_, cannot_write_);
}

void reporter::close() {
    const wall_time now = wall_clock_now();
    output_.change([&](line_queue& lines) {
        view_shown_ = false;
        if (many_)
            lines.add(stopped_line(now));
    });
}

void reporter::add(std::string line) {
    output_.change([&](line_queue& lines) { lines.add(std::move(line)); });
}

void reporter::finish(const std::function<bool()>& hurried) {
    const std::size_t unread = output_.finish(hurried);
    if (unread > 0)
        complain(fmt::format("forest-health: standard output was not read to its end: at least {} "
                             "line{} {} lost\n",
                             unread, unread == 1 ? "" : "s", unread == 1 ? "is" : "are"));
}

std::error_code reporter::error() const {
    const std::error_code failed = output_.error();
    return failed ? failed : out_.error();
}

std::string reporter::line_of(const event& happened, wall_time now,
                              const ongoing_outage* down) const {
    return options_.json ? event_json(happened, now, down) : event_text(happened, now, out_, down);
}

std::string reporter::started_line(wall_time now) const {
    if (!options_.json)
        return notice_text(now, "started", fmt::format("{} servers", target_count_), out_);
    json_line line;
    line.add_text("time", utc(now));
    line.add_text("event", name(event_kind::started));
    line.add_integer("targets", target_count_);
    return std::move(line).finish();
}

std::string reporter::stopped_line(wall_time now) const {
    constexpr std::array statuses{target_status::down, target_status::suspect,
                                  target_status::unknown, target_status::up};
    const outage_summary::end& ended = summary_.ended();
    if (!options_.json) {
        std::string text = fmt::format("{} servers:", target_count_);
        for (const target_status each : statuses)
            text += fmt::format("{} {} {}", each == target_status::down ? "" : ",",
                                ended.count(each), name(each));
        if (!ended.longest_down.empty())
            text += fmt::format("; down for longest: {}, {} so far", ended.longest_down,
                                readable(ended.longest.so_far));
        return notice_text(now, "stopped", text, out_);
    }
    json_line line;
    line.add_text("time", utc(now));
    line.add_text("event", name(event_kind::stopped));
    line.add_integer("targets", target_count_);
    for (const target_status each : statuses)
        line.add_integer(name(each), ended.count(each));
    if (!ended.longest_down.empty()) {
        line.add_text("longest_down", ended.longest_down);
        line.add_text("first_failure", utc(ended.longest.first_failure));
        line.add_milliseconds("duration_ms", ended.longest.so_far);
    }
    return std::move(line).finish();
}

} // namespace forest::cli
