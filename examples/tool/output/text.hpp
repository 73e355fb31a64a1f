// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_OUTPUT_TEXT_HPP
#define FOREST_EXAMPLES_TOOL_OUTPUT_TEXT_HPP

#include <forest/core/options.hpp>
#include <forest/core/time.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

// Writes and reads values, in the same way for every command.

namespace forest::cli {

/// Reads `5s`, `500ms`, `1m`, `1.5s`, `2h`, `7d`, `1y` (365 days) or `0s`. Throws usage_error that
/// names `option`, also for a duration longer than `longest`.
[[nodiscard]] duration parse_duration(std::string_view option, std::string_view text,
                                      duration longest = options::duration_max);

/// Reads a whole number in digits. Throws usage_error that names `option`.
[[nodiscard]] int parse_count(std::string_view option, std::string_view text);

/// The same for a number that is not negative and may be large.
[[nodiscard]] std::uint64_t parse_seed(std::string_view option, std::string_view text);

/// Returns `text` as a JSON string in ASCII, with its quotes. Text from a peer must not control the
/// terminal. So everything that is not printable ASCII is escaped, although JSON does not require
/// that.
[[nodiscard]] std::string ascii_quote(std::string_view text);

/// The same without the quotes, for lines that people read.
[[nodiscard]] std::string ascii_escape(std::string_view text);

/// `2025-12-09T12:00:00.000Z`.
[[nodiscard]] std::string utc(wall_time time);

/// The system's clock now.
[[nodiscard]] wall_time wall_clock_now();

[[nodiscard]] double milliseconds(duration span) noexcept;

/// Three digits are enough for people: `1.23 ms`, `12.3 s`, `3 min 5 s`, `2 h 10 min`, `7 d 3 h`.
[[nodiscard]] std::string readable(duration span);

/// Returns the shortest exact text if the duration is a whole number of one unit: `24 h`, `365 d`.
[[nodiscard]] std::string concise(duration span);

} // namespace forest::cli

#endif
