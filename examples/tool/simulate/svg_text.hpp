// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_SIMULATE_SVG_TEXT_HPP
#define FOREST_EXAMPLES_TOOL_SIMULATE_SVG_TEXT_HPP

#include <fmt/format.h>

#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

// The few shapes of the pictures. A class of the style sheet gives their look, because it differs
// in the dark.

namespace forest::cli {

/// Returns `text` escaped for use between tags and in attributes.
[[nodiscard]] std::string xml_escape(std::string_view text);

/// Returns the width of a label in pixels. All letters have the same width, so overlaps are known
/// without a font.
[[nodiscard]] inline double label_width(std::string_view text) noexcept {
    constexpr double letter = 6.03;
    return letter * static_cast<double>(text.size());
}

/// A growing picture. Positions and sizes are in pixels.
class svg_text {
public:
    template <typename... Arguments>
    void add(fmt::format_string<Arguments...> form, Arguments&&... arguments) {
        fmt::format_to(std::back_inserter(text_), form, std::forward<Arguments>(arguments)...);
    }

    void add_text(double x, double baseline, std::string_view kind, std::string_view text);

    /// A rectangle. A user who points at it sees `hint`, if there is one.
    void add_box(double x, double y, double width, double height, std::string_view kind,
                 std::string_view hint = {});

    void add_vertical(double x, double top, double bottom, std::string_view kind);

    /// A triangle of 9 by 8 around `x`; it points down, or up.
    void add_triangle(double x, double top, bool down, std::string_view kind);

    [[nodiscard]] std::string take() && { return std::move(text_); }

private:
    std::string text_;
};

/// Boxes of one kind side by side, each one pixel wide, as one path: neighbours of the same height
/// are one box.
class column_path {
public:
    column_path(std::string_view kind, double left) : kind_{kind}, left_{left} {}

    void add(std::size_t column, double top, double height);
    void write(svg_text& picture);

private:
    void finish_box();

    std::string_view kind_;
    double left_;
    std::string boxes_;
    std::size_t first_ = 0;
    std::size_t count_ = 0;
    double top_ = 0;
    double height_ = 0;
};

} // namespace forest::cli

#endif
