// SPDX-License-Identifier: BSL-1.0
#include "timeline_lanes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace forest::cli {

namespace {

constexpr double row = 40;
constexpr double bar_height = row - 10;
constexpr int rows = 4;

// The least round number that is enough.
double round_up(double value) noexcept {
    for (double power = 0.0001;; power *= 10) {
        for (const double digit : {1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0}) {
            if (value <= digit * power)
                return digit * power;
        }
    }
}

} // namespace

double crowded_lane::bar::checks() const noexcept {
    return std::max(1.0, 1.0 * sum.succeeded + sum.failed + sum.inconclusive);
}

crowded_lane::crowded_lane(const timeline& shown, std::size_t index) : lane_frame{shown, index} {
    const auto bar_of = [this](std::size_t column) -> bar& {
        return bars_[std::min(column / bar_columns, bars_.size() - 1)];
    };
    for (const sim::fault& each : *shown.faults) {
        if (concerns(each))
            ++bar_of(static_cast<std::size_t>(x_of(each.at) - plot_left))
                  .faults[class_of(each.kind)];
    }
    for (std::size_t column = 0; column < columns().size(); ++column)
        bar_of(column).sum += columns()[column];
}

double crowded_lane::height() noexcept {
    return rows * row + lane_gap;
}

void crowded_lane::draw(svg_text& picture, double top) const {
    draw_name(picture, top);
    (void)draw_bars(picture, top, "faults", "",
                    {{"process", [](const bar& in) { return in.faults[0]; }},
                     {"way", [](const bar& in) { return in.faults[1]; }},
                     {"time", [](const bar& in) { return in.faults[2]; }}});
    (void)draw_bars(
        picture, top + row, downs_caption(), "",
        {{"reported", [](const bar& in) { return 1.0 * (in.sum.downs - in.sum.false_positives); },
          "down"},
         {"baseless", [](const bar& in) { return 1.0 * in.sum.false_positives; },
          "down without an outage"}});
    const double scale = draw_bars(
        picture, top + 2 * row, "client", " %",
        {{"down",
          [](const bar& in) { return 100 * share_of(in.sum.in_status[down], in.sum.time); }},
         {"suspect",
          [](const bar& in) { return 100 * share_of(in.sum.in_status[suspect], in.sum.time); }}});
    draw_truth(picture, top + 2 * row, scale);
    (void)draw_bars(
        picture, top + 3 * row, "checks", " %",
        {{"bad", [](const bar& in) { return 100 * in.sum.failed / in.checks(); }},
         {"odd", [](const bar& in) { return 100 * in.sum.inconclusive / in.checks(); }}});
}

// Returns the value of a bar of full height.
double crowded_lane::draw_bars(svg_text& picture, double top, std::string_view caption,
                               std::string_view unit, const std::vector<layer>& layers) const {
    double most = 0;
    for (const bar& each : bars_) {
        double sum = 0;
        for (const layer& part : layers)
            sum += part.value(each);
        most = std::max(most, sum);
    }
    const double scale = round_up(std::max(most, 1.0));
    picture.add_box(plot_left, top, plot_width, bar_height, "bed");
    draw_caption(picture, top + 9, fmt::format("{:g}{}", scale, unit));
    draw_caption(picture, top + 22, caption);
    double x = plot_left + 0.5;
    for (const bar& each : bars_) {
        double bottom = top + bar_height;
        for (const layer& part : layers) {
            const double value = part.value(each);
            double height = bar_height * value / scale;
            // Each count above 0 is visible, even a small one beside a large one.
            if (!part.noun.empty() && value > 0)
                height = std::max(height, 1.0);
            bottom -= height;
            if (height >= 0.05)
                picture.add_box(x, bottom, bar_columns - 1.0, height, part.kind,
                                part.noun.empty() ? std::string{}
                                                  : fmt::format("{:.0f} {}", value, part.noun));
        }
        x += bar_columns;
    }
    return scale;
}

void crowded_lane::draw_truth(svg_text& picture, double top, double scale) const {
    double x = plot_left + 0.5;
    for (const bar& each : bars_) {
        const double height =
            bar_height * 100 * share_of(each.sum.must_fail, each.sum.time) / scale;
        if (height > 0)
            picture.add_box(x, std::max(top + bar_height - height - 1, top), bar_columns - 1.0, 1.5,
                            "truth");
        x += bar_columns;
    }
}

} // namespace forest::cli
