// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_ARGUMENTS_KNOWN_WORDS_HPP
#define FOREST_EXAMPLES_TOOL_ARGUMENTS_KNOWN_WORDS_HPP

#include <CLI/App.hpp>

#include <string>

// Checks the words of a command line before any of its values is read: CLI11 reads values first,
// and so would complain of a value, or of a missing one, where a word was mistyped.

namespace forest::cli {

/// Goes through the words from left to right, and prints what one of them asks for: help (`--help`,
/// `-h`, `help`) or the version (`--version`, `version`), for which `version` is the text. Returns
/// whether that was printed, and so all is done. Throws usage_error for the first option,
/// command or argument that does not exist, with the nearest that does, and for an option whose
/// value is missing. Reads no value, no file and no variable.
[[nodiscard]] bool answered_at_once(const CLI::App& app, int argc, const char* const* argv,
                                    const std::string& version);

/// How many columns a help text may have: those of the terminal, but no more than 100 since longer
/// lines are hard to read; 80 if standard output is no terminal.
[[nodiscard]] std::size_t help_width();

} // namespace forest::cli

#endif
