// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_OUTPUT_WRITE_LINES_HPP
#define FOREST_EXAMPLES_TOOL_OUTPUT_WRITE_LINES_HPP

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstddef>
#include <string_view>
#include <system_error>

// Writes lines to a descriptor that other processes may share.

namespace forest::cli {

/// A pipe takes up to so many bytes as a whole, so lines of other processes do not come between
/// them.
inline constexpr std::size_t indivisible_bytes_max = PIPE_BUF;

/// Returns the first lines of `text` that are written in one call.
[[nodiscard]] inline std::string_view indivisible_part(std::string_view text) noexcept {
    if (text.size() <= indivisible_bytes_max)
        return text;
    const std::size_t line_end = text.rfind('\n', indivisible_bytes_max - 1);
    return text.substr(0,
                       line_end == std::string_view::npos ? indivisible_bytes_max : line_end + 1);
}

/// Writes the first part of `text`, which ends with a line if possible, and removes it. Always
/// waits for room, even if another process has made the descriptor non-blocking.
[[nodiscard]] inline std::error_code write_part(int descriptor, std::string_view& text) noexcept {
    const std::string_view part = indivisible_part(text);
    for (;;) {
        const ssize_t written = ::write(descriptor, part.data(), part.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
            return {};
        }
        pollfd room{descriptor, POLLOUT, 0};
        if (errno != EAGAIN || ::poll(&room, 1, -1) < 0)
            return {errno, std::generic_category()};
    }
}

} // namespace forest::cli

#endif
