// SPDX-License-Identifier: BSL-1.0
#include "timeline_lanes.hpp"

#include <tool/output/text.hpp>

#include <fmt/format.h>

namespace forest::cli {

double share_of(duration part, duration whole) noexcept {
    return whole == duration::zero()
               ? 0
               : static_cast<double>(part.count()) / static_cast<double>(whole.count());
}

std::string brief(duration span) {
    struct unit {
        double seconds;
        double from;
        std::string_view name;
    };
    constexpr std::array<unit, 4> units{
        {{86400, 2 * 86400, "d"}, {3600, 2 * 3600, "h"}, {60, 120, "min"}, {1, 1, "s"}}};
    const double all = milliseconds(span) / 1000;
    for (const unit& each : units) {
        const double count = all / each.seconds;
        if (all >= each.from)
            return fmt::format("{:.{}f} {}", count, count < 9.95 ? 1 : 0, each.name);
    }
    return fmt::format("{:.0f} ms", all * 1000);
}

std::uint32_t lane_frame::downs() const noexcept {
    std::uint32_t sum = 0;
    for (const timeline_column& each : columns())
        sum += each.downs;
    return sum;
}

std::string lane_frame::downs_caption() const {
    return fmt::format("{} down{}", downs(), downs() == 1 ? "" : "s");
}

void lane_frame::draw_name(svg_text& picture, double top) const {
    timeline_column sum;
    for (const timeline_column& each : columns())
        sum += each;
    picture.add_text(14, top + 10, "name", lane_->name());
    picture.add_text(14, top + 24, "faint",
                     fmt::format("was down {:.2f} %", 100 * share_of(sum.must_fail, sum.time)));
    picture.add_text(
        14, top + 37, "faint",
        fmt::format("said down {:.2f} %", 100 * share_of(sum.in_status[down], sum.time)));
}

void lane_frame::draw_caption(svg_text& picture, double baseline, std::string_view text) {
    picture.add_text(plot_left - 8, baseline, "faint end", text);
}

} // namespace forest::cli
