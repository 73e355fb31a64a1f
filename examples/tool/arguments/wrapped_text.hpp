// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_ARGUMENTS_WRAPPED_TEXT_HPP
#define FOREST_EXAMPLES_TOOL_ARGUMENTS_WRAPPED_TEXT_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

// Text in lines that fit a terminal of any width.

namespace forest::cli {

/// Text is never wrapped to fewer columns; a narrower terminal wraps it again.
inline constexpr std::size_t wrap_width_min = 16;

// Returns how much of a word is put on a line if the word is too long for the line. The part ends
// behind a mark, such as `/`, where a reader expects a break. If there is no mark, the part fills
// the line.
[[nodiscard]] inline std::size_t word_part(std::string_view word, std::size_t room) noexcept {
    const std::size_t mark = word.find_last_of("-/|,=:_", room - 1);
    return mark == std::string_view::npos || mark < room / 2 ? room : mark + 1;
}

/// `text` in lines of at most `width` columns. Blanks between words count as one, and a line end
/// stays. The caller has already written `column` columns of the first line; all other lines begin
/// with `indent` blanks. Words that are longer than a line are divided. The text is ASCII.
[[nodiscard]] inline std::string wrapped(std::string_view text, std::size_t width,
                                         std::size_t indent, std::size_t column) {
    width = std::max(width, wrap_width_min);
    indent = std::min(indent, width - wrap_width_min / 2);
    std::string out;
    bool at_line_start = true;
    const auto new_line = [&] {
        out.append("\n").append(indent, ' ');
        column = indent;
        at_line_start = true;
    };
    if (column >= width)
        new_line();
    while (!text.empty()) {
        if (text.front() == '\n') {
            new_line();
            text.remove_prefix(1);
            continue;
        }
        if (text.front() == ' ') {
            text.remove_prefix(1);
            continue;
        }
        std::string_view word = text.substr(0, text.find_first_of(" \n"));
        text.remove_prefix(word.size());
        if (!at_line_start && column + 1 + word.size() > width)
            new_line();
        if (!at_line_start) {
            out += ' ';
            ++column;
        }
        while (column + word.size() > width) {
            const std::size_t part = word_part(word, width - column);
            out += word.substr(0, part);
            word.remove_prefix(part);
            new_line();
        }
        out += word;
        column += word.size();
        at_line_start = word.empty();
    }
    return out + "\n";
}

} // namespace forest::cli

#endif
