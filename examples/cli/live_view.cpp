// SPDX-License-Identifier: BSL-1.0
#include "live_view.hpp"

#include "event_text.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace forest::cli {

namespace {

std::string_view colour_of(target_status status) noexcept {
    switch (status) {
    case target_status::unknown: return colour::faint;
    case target_status::up: return colour::good;
    case target_status::suspect: return colour::doubtful;
    case target_status::down: return colour::bad;
    }
    return colour::faint;
}

std::string detail_of(const event& happened) {
    if (happened.check->healthy())
        return success_text(*happened.check);
    return fmt::format("{} failure{}, {}", happened.failures, happened.failures == 1 ? "" : "s",
                       error_name(happened.check->error));
}

} // namespace

live_view::live_view(terminal& out, const std::vector<std::string_view>& targets)
    : out_{out}, open_{out.interactive()} {
    for (const std::string_view target : targets)
        lines_.push_back({target, {}, {}, {}});
}

void live_view::update(std::size_t index, const event& happened, wall_time now) {
    line& changed = lines_[index];
    changed.status = happened.status;
    if (happened.check != nullptr) {
        constexpr std::size_t time_of_day = 11; // behind the date and the T
        constexpr std::size_t to_the_second = 8;
        changed.detail = detail_of(happened);
        changed.checked_at = utc(now).substr(time_of_day, to_the_second) + "Z";
    }
}

void live_view::print(std::string_view lines) {
    if (!open_)
        return out_.write(lines);
    const std::string before = erased();
    std::string view = drawn();
    if (lines.empty() && view == view_)
        return;
    view_ = std::move(view);
    out_.write(fmt::format("{}{}{}", before, lines, view_));
}

void live_view::close() {
    if (open_)
        out_.write(erased());
    open_ = false;
}

// Up to the first row of the view, then everything below it away.
std::string live_view::erased() const {
    return rows_drawn_ == 0 ? std::string{} : fmt::format("\x1b[{}F\x1b[J", rows_drawn_);
}

// A view that is higher than the terminal could not be erased again, so what does not fit is
// counted only.
std::string live_view::drawn() {
    const terminal_size size = out_.size();
    const auto room = static_cast<std::size_t>(std::max(size.rows - 2, 1));
    const std::size_t shown = lines_.size() <= room ? lines_.size() : room - 1;
    std::string frame;
    for (std::size_t index = 0; index < shown; ++index)
        frame += drawn(lines_[index], size.columns);
    rows_drawn_ = shown;
    if (shown < lines_.size()) {
        const auto down =
            std::count_if(lines_.begin() + static_cast<std::ptrdiff_t>(shown), lines_.end(),
                          [](const line& each) { return each.status == target_status::down; });
        frame += fmt::format("and {} more, {} of them down", lines_.size() - shown, down)
                     .substr(0, static_cast<std::size_t>(size.columns - 1)) +
                 "\n";
        ++rows_drawn_;
    }
    return frame;
}

// Everything is ASCII here, so bytes are columns.
std::string live_view::drawn(const line& each, int columns) const {
    const std::string status = fmt::format("{:<7}", name(each.status));
    std::string rest = fmt::format(" {}", each.target);
    if (!each.detail.empty())
        rest += fmt::format("  {}  {}", each.checked_at, each.detail);
    const std::size_t width = static_cast<std::size_t>(std::max(columns - 1, 1));
    const std::size_t status_width = std::min(width, status.size());
    return out_.coloured(colour_of(each.status), std::string_view{status}.substr(0, status_width)) +
           rest.substr(0, width - status_width) + "\n";
}

} // namespace forest::cli
