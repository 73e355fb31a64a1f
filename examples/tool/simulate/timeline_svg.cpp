// SPDX-License-Identifier: BSL-1.0
#include "timeline_svg.hpp"

#include "svg_text.hpp"
#include "timeline_lanes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

namespace forest::cli {

namespace {

constexpr std::string_view style = R"(
text{font-family:"DejaVu Sans Mono",Menlo,Consolas,"Liberation Mono",monospace;font-size:10px;fill:#1f2328}
.title{font-size:16px;font-weight:bold}
.name{font-size:12px;font-weight:bold}
.faint{fill:#59636e}
.end{text-anchor:end}
.middle{text-anchor:middle}
.halo{stroke:#ffffff;stroke-width:3px;paint-order:stroke}
.page{fill:#ffffff}
.grid{stroke:#dde2e7;stroke-width:1}
.bed{fill:#8b98a5;fill-opacity:0.1}
.unknown{fill:#b6bdc5}
.up{fill:#5cb888}
.suspect{fill:#f0b429}
.down{fill:#d1343f}
.truth{fill:#1f2328}
.ok{fill:#7d9c8c}
.bad{fill:#d1343f}
.odd{fill:#c48a00}
.reported{fill:#d1343f}
.false{fill:#ffffff;stroke:#d1343f;stroke-width:1.4}
.baseless{fill:#f0a9ad}
.back{fill:#2f8f5b}
.process{fill:#8250df}
.link{fill:#1f6feb}
.time{fill:#9a5b13}
.inside{fill:#ffffff}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}
.faint{fill:#9198a1}
.halo{stroke:#0d1117}
.page{fill:#0d1117}
.grid{stroke:#262c34}
.unknown{fill:#57606a}
.up{fill:#2f8f5b}
.suspect{fill:#d29e1c}
.down{fill:#e5484d}
.truth{fill:#e6edf3}
.ok{fill:#5f7d6d}
.bad{fill:#f2666b}
.odd{fill:#e0a526}
.reported{fill:#f2666b}
.false{fill:#0d1117;stroke:#f2666b}
.baseless{fill:#7d3b40}
.back{fill:#4cc38a}
.process{fill:#a98bf2}
.link{fill:#58a6ff}
.time{fill:#d29a56}
.inside{fill:#0d1117}
}
)";

// The labels are so far apart that there are about ten. Each is a round number of one unit.
class time_axis {
public:
    explicit time_axis(duration length) : length_{length} {
        using namespace std::chrono_literals;
        constexpr duration day = 24h;
        constexpr std::array<duration, 34> steps{
            1ms,     2ms,     5ms,      10ms,     20ms,     50ms,      100ms,        200ms, 500ms,
            1s,      2s,      5s,       10s,      15s,      30s,       1min,         2min,  5min,
            10min,   15min,   30min,    1h,       2h,       3h,        6h,           12h,   day,
            2 * day, 5 * day, 10 * day, 30 * day, 90 * day, 365 * day, 5 * 365 * day};
        step_ = 10 * 365 * day;
        for (const duration each : steps) {
            if (length <= 13 * each) {
                step_ = each;
                break;
            }
        }
    }

    template <typename Call>
    void for_each_tick(Call&& call) const {
        for (duration at{}; at <= length_; at += step_)
            call(plot_left + plot_width * share_of(at, length_), label(at));
    }

private:
    [[nodiscard]] std::string label(duration at) const {
        using namespace std::chrono_literals;
        constexpr std::array<std::pair<duration, std::string_view>, 5> units{
            {{24h * 365, "y"}, {24h, "d"}, {1h, "h"}, {1min, "min"}, {1s, "s"}}};
        for (const auto& [length, name] : units) {
            if (step_ >= length)
                return fmt::format("{} {}", at / length, name);
        }
        return fmt::format("{} ms", at / 1ms);
    }

    duration length_;
    duration step_;
};

// Labels are below the lanes and, if there are many lanes, above them, too.
void draw_axis(svg_text& picture, const time_axis& axis, double top, double bottom, bool above) {
    axis.for_each_tick([&](double x, const std::string& text) {
        picture.add_vertical(x, top, bottom, "grid");
        picture.add_text(x, bottom + 14, "faint middle", text);
        if (above)
            picture.add_text(x, top - 5, "faint middle", text);
    });
}

// Draws one sample of each shape, and its meaning.
class legend_drawer {
public:
    legend_drawer(svg_text& picture, double top) : picture_{picture}, x_{plot_left}, y_{top} {}

    void add_box(std::string_view kind, double height, std::string_view text) {
        make_room(text);
        picture_.add_box(x_, y_ + 5 - height / 2, 14, height, kind);
        add_words(18, text);
    }

    void add_tick(std::string_view kind, double height, std::string_view text) {
        make_room(text);
        picture_.add_box(x_ + 3, y_ + 5 - height / 2, 1.5, height, kind);
        add_words(9, text);
    }

    void add_mark(bool down, std::string_view kind, std::string_view text) {
        make_room(text);
        picture_.add_triangle(x_ + 5, y_ + 1, down, kind);
        add_words(14, text);
    }

    void next_line() {
        x_ = plot_left;
        y_ += 18;
    }

    void add_words(double after, std::string_view text) {
        picture_.add_text(x_ + after, y_ + 8.5, "faint", text);
        x_ += after + label_width(text) + 18;
    }

private:
    void make_room(std::string_view text) {
        if (x_ + 20 + label_width(text) > picture_width - 10)
            next_line();
    }

    svg_text& picture_;
    double x_;
    double y_;
};

constexpr double legend_height = 84;

void draw_detailed_legend(legend_drawer& legend) {
    legend.add_box("process", 10, "fault of the process");
    legend.add_box("way", 10, "of the network");
    legend.add_box("time", 10, "of a host's clocks, or of its running");
    legend.next_line();
    legend.add_mark(true, "reported",
                    "on_server_down, and how long the outage had lasted; 2x: two, and the longest");
    legend.add_mark(true, "false", "reported without an outage");
    legend.add_mark(false, "back", "on_server_up");
    legend.next_line();
    legend.add_box("truth", 4, "no check could succeed");
    legend.add_box("unknown", 12, "the client says unknown");
    legend.add_box("up", 12, "up");
    legend.add_box("suspect", 12, "suspect");
    legend.add_box("down", 12, "down");
    legend.next_line();
    legend.add_tick("ok", 6, "check succeeded");
    legend.add_tick("bad", 12, "failed");
    legend.add_tick("odd", 12, "inconclusive");
}

void draw_crowded_legend(legend_drawer& legend, duration length) {
    constexpr auto bars =
        static_cast<std::int64_t>(timeline_lane::columns_count / crowded_lane::bar_columns);
    legend.add_box("process", 10, "faults of the process");
    legend.add_box("way", 10, "of the network");
    legend.add_box("time", 10, "of a host's clocks, or of its running");
    legend.next_line();
    legend.add_box("reported", 10, "calls of on_server_down");
    legend.add_box("baseless", 10, "those without an outage");
    legend.next_line();
    legend.add_box("down", 10, "share of the time in which the client says down");
    legend.add_box("suspect", 10, "or suspect");
    legend.add_box("truth", 2, "in which no check could succeed");
    legend.next_line();
    legend.add_box("bad", 10, "share of the checks that failed");
    legend.add_box("odd", 10, "that were inconclusive");
    legend.add_words(0, fmt::format("a bar is {} wide", brief(length / bars)));
}

// Either all lanes show each fault and call, or all lanes are bars.
template <typename Lane>
std::vector<Lane> make_lanes(const timeline& shown) {
    std::vector<Lane> lanes;
    for (std::size_t index = 0; index < shown.lanes.size(); ++index)
        lanes.emplace_back(shown, index);
    return lanes;
}

void draw_head(svg_text& picture, const timeline& shown, double height) {
    picture.add("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
                "width=\"{0:.0f}\" height=\"{1:.0f}\" role=\"img\">\n<title>{2}</title>\n"
                "<style>{3}</style>\n",
                picture_width, height, xml_escape(shown.title), style);
    picture.add_box(0, 0, picture_width, height, "page");
    picture.add_text(14, 28, "title", shown.title);
    picture.add_text(14, 48, "faint", shown.subtitle);
    if (shown.left_out > 0)
        picture.add_text(14, 64, "faint",
                         fmt::format("{} more target{} not drawn", shown.left_out,
                                     shown.left_out == 1 ? " is" : "s are"));
}

template <typename Lane>
std::string drawn(const timeline& shown, const std::vector<Lane>& lanes, const auto& draw_legend) {
    const bool tall = lanes.size() > 4;
    double top = 80 + (shown.left_out > 0 ? 16 : 0) + (tall ? 12 : 0);
    double bottom = top;
    for (const Lane& each : lanes)
        bottom += each.height();
    svg_text body;
    draw_head(body, shown, bottom + 34 + legend_height);
    draw_axis(body, time_axis{shown.length}, top - 8, bottom - lane_gap + 8, tall);
    for (const Lane& each : lanes) {
        each.draw(body, top);
        top += each.height();
    }
    body.add_text(14, bottom + 30.5, "name", "legend");
    legend_drawer legend{body, bottom + 22};
    draw_legend(legend);
    body.add("</svg>\n");
    return std::move(body).take();
}

} // namespace

std::string timeline_svg(const timeline& shown) {
    const auto detailed = make_lanes<detailed_lane>(shown);
    const bool crowded = std::any_of(detailed.begin(), detailed.end(),
                                     [](const detailed_lane& each) { return each.too_crowded(); });
    if (!crowded)
        return drawn(shown, detailed, draw_detailed_legend);
    return drawn(shown, make_lanes<crowded_lane>(shown),
                 [&shown](legend_drawer& legend) { draw_crowded_legend(legend, shown.length); });
}

} // namespace forest::cli
