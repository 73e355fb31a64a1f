// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_ARGUMENTS_TARGET_URL_HPP
#define FOREST_EXAMPLES_TOOL_ARGUMENTS_TARGET_URL_HPP

#include <forest/core/url.hpp>

#include <string>

// Reads a URL as people write it. The library itself takes host names in ASCII only.

namespace forest::cli {

/// Reads `text` into `target`. An international host name in UTF-8 is converted to its ASCII form
/// (IDNA 2008, with the mapping of Unicode TR 46). Returns the message about a fault of the URL;
/// empty if there is none.
[[nodiscard]] std::string read_target(const std::string& text, url& target);

} // namespace forest::cli

#endif
