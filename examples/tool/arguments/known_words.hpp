// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_ARGUMENTS_KNOWN_WORDS_HPP
#define FOREST_EXAMPLES_TOOL_ARGUMENTS_KNOWN_WORDS_HPP

#include <CLI/App.hpp>

#include <string>

// Checks the words of a command line before any of its values is read. CLI11 reads values first. So
// if a word were mistyped, CLI11 would complain of a wrong or missing value.

namespace forest::cli {

/// Reads the words from left to right. If a word requests help (`--help`, `-h`, `help`) or the
/// version (`--version`, `version`), prints it and returns true: then nothing else is to be done.
/// `version` is the text of the version. Throws usage_error for the first option, command or
/// argument that does not exist, with the nearest known word, and for an option whose value is
/// missing. Reads no value, no file and no variable.
[[nodiscard]] bool answered_at_once(const CLI::App& app, int argc, const char* const* argv,
                                    const std::string& version);

/// How many columns a help text may have: those of the terminal, but at most 100, because longer
/// lines are hard to read; 80 if standard output is no terminal.
[[nodiscard]] std::size_t help_width();

} // namespace forest::cli

#endif
