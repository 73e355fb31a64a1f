// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_ARGUMENTS_TARGETS_FILE_HPP
#define FOREST_EXAMPLES_TOOL_ARGUMENTS_TARGETS_FILE_HPP

#include <forest/core/url.hpp>

#include <cstddef>
#include <string>
#include <vector>

// More URLs than a command line holds.

namespace forest::cli {

/// The most URLs of a file, so that a stream without end is not read without end.
inline constexpr std::size_t file_targets_max = 1'000'000;

/// Appends the URLs of a file, one a line, to `urls`; `-` is standard input. White space around a
/// URL does not count, nor do empty lines, those that begin with #, and a byte order mark. Throws
/// usage_error for a file that cannot be read, for one that has no URL if `urls` has none either,
/// and for the first line that is no URL, with its number.
void read_targets(const std::string& name, std::vector<url>& urls);

} // namespace forest::cli

#endif
