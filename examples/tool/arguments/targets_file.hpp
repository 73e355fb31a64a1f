// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_ARGUMENTS_TARGETS_FILE_HPP
#define FOREST_EXAMPLES_TOOL_ARGUMENTS_TARGETS_FILE_HPP

#include <forest/core/url.hpp>

#include <cstddef>
#include <string>
#include <vector>

// Reads URLs from a file, because a command line has room for only some of them.

namespace forest::cli {

/// The most URLs of a file, because an input may never end.
inline constexpr std::size_t file_targets_max = 1'000'000;

/// Appends the URLs of a file, one a line, to `urls`; `-` is standard input. White space around a
/// URL, empty lines, lines that begin with #, and a byte order mark are ignored. Throws usage_error
/// if the file cannot be read, if neither the file nor `urls` has a URL, and for the first line
/// that is no URL, with the number of the line.
void read_targets(const std::string& name, std::vector<url>& urls);

} // namespace forest::cli

#endif
