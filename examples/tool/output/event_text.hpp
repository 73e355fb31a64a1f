// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_OUTPUT_EVENT_TEXT_HPP
#define FOREST_EXAMPLES_TOOL_OUTPUT_EVENT_TEXT_HPP

#include "line_queue.hpp"
#include "terminal.hpp"

#include <forest/core/event.hpp>
#include <forest/core/time.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

// Events for people: the same in every time zone and language, so that two logs can be compared.

namespace forest::cli {

/// The colours of ECMA-48 that the tool uses.
namespace colour {
inline constexpr std::string_view bad = "1;31";
inline constexpr std::string_view good = "32";
inline constexpr std::string_view doubtful = "33";
inline constexpr std::string_view faint = "2";
} // namespace colour

/// Whether it is the outcome of a check.
[[nodiscard]] bool ends_a_check(event_kind kind) noexcept;

/// Whether a program prints the event. Without `verbose`, of single checks it prints only the first
/// for which the name service does not answer.
[[nodiscard]] bool is_printed(const event& happened, bool verbose) noexcept;

/// An outage that has not ended.
struct ongoing_outage {
    std::uint64_t id = 0;
    wall_time first_failure{};
    duration so_far{};
};

/// One line and its end. `down` is the current outage of a server that is no longer watched, if
/// any.
[[nodiscard]] std::string event_text(const event& happened, wall_time now, const terminal& out,
                                     const ongoing_outage* down = nullptr);

/// A line that does not belong to one target.
[[nodiscard]] std::string notice_text(wall_time now, std::string_view label,
                                      std::string_view sentence, const terminal& out);

/// Returns a line about the lines that were left out because nobody read them.
[[nodiscard]] std::string omitted_text(const left_out& gap, const terminal& out);

/// The verdict of `check`, on several lines.
[[nodiscard]] std::string verdict_text(std::string_view target, const verdict& result,
                                       const terminal& out);

/// Whether a failed check says nothing about the server, because this machine could not make it
/// (B12).
[[nodiscard]] bool is_inconclusive(const std::error_code& error) noexcept;

/// Returns whether there is an HTTP status to print. The check of a port has none.
[[nodiscard]] bool has_status(std::string_view target, const verdict& result);

/// `200, version 1.2.3, 1.4 ms`, as far as known.
[[nodiscard]] std::string success_text(std::string_view target, const verdict& result);

/// `connection_refused: nothing listens …`, and the clock skew, if any.
[[nodiscard]] std::string failure_text(const verdict& result);

} // namespace forest::cli

#endif
