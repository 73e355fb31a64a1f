// SPDX-License-Identifier: BSL-1.0
#include "live_view.hpp"

#include <tool/output/event_text.hpp>
#include <tool/output/shortened.hpp>
#include <tool/output/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace forest::cli {

namespace {

// Terminals have fewer rows, and so few lines cost nothing.
constexpr std::size_t lines_max = 256;

// The time over which the rate is averaged.
constexpr std::chrono::seconds rate_span{5};

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
        return success_text(happened.target, *happened.check);
    return fmt::format("{} failure{}, {}", happened.failures, happened.failures == 1 ? "" : "s",
                       name(happened.check->error));
}

// Whole seconds: more would be drawn too often.
std::string concise_seconds(duration span) {
    return span < std::chrono::minutes{1}
               ? fmt::format("{} s", std::chrono::floor<std::chrono::seconds>(span).count())
               : readable(span);
}

// One row of the terminal. Text that does not fit is cut off. Everything is ASCII here, so bytes
// are columns.
class row {
public:
    row(const terminal& out, int columns)
        : out_{out}, room_{static_cast<std::size_t>(std::max(columns - 1, 1))} {}

    row& add(std::string_view text) {
        text_ += taken(text);
        return *this;
    }

    row& add(std::string_view colour, std::string_view text) {
        text_ += out_.coloured(colour, taken(text));
        return *this;
    }

    [[nodiscard]] std::string finish() const { return text_ + "\n"; }

private:
    std::string_view taken(std::string_view text) noexcept {
        text = text.substr(0, room_);
        room_ -= text.size();
        return text;
    }

    const terminal& out_;
    std::size_t room_;
    std::string text_;
};

} // namespace

live_view::live_view(const terminal& out, std::size_t target_count)
    : out_{out}, all_have_lines_{target_count <= lines_max} {}

void live_view::update(const event& happened, wall_time now) {
    const auto [known, is_new] = statuses_.try_emplace(happened.id, happened.status);
    if (!is_new)
        --counts_[static_cast<std::size_t>(known->second)];
    known->second = happened.status;
    ++counts_[static_cast<std::size_t>(happened.status)];
    checks_ += ends_a_check(happened.kind) ? 1 : 0;

    if (!all_have_lines_ && happened.status != target_status::down) {
        lines_.erase(happened.id);
        return;
    }
    line& changed = lines_[happened.id];
    if (changed.target.empty())
        changed.target = happened.target;
    changed.status = happened.status;
    if (happened.kind == event_kind::server_down)
        changed.down_since = happened.outage->first_failed_at;
    if (happened.check != nullptr) {
        constexpr std::size_t time_of_day = 11; // behind the date and the T
        constexpr std::size_t to_the_second = 8;
        changed.detail = detail_of(happened);
        changed.checked_at = utc(now).substr(time_of_day, to_the_second) + "Z";
    }
}

// The terminal may have become smaller since its size was read. So rows must not wrap: the cursor
// would not go up far enough.
std::string live_view::frame(std::string_view lines, steady_time now) {
    const terminal_size size = out_.size();
    std::string view = drawn(size, now);
    if (lines.empty() && view == view_ && size == size_)
        return {};
    std::string text = erased();
    text += lines;
    if (!view.empty())
        text += fmt::format("\x1b[?7l{}\x1b[?7h\x1b[{}F", view,
                            std::count(view.begin(), view.end(), '\n'));
    view_ = std::move(view);
    size_ = size;
    return text;
}

std::string live_view::erased() {
    return std::exchange(view_, {}).empty() ? std::string{} : "\r\x1b[J";
}

std::size_t live_view::count(target_status status) const noexcept {
    return counts_[static_cast<std::size_t>(status)];
}

double live_view::rate(steady_time now) {
    while (!samples_.empty() && now - samples_.front().at > rate_span)
        samples_.pop_front();
    samples_.push_back({now, checks_});
    const sample& first = samples_.front();
    const std::chrono::duration<double> passed = now - first.at;
    return passed.count() > 0 ? static_cast<double>(checks_ - first.checks) / passed.count() : 0;
}

// Bad news comes first: a narrow terminal cuts off the rest.
std::string live_view::summary(int columns, steady_time now) {
    row counted{out_, columns};
    for (const target_status each :
         {target_status::down, target_status::suspect, target_status::unknown, target_status::up})
        counted
            .add(count(each) == 0 ? colour::faint : colour_of(each),
                 fmt::format("{} {}", count(each), name(each)))
            .add("  ");
    const double checks_per_second = rate(now);
    counted.add(checks_per_second < 10 ? fmt::format("{:.1f} checks/s", checks_per_second)
                                       : fmt::format("{:.0f} checks/s", checks_per_second));
    return counted.finish();
}

std::string live_view::drawn(const line& shown, std::string_view target, int columns,
                             steady_time now) const {
    row described{out_, columns};
    described.add(colour_of(shown.status), fmt::format("{:<7}", name(shown.status)))
        .add(" ")
        .add(target);
    if (shown.status == target_status::down)
        described.add(fmt::format("  for {} so far", concise_seconds(now - shown.down_since)));
    if (!shown.detail.empty())
        described.add(fmt::format("  {}  {}", shown.checked_at, shown.detail));
    return described.finish();
}

// A view that is as high as the terminal would scroll when it is drawn. So lines that do not fit
// are only counted.
std::string live_view::drawn(terminal_size size, steady_time now) {
    if (size.rows < 2)
        return {};
    const auto room = static_cast<std::size_t>(std::max(size.rows - 3, 0));
    std::string view = summary(size.columns, now);

    const bool all = all_have_lines_ && lines_.size() <= room;
    const std::size_t wanted = all ? lines_.size() : count(target_status::down);
    const std::size_t shown = wanted <= room || room < 2 ? std::min(wanted, room) : room - 1;
    std::vector<const line*> rows;
    std::vector<std::string_view> targets;
    for (auto each = lines_.begin(); rows.size() < shown && each != lines_.end(); ++each) {
        if (!all && each->second.status != target_status::down)
            continue;
        rows.push_back(&each->second);
        targets.push_back(each->second.target);
    }
    constexpr int before_target = 9; // the status, and the last column, which stays free
    const auto target_room = static_cast<std::size_t>(std::max(size.columns - before_target, 1));
    const std::vector<std::string> names = shortened(targets, target_room);
    for (std::size_t index = 0; index < rows.size(); ++index)
        view += drawn(*rows[index], names[index], size.columns, now);
    if (rows.size() < std::min(wanted, room))
        view += row{out_, size.columns}
                    .add(fmt::format("and {} more down", wanted - rows.size()))
                    .finish();
    return view;
}

} // namespace forest::cli
