// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_BENCHMARKS_STUDY_DRAWING_HPP
#define FOREST_BENCHMARKS_STUDY_DRAWING_HPP

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

// Pictures as SVG, for light and for dark pages: a figure says of what kind a thing is, and the
// style sheet what that looks like.

namespace study {

/// A number with so many digits behind the point.
[[nodiscard]] inline std::string fixed(double value, int digits) {
    char text[64];
    const int size = std::snprintf(text, sizeof text, "%.*f", digits, value);
    assert(size > 0 && static_cast<std::size_t>(size) < sizeof text);
    return {text, static_cast<std::size_t>(size)};
}

struct point {
    double x;
    double y;
};

/// One picture. Coordinates are pixels from the upper left corner of what may be drawn on, around
/// which there is a margin. What is drawn elsewhere makes `finished` throw.
class drawing {
public:
    static constexpr int margin = 20;

    drawing(int width, int height, std::string_view title) : width_{width}, height_{height} {
        const std::string all[] = {std::to_string(width + 2 * margin),
                                   std::to_string(height + 2 * margin)};
        const std::string corner = std::to_string(-margin);
        const std::string box = corner + " " + corner + " " + all[0] + " " + all[1];
        text_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + all[0] + "\" height=\"" +
                all[1] + "\" viewBox=\"" + box + "\" role=\"img\">\n";
        text_.append("<title>").append(title).append("</title>\n").append(style);
        text_ += "<rect class=\"paper\" x=\"" + corner + "\" y=\"" + corner +
                 "\" width=\"100%\" height=\"100%\"/>\n";
        text({0, 14}, title, "title");
    }

    void line(point from, point to, std::string_view kind) { path({from, to}, kind); }

    void path(const std::vector<point>& through, std::string_view kind) {
        text_.append("<polyline class=\"").append(kind).append("\" points=\"");
        for (const point& each : through) {
            text_ += pixels(each.x) + "," + pixels(each.y) + " ";
            cover(each, each);
        }
        text_.back() = '"';
        text_ += "/>\n";
    }

    void dot(point at, double radius, std::string_view kind) {
        cover({at.x - radius, at.y - radius}, {at.x + radius, at.y + radius});
        text_.append("<circle class=\"").append(kind);
        text_ += "\" cx=\"" + pixels(at.x) + "\" cy=\"" + pixels(at.y) + "\" r=\"" +
                 pixels(radius) + "\"/>\n";
    }

    void bar(point from, point to, std::string_view kind) {
        cover(from, to);
        text_.append("<rect class=\"").append(kind);
        text_ += "\" x=\"" + pixels(from.x) + "\" y=\"" + pixels(from.y) + "\" width=\"" +
                 pixels(to.x - from.x) + "\" height=\"" + pixels(to.y - from.y) + "\"/>\n";
    }

    /// `kind` may name several: what the text is, and `middle` or `end` for where it is held.
    void text(point at, std::string_view content, std::string_view kind) {
        const auto [before, behind] = around(content, kind);
        cover({at.x - before, at.y - ascent}, {at.x + behind, at.y + descent});
        write(at, content, kind);
    }

    /// From below to above.
    void upright(point at, std::string_view content, std::string_view kind) {
        const auto [before, behind] = around(content, kind);
        cover({at.x - ascent, at.y - behind}, {at.x + descent, at.y + before});
        text_ +=
            "<g transform=\"translate(" + pixels(at.x) + " " + pixels(at.y) + ") rotate(-90)\">\n";
        write({0, 0}, content, kind);
        text_ += "</g>\n";
    }

    [[nodiscard]] std::string finished() const {
        if (least_.x < 0 || least_.y < 0 || most_.x > width_ || most_.y > height_)
            throw std::logic_error{"the picture runs into its margin: from " + pixels(least_.x) +
                                   "," + pixels(least_.y) + " to " + pixels(most_.x) + "," +
                                   pixels(most_.y)};
        return text_ + "</svg>\n";
    }

private:
    // Of a text, in pixels; in width as much as a letter takes in a wide font.
    static constexpr double ascent = 12;
    static constexpr double descent = 4;
    static constexpr double letter = 7.6;

    struct extent {
        double before;
        double behind;
    };

