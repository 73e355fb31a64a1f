// SPDX-License-Identifier: BSL-1.0
#include "svg_text.hpp"

namespace forest::cli {

std::string xml_escape(std::string_view text) {
    std::string safe;
    for (const char each : text) {
        switch (each) {
        case '&': safe += "&amp;"; break;
        case '<': safe += "&lt;"; break;
        case '>': safe += "&gt;"; break;
        case '"': safe += "&quot;"; break;
        default: safe += each;
        }
    }
    return safe;
}

void svg_text::add_text(double x, double baseline, std::string_view kind, std::string_view text) {
    add("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\">{}</text>\n", x, baseline, kind,
        xml_escape(text));
}

void svg_text::add_box(double x, double y, double width, double height, std::string_view kind,
                       std::string_view hint) {
    add("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" class=\"{}\"", x, y,
        width, height, kind);
    if (hint.empty())
        add("/>\n");
    else
        add("><title>{}</title></rect>\n", xml_escape(hint));
}

void svg_text::add_vertical(double x, double top, double bottom, std::string_view kind) {
    add("<path d=\"M{:.1f} {:.1f}V{:.1f}\" class=\"{}\"/>\n", x, top, bottom, kind);
}

void svg_text::add_triangle(double x, double top, bool down, std::string_view kind) {
    add("<path d=\"M{:.1f} {:.1f}h9l-4.5 {}z\" class=\"{}\"/>\n", x - 4.5, down ? top : top + 8,
        down ? 8 : -8, kind);
}

void column_path::add(std::size_t column, double top, double height) {
    const bool same = count_ > 0 && column == first_ + count_ && top == top_ && height == height_;
    if (!same) {
        finish_box();
        first_ = column;
        top_ = top;
        height_ = height;
    }
    ++count_;
}

void column_path::write(svg_text& picture) {
    finish_box();
    if (!boxes_.empty())
        picture.add("<path d=\"{}\" class=\"{}\"/>\n", boxes_, kind_);
}

void column_path::finish_box() {
    if (count_ > 0)
        fmt::format_to(std::back_inserter(boxes_), "M{} {:.1f}h{}v{:.1f}h-{}z",
                       left_ + static_cast<double>(first_), top_, count_, height_, count_);
    count_ = 0;
}

} // namespace forest::cli
