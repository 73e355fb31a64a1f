// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_OUTPUT_TERMINAL_HPP
#define FOREST_EXAMPLES_TOOL_OUTPUT_TERMINAL_HPP

#include <string>
#include <string_view>
#include <system_error>

// Standard output as bytes that either arrive or do not: iostreams hide which.

namespace forest::cli {

/// The size of a terminal in characters.
struct terminal_size {
    int columns = 80;
    int rows = 24;

    friend bool operator==(const terminal_size&, const terminal_size&) = default;
};

/// Whether a write that ended with `error` has failed, and was not ended by what ends a program as
/// it should: nobody reads any more, or a signal came.
[[nodiscard]] bool is_failure(const std::error_code& error) noexcept;

/// Standard output. A `write` is one system call where possible, and otherwise ends each at the end
/// of a line, so that lines are not torn. It waits for the reader; see `queued_output` for programs
/// that must go on meanwhile.
class terminal {
public:
    terminal();

    /// Whether lines are read by a person who may see them redrawn.
    [[nodiscard]] bool interactive() const noexcept { return interactive_; }

    [[nodiscard]] terminal_size size() const noexcept;

    /// `text` in that colour of ECMA-48 (`"31"`: red), where colours are wanted (no-color.org).
    [[nodiscard]] std::string coloured(std::string_view colour, std::string_view text) const;

    /// Writes all of `text`, unless a write has failed before.
    void write(std::string_view text);

    /// What was wrong with the first write that failed: nobody reads any more when it is
    /// `broken_pipe`; a signal came while the reader stood still when it is `interrupted`.
    [[nodiscard]] std::error_code error() const noexcept { return error_; }

    /// Whether that is a failure, and not what ends a program as it should.
    [[nodiscard]] bool failed() const noexcept { return is_failure(error_); }

    /// Notices that the reader has gone even while there is nothing to write.
    void look_for_reader() noexcept;

private:
    bool interactive_ = false;
    bool colours_ = false;
    std::error_code error_;
};

/// Occupies the descriptors of standard input, output and error that the process was started
/// without, so that no socket gets their numbers and what is printed. Reading from them and writing
/// to them fails.
void occupy_standard_descriptors() noexcept;

/// Writes to standard error, with the time before it, on a thread of its own: a server must answer
/// and say farewell whether or not somebody reads its log. Lines for which there is no room are
/// left out and counted.
void log(std::string_view sentence);

/// Waits until the log is written, for a bounded time.
void finish_log() noexcept;

/// Writes whole lines to standard error as they are, and gives up when that takes none for a while.
void complain(std::string_view text) noexcept;

} // namespace forest::cli

#endif
