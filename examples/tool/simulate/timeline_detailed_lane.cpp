// SPDX-License-Identifier: BSL-1.0
#include "timeline_lanes.hpp"

#include <tool/output/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace forest::cli {

namespace {

// The rows of a lane, from the top.
constexpr double fault_row = 15;
constexpr double mark_row = 18;
constexpr double truth_row = 9;
constexpr double band_row = 20;
constexpr double check_row = 16;

// More could not be distinguished.
constexpr std::size_t faults_max = 60;
constexpr std::size_t crammed_max = 4; // boxes that overlap others

// Half of a mark and its surroundings.
constexpr double around_mark = 7;

// `loss 12 %`, `pause 3 min, server`.
std::string label_of(const sim::fault& fault) {
    std::string text{sim::name(fault.kind)};
    const duration span = fault.span < duration::zero() ? -fault.span : fault.span;
    switch (fault.kind) {
    case sim::fault_kind::loss:
        text += fmt::format(" {:.0f} %", static_cast<double>(fault.amount) / 10);
        break;
    case sim::fault_kind::drift:
        text += fmt::format(" {:+.1f} %", static_cast<double>(fault.amount) / 10'000);
        break;
    case sim::fault_kind::step_wall: text += (fault.span < span ? " -" : " +") + brief(span); break;
    default:
        if (span > duration::zero())
            text += " " + brief(span);
    }
    if (sim::is_of_time(fault.kind))
        text += fault.client == sim::fault::everyone ? ", server" : ", client";
    return text;
}

// Returns the length of its box.
duration length_of(const sim::fault& fault) noexcept {
    if (fault.kind == sim::fault_kind::pause || fault.kind == sim::fault_kind::suspend)
        return fault.span;
    return is_momentary(fault.kind) ? duration::zero() : fault.lasting;
}

// At least `least` if there is anything, in halves of a pixel so that neighbours are alike.
double height_of_share(double share, double whole, double least) noexcept {
    if (share <= 0)
        return 0;
    const auto halves = static_cast<int>(share * whole * 2 + 0.5);
    return std::clamp(halves / 2.0, least, whole);
}

} // namespace

void fault_rows::add(fault_box box) {
    using place = fault_box::place;
    constexpr double around = 4;
    const double label = label_width(box.label) + around;
    const bool ends_too_late = box.right() + label > picture_width - around;
    if (label + around <= box.width)
        put(box, box.left, box.right(), place::inside);
    else if (ends_too_late || !put(box, box.left, box.right() + label, place::right))
        put(box, box.left - label, box.right(), place::left);
    if (box.labelled == place::nowhere && !put(box, box.left, box.right(), place::nowhere)) {
        box.row = rows_max - 1;
        ++crammed_;
    }
    count_ = std::max(count_, box.row + 1);
    boxes_.push_back(std::move(box));
}

bool fault_rows::put(fault_box& box, double from, double until, fault_box::place label) {
    constexpr double apart = 4;
    const auto free_row = std::find_if(taken_.begin(), taken_.end(),
                                       [from](double taken) { return taken + apart <= from; });
    if (free_row == taken_.end())
        return false;
    *free_row = until;
    box.row = static_cast<std::size_t>(free_row - taken_.begin());
    box.labelled = label;
    return true;
}

detailed_lane::detailed_lane(const timeline& shown, std::size_t index) : lane_frame{shown, index} {
    for (const sim::fault& each : *shown.faults) {
        if (!concerns(each) || rows_.boxes().size() > faults_max)
            continue;
        constexpr double width_min = 2.5;
        const double left = x_of(each.at);
        const double right = std::min(x_of(each.at + length_of(each)), plot_right);
        const std::string label = label_of(each);
        rows_.add(
            {left, std::max(right - left, width_min), label,
             fmt::format("{} from {} for {}", label, readable(each.at), readable(length_of(each))),
             fault_classes[class_of(each.kind)]});
    }
    marks_ = find_marks();
    label_marks();
}

bool detailed_lane::too_crowded() const noexcept {
    return rows_.crammed() > crammed_max || rows_.boxes().size() > faults_max || counts_hidden_;
}

double detailed_lane::height() const noexcept {
    return static_cast<double>(rows_.count()) * fault_row + mark_row + truth_row + band_row +
           check_row + lane_gap;
}

void detailed_lane::draw(svg_text& picture, double top) const {
    const double marks = top + static_cast<double>(rows_.count()) * fault_row;
    const double truth = marks + mark_row;
    const double band = truth + truth_row;
    const double checks = band + band_row;
    draw_name(picture, top);
    draw_caption(picture, top + 9.5, "faults");
    draw_caption(picture, marks + 12, downs_caption());
    draw_caption(picture, truth + 6, "truth");
    draw_caption(picture, band + 12, "client");
    draw_caption(picture, checks + 8, "checks");
    draw_faults(picture, top);
    draw_marks(picture, marks);
    draw_truth(picture, truth);
    draw_band(picture, band);
    draw_checks(picture, checks);
}

void detailed_lane::draw_faults(svg_text& picture, double top) const {
    using place = fault_box::place;
    for (const fault_box& each : rows_.boxes()) {
        const double y = top + static_cast<double>(each.row) * fault_row;
        const double baseline = y + 9.5;
        picture.add_box(each.left, y, each.width, 12, each.kind, each.hint);
        const std::string beside = std::string{each.kind} + " halo";
        if (each.labelled == place::inside)
            picture.add_text(each.left + 4, baseline, "inside", each.label);
        else if (each.labelled == place::right)
            picture.add_text(each.right() + 3, baseline, beside, each.label);
        else if (each.labelled == place::left)
            picture.add_text(each.left - 3, baseline, beside + " end", each.label);
    }
}

// Returns how many downs a mark stands for, as text; empty if it is one.
std::string detailed_lane::mark::count() const {
    return downs > 1 ? fmt::format("{}x", downs) : std::string{};
}

// Returns where the next mark may be. Then both can be distinguished, and the number has room.
double detailed_lane::mark::end() const {
    return x + (downs > 1 ? 2 * around_mark + label_width(count()) : 1.5 * around_mark);
}

// Downs that would overlap are one mark with their number. A recovery that would overlap a down is
// left out, because the band below shows it, too.
std::vector<detailed_lane::mark> detailed_lane::find_marks() const {
    std::vector<mark> downs;
    const auto& all = columns();
    const auto place = [](std::size_t column) {
        return plot_left + 0.5 + static_cast<double>(column);
    };
    for (std::size_t column = 0; column < all.size(); ++column) {
        const timeline_column& in = all[column];
        if (in.downs == 0)
            continue;
        if (downs.empty() || place(column) >= downs.back().end())
            downs.push_back({place(column), 0, 0});
        downs.back().downs += in.downs;
        downs.back().baseless += in.false_positives;
        downs.back().latency = std::max(downs.back().latency, in.latency);
    }
    std::vector<mark> marks = downs;
    double taken = 0; // by recoveries
    for (std::size_t column = 0; column < all.size(); ++column) {
        const double x = place(column);
        if (all[column].ups == 0 || x < taken ||
            std::any_of(
                downs.begin(), downs.end(),
                [x](const mark& each) { return each.x - 1.5 * around_mark < x && x < each.end(); }))
            continue;
        marks.push_back({x, 0, 0});
        taken = marks.back().end();
    }
    std::sort(marks.begin(), marks.end(),
              [](const mark& left, const mark& right) { return left.x < right.x; });
    return marks;
}

// The label of a mark is placed where there is room: behind the mark, before it, or behind the next
// mark. If there is no room, only the number is shown, or nothing.
void detailed_lane::label_marks() {
    double taken = plot_left - around_mark;
    for (std::size_t index = 0; index < marks_.size(); ++index) {
        mark& each = marks_[index];
        const double before = std::exchange(taken, std::max(taken, each.x + around_mark));
        const std::string count = each.count();
        each.label = count;
        if (each.latency)
            each.label += (count.empty() ? "+" : " +") + brief(*each.latency);
        if (each.label.empty() || place_label(index, before, taken))
            continue;
        each.label = count;
        if (!count.empty() && !place_label(index, before, taken))
            counts_hidden_ = true;
    }
}

// There is room before the mark from `before` on, and behind the mark from `taken` on.
bool detailed_lane::place_label(std::size_t index, double before, double& taken) {
    mark& each = marks_[index];
    const auto end_before = [&](std::size_t which) {
        return which < marks_.size() ? marks_[which].x - around_mark : picture_width - around_mark;
    };
    const double width = label_width(each.label);
    const auto from = [&](double x) {
        each.label_x = x;
        taken = x + width;
        return true;
    };
    const bool followed = index + 1 < marks_.size() && !marks_[index + 1].is_down();
    const double behind_next = followed ? marks_[index + 1].x + around_mark : picture_width;
    if (taken + width <= end_before(index + 1))
        return from(taken);
    if (before + width <= each.x - around_mark) {
        each.label_x = each.x - around_mark;
        each.label_ends = true;
        return true;
    }
    return behind_next + width <= end_before(index + 2) && from(behind_next);
}

void detailed_lane::draw_marks(svg_text& picture, double top) const {
    for (const mark& each : marks_) {
        const std::string_view of_down = each.baseless == each.downs ? "false" : "reported";
        picture.add_triangle(each.x, top + 5, each.is_down(), each.is_down() ? of_down : "back");
        if (!each.label.empty())
            picture.add_text(each.label_x, top + 12.5,
                             each.label_ends ? "faint halo end" : "faint halo", each.label);
    }
}

void detailed_lane::draw_truth(svg_text& picture, double top) const {
    column_path path{"truth", plot_left};
    for (std::size_t column = 0; column < columns().size(); ++column) {
        if (columns()[column].must_fail > duration::zero())
            path.add(column, top + 1, 4);
    }
    path.write(picture);
}

// A status that took a part of a column gets that part of the height, but always enough to be
// visible.
void detailed_lane::draw_band(svg_text& picture, double top) const {
    constexpr double whole = band_row - 4;
    std::array<column_path, 4> paths{
        column_path{"unknown", plot_left}, column_path{"up", plot_left},
        column_path{"suspect", plot_left}, column_path{"down", plot_left}};
    for (std::size_t column = 0; column < columns().size(); ++column) {
        const timeline_column& in = columns()[column];
        if (in.time == duration::zero())
            continue;
        double bottom = top + whole;
        for (const std::size_t status : {down, suspect, unknown}) {
            const double height = std::min(
                height_of_share(share_of(in.in_status[status], in.time), whole, 3), bottom - top);
            if (height > 0)
                paths[status].add(column, bottom - height, height);
            bottom -= height;
        }
        if (bottom > top)
            paths[up].add(column, top, bottom - top);
    }
    for (column_path& each : paths)
        each.write(picture);
}

// Of the successful checks only some are drawn, and of the others all.
void detailed_lane::draw_checks(svg_text& picture, double top) const {
    constexpr double whole = check_row - 4;
    constexpr std::size_t apart = 3; // columns from one tick to the next, at least
    column_path ok{"ok", plot_left};
    column_path bad{"bad", plot_left};
    column_path odd{"odd", plot_left};
    std::size_t next = 0;
    for (std::size_t column = 0; column < columns().size(); ++column) {
        const timeline_column& in = columns()[column];
        const double all = 1.0 * in.succeeded + in.failed + in.inconclusive;
        if (in.failed > 0)
            bad.add(column, top, height_of_share(in.failed / all, whole, 4));
        else if (in.inconclusive > 0)
            odd.add(column, top, height_of_share(in.inconclusive / all, whole, 4));
        else if (in.succeeded > 0 && column >= next) {
            ok.add(column, top, whole / 2);
            next = column + apart;
        }
    }
    ok.write(picture);
    odd.write(picture);
    bad.write(picture);
}

} // namespace forest::cli