    static extent around(std::string_view content, std::string_view kind) {
        double width = 0;
        for (const char byte : content) // without the further bytes of UTF-8
            width += (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U ? 0 : letter;
        if (kind.find("title") != std::string_view::npos)
            width *= 15.0 / 13;
        if (kind.find("soft") != std::string_view::npos)
            width *= 12.0 / 13;
        if (kind.find("middle") != std::string_view::npos)
            return {width / 2, width / 2};
        return kind.find("end") != std::string_view::npos ? extent{width, 0} : extent{0, width};
    }

    // Something is drawn there.
    void cover(point from, point to) {
        least_ = {std::min(least_.x, from.x), std::min(least_.y, from.y)};
        most_ = {std::max(most_.x, to.x), std::max(most_.y, to.y)};
    }

    void write(point at, std::string_view content, std::string_view kind) {
        text_.append("<text class=\"").append(kind);
        text_ += "\" x=\"" + pixels(at.x) + "\" y=\"" + pixels(at.y) + "\">";
        text_.append(content).append("</text>\n");
    }

    static std::string pixels(double value) { return fixed(value, 1); }

    static constexpr std::string_view style = R"(<style>
text { font: 13px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328 }
text.title { font-size: 15px; font-weight: 600 }
text.soft { fill: #59636e; font-size: 12px }
text.middle { text-anchor: middle }
text.end { text-anchor: end }
polyline { fill: none; stroke-width: 2 }
.paper { fill: #ffffff }
.rule { stroke: #d8dee4; stroke-width: 1 }
.edge { stroke: #818b98; stroke-width: 1 }
.bound { stroke: #1f2328; stroke-width: 2 }
polyline.exponential { stroke: #0860ca }
polyline.fixed { stroke: #bc4c00; stroke-dasharray: 6 4 }
polyline.thin { stroke-width: 1.2 }
polyline.strong { stroke-width: 3 }
circle { stroke-width: 1.5; fill: #ffffff }
circle.exponential { stroke: #0860ca }
circle.fixed { stroke: #bc4c00 }
circle.exponential.found, rect.exponential { fill: #0860ca }
circle.fixed.found, rect.fixed { fill: #bc4c00 }
text.exponential { fill: #0860ca }
text.fixed { fill: #bc4c00 }
text.strong { font-weight: 700 }
rect.gap { fill: #ffffff }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
text.soft { fill: #9198a1 }
.paper, circle, rect.gap { fill: #0d1117 }
.rule { stroke: #30363d }
.edge { stroke: #7d8590 }
.bound { stroke: #e6edf3 }
polyline.exponential, circle.exponential { stroke: #6cb6ff }
polyline.fixed, circle.fixed { stroke: #f69d50 }
circle.exponential.found, rect.exponential, text.exponential { fill: #6cb6ff }
circle.fixed.found, rect.fixed, text.fixed { fill: #f69d50 }
}
</style>
)";

    int width_;
    int height_;
    point least_{0, 0};
    point most_{0, 0};
    std::string text_;
};

/// From the values of an axis to pixels.
struct scale {
    double least;
    double most;
    double begin; ///< the pixel of `least`
    double end;   ///< the pixel of `most`
    bool logarithmic = false;

    [[nodiscard]] double operator()(double value) const {
        const double share = logarithmic ? std::log10(value / least) / std::log10(most / least)
                                         : (value - least) / (most - least);
        return begin + share * (end - begin);
    }
};

/// A value of an axis that is written beside it.
struct mark {
    double value;
    std::string label;
};

/// The area of a plot: its edges, and a rule for each mark.
struct area {
    scale x;
    scale y;

    [[nodiscard]] point at(double horizontal, double vertical) const {
        return {x(horizontal), y(vertical)};
    }

    void draw_horizontal(drawing& picture, const std::vector<mark>& marks) const {
        for (const mark& each : marks) {
            picture.line({x(each.value), y.begin}, {x(each.value), y.end}, "rule");
            picture.text({x(each.value), y.begin + 18}, each.label, "soft middle");
        }
        picture.line({x.begin, y.begin}, {x.end, y.begin}, "edge");
    }

    void draw_vertical(drawing& picture, const std::vector<mark>& marks,
                       bool labelled = true) const {
        for (const mark& each : marks) {
            picture.line({x.begin, y(each.value)}, {x.end, y(each.value)}, "rule");
            if (labelled)
                picture.text({x.begin - 8, y(each.value) + 4}, each.label, "soft end");
        }
        picture.line({x.begin, y.begin}, {x.begin, y.end}, "edge");
    }
};

} // namespace study

#endif
