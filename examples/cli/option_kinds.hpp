// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_CLI_OPTION_KINDS_HPP
#define FOREST_EXAMPLES_CLI_OPTION_KINDS_HPP

#include <forest/core/time.hpp>

#include <CLI/App.hpp>

#include <string>

// The kinds of options that several commands have. A value that is none of its kind throws
// usage_error out of CLI::App::parse.

namespace forest::cli {

/// Sets `into` to `standard` at once, and to the value given when there is one.
void add_duration(CLI::App& app, const std::string& name, duration& into,
                  const std::string& standard, const std::string& help);

/// What `into` holds is the default.
void add_count(CLI::App& app, const std::string& name, int& into, const std::string& help);

/// A name that must not be empty; whether there is such a file is seen when it is read.
void add_file(CLI::App& app, const std::string& name, std::string& into, const std::string& help);

/// One of two words; the first is the default.
void add_choice(CLI::App& app, const std::string& name, bool& second_chosen,
                const std::string& first, const std::string& second, const std::string& help);

} // namespace forest::cli

#endif
