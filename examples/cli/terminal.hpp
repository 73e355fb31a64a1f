// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_CLI_TERMINAL_HPP
#define FOREST_EXAMPLES_CLI_TERMINAL_HPP

#include <string>
#include <string_view>
#include <system_error>

// Standard output as bytes that either arrive or do not: iostreams hide which.

namespace forest::cli {

/// The size of a terminal in characters.
struct terminal_size {
    int columns = 80;
    int rows = 24;
};

/// Standard output. A `write` is one system call where possible, and otherwise ends each at the end
/// of a line, so that neither lines nor frames are torn.
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
    [[nodiscard]] bool failed() const noexcept;

    /// Notices that the reader has gone even while there is nothing to write.
    void look_for_reader() noexcept;

private:
    bool interactive_ = false;
    bool colours_ = false;
    std::error_code error_;
};

/// Tells standard error, with the time before it. A log that cannot be written is dropped: it must
/// not keep a server from saying farewell.
void log(std::string_view sentence);

} // namespace forest::cli

#endif
