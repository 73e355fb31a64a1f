// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_OUTPUT_TERMINAL_HPP
#define FOREST_EXAMPLES_TOOL_OUTPUT_TERMINAL_HPP

#include <string>
#include <string_view>
#include <system_error>

// Standard output with its errors, which iostreams would hide.

namespace forest::cli {

/// The size of a terminal in characters.
struct terminal_size {
    int columns = 80;
    int rows = 24;

    friend bool operator==(const terminal_size&, const terminal_size&) = default;
};

/// Whether `error` of a write is a failure. It is not a failure if the reader has ended or a signal
/// has come: then the program ends as intended.
[[nodiscard]] bool is_failure(const std::error_code& error) noexcept;

/// Standard output. A `write` is one system call if possible. Otherwise each system call ends at
/// the end of a line, so that lines stay whole. It waits for the reader; programs that must
/// continue meanwhile use `queued_output`.
class terminal {
public:
    terminal();

    /// Whether a person reads the lines on a terminal, where they may be redrawn.
    [[nodiscard]] bool interactive() const noexcept { return interactive_; }

    [[nodiscard]] terminal_size size() const noexcept;

    /// Returns `text` in that colour of ECMA-48 (`"31"`: red) if colours are enabled
    /// (no-color.org).
    [[nodiscard]] std::string coloured(std::string_view colour, std::string_view text) const;

    /// Writes all of `text`, unless a write has failed before.
    void write(std::string_view text);

    /// Returns the error of the first write that failed: `broken_pipe` if the reader has ended,
    /// `interrupted` if a signal came while the reader paused.
    [[nodiscard]] std::error_code error() const noexcept { return error_; }

    /// Returns whether that error is a failure; see `is_failure`.
    [[nodiscard]] bool failed() const noexcept { return is_failure(error_); }

    /// Notices the end of the reader even while there is nothing to write.
    void look_for_reader() noexcept;

private:
    bool interactive_ = false;
    bool colours_ = false;
    std::error_code error_;
};

/// Opens the descriptors of standard input, output and error if the process was started without
/// them. Otherwise a socket could get their numbers, and the printed text. Reading from them and
/// writing to them fails.
void occupy_standard_descriptors() noexcept;

/// Writes to standard error, with the time before the sentence, on a separate thread: a server must
/// answer and announce its stop even if nobody reads its log. Lines for which there is no room are
/// left out and counted.
void log(std::string_view sentence);

/// Waits until the log is written, for a bounded time.
void finish_log() noexcept;

/// Writes whole lines to standard error unchanged. Gives up if nobody reads them for some time.
void complain(std::string_view text) noexcept;

} // namespace forest::cli

#endif
