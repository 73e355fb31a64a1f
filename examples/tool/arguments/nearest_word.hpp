// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_ARGUMENTS_NEAREST_WORD_HPP
#define FOREST_EXAMPLES_TOOL_ARGUMENTS_NEAREST_WORD_HPP

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

// Finds the known words that a user may have meant by a mistyped word.

namespace forest::cli {

/// More suggestions would not help a reader.
inline constexpr std::size_t suggestions_max = 3;

/// Longer words are compared by this many of their first bytes: the work for a word is bounded.
inline constexpr std::size_t compared_bytes_max = 64;

/// Returns how many letters must be added, removed, replaced or swapped with their neighbour to
/// change one word into the other (the distance of Damerau and Levenshtein, "optimal string
/// alignment").
[[nodiscard]] inline std::size_t edit_distance(std::string_view left, std::string_view right) {
    left = left.substr(0, compared_bytes_max);
    right = right.substr(0, compared_bytes_max);
    std::vector<std::size_t> before_last(right.size() + 1);
    std::vector<std::size_t> last(right.size() + 1);
    std::vector<std::size_t> row(right.size() + 1);
    for (std::size_t column = 0; column <= right.size(); ++column)
        last[column] = column;
    for (std::size_t line = 1; line <= left.size(); ++line) {
        row[0] = line;
        for (std::size_t column = 1; column <= right.size(); ++column) {
            const std::size_t replaced = left[line - 1] == right[column - 1] ? 0 : 1;
            row[column] =
                std::min({last[column] + 1, row[column - 1] + 1, last[column - 1] + replaced});
            if (line > 1 && column > 1 && left[line - 1] == right[column - 2] &&
                left[line - 2] == right[column - 1])
                row[column] = std::min(row[column], before_last[column - 2] + 1);
        }
        std::swap(before_last, last);
        std::swap(last, row);
    }
    return last[right.size()];
}

/// Returns the words of `known` that the user may have meant by `word`, the nearest first. They
/// begin with `word`, or differ from it in at most a third of their letters. Case, and `_` for `-`,
/// do not count. Empty if there is none.
[[nodiscard]] inline std::vector<std::string> nearest_words(std::string_view word,
                                                            const std::vector<std::string>& known) {
    const auto plain = [](std::string_view text) {
        std::string letters{text};
        std::transform(letters.begin(), letters.end(), letters.begin(), [](unsigned char letter) {
            return letter == '_' ? '-' : static_cast<char>(std::tolower(letter));
        });
        return letters;
    };
    const std::string wanted = plain(word);
    std::vector<std::string> nearest;
    std::size_t least = std::numeric_limits<std::size_t>::max();
    for (const std::string& each : known) {
        const std::string candidate = plain(each);
        std::size_t distance = edit_distance(wanted, candidate);
        const bool begins = !wanted.empty() && candidate.compare(0, wanted.size(), wanted) == 0;
        if (begins)
            distance = std::min<std::size_t>(distance, 1);
        else if (distance > std::max<std::size_t>(candidate.size() / 3, 1))
            continue;
        if (distance > least)
            continue;
        if (distance < least)
            nearest.clear();
        least = distance;
        if (nearest.size() < suggestions_max)
            nearest.push_back(each);
    }
    return nearest;
}

} // namespace forest::cli

#endif
