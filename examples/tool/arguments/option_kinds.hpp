// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_ARGUMENTS_OPTION_KINDS_HPP
#define FOREST_EXAMPLES_TOOL_ARGUMENTS_OPTION_KINDS_HPP

#include "arguments.hpp"
#include "exit_status.hpp"

#include <forest/core/options.hpp>
#include <forest/core/time.hpp>

#include <CLI/App.hpp>

#include <string>
#include <string_view>

// The kinds of options that several commands have. A value that is none of its kind throws
// usage_error out of CLI::App::parse.

namespace forest::cli {

/// Sets `value` to `standard` now, and later to the given value, if there is one.
void add_duration(CLI::App& app, const std::string& name, duration& value,
                  const std::string& standard, const std::string& help,
                  duration longest = options::duration_max);

/// The default is the present content of `value`.
CLI::Option& add_count(CLI::App& app, const std::string& name, int& value, const std::string& help);

/// A name that must not be empty. A missing file is noticed only when the file is read.
void add_file(CLI::App& app, const std::string& name, std::string& value, const std::string& help);

/// One of two words; the first is the default.
void add_choice(CLI::App& app, const std::string& name, bool& second_chosen,
                const std::string& first, const std::string& second, const std::string& help);

/// `--secret-file`.
void add_secret(CLI::App& app, secret_source& secret);

/// `--unsigned`.
void add_unsigned(CLI::App& app, secret_source& secret);

/// Throws usage_error if both options are given.
void require_one_secret(const secret_source& secret);

/// `--header-style`.
void add_header_style(CLI::App& app, bool& dashed);

/// The options of all commands that send requests, including those of the secret.
void add_request(CLI::App& app, request_arguments& request);

/// `--hold-max`, for how long a route holds its answers.
void add_hold_max(CLI::App& app, duration& value);

/// Throws usage_error when only one of two files that belong together was given.
void require_pair(std::string_view first_name, const std::string& first,
                  std::string_view second_name, const std::string& second);

/// Throws usage_error when those options contradict each other.
void require_valid(const request_arguments& request);

/// The message about a fault of a URL, which is shown unless it may hold a password.
[[nodiscard]] std::string url_fault(const std::string& text, std::string_view fault);

/// Reads `127.0.0.1:3000` or `[::1]:0`. Throws usage_error that names `--listen`.
[[nodiscard]] listen_address parse_listen_address(const std::string& text);

/// Returns the status after help or the version, for which CLI11 also throws. Throws usage_error
/// for other exceptions of CLI11.
[[nodiscard]] exit_status end_of_parsing(const CLI::App& app, const CLI::ParseError& thrown);

} // namespace forest::cli

#endif
