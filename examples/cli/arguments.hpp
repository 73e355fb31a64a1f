// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_CLI_ARGUMENTS_HPP
#define FOREST_EXAMPLES_CLI_ARGUMENTS_HPP

#include "usage_error.hpp"

#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/version.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

// What the command line says, checked and turned into values; nothing here has touched a socket.

namespace forest::cli {

/// Where the secret comes from; it never comes from an argument, because arguments are public.
struct secret_source {
    std::string file;         ///< `--secret-file`; empty: the variable FOREST_AUTH_SECRET
    bool none_needed = false; ///< `--unsigned`
};

/// How requests are sent; what `check` and `watch` share.
struct request_arguments {
    secret_source secret;
    duration timeout = options{}.timeout;
    bool json = false;
    bool dashed_headers = false;
    std::string ca_file;
    std::string certificate_file;
    std::string key_file;
};

struct check_arguments {
    request_arguments request;
    url target;
};

struct watch_arguments {
    request_arguments request;
    std::vector<url> targets;
    options schedule;
    bool constant_backoff = false;
    bool verbose = false;
    std::optional<duration> stop_after;
};

/// What `--listen` says.
struct listen_address {
    std::string host;       ///< without brackets
    std::uint16_t port = 0; ///< 0: any that is free
    std::string text;       ///< as given
};

struct serve_arguments {
    secret_source secret;
    listen_address address;
    std::string unix_path; ///< instead of the address
    std::string path = "/forest/health";
    std::string version{forest::version};
    std::string certificate_file;
    std::string key_file;
    duration grace{};
    duration replay_window{};
    bool verbose = false;
};

struct sign_arguments {
    secret_source secret;
    std::string timestamp; ///< empty: now
    bool dashed_headers = false;
};

/// The command chosen, or the status with which to end because help was all that was asked for.
using command =
    std::variant<exit_status, check_arguments, watch_arguments, serve_arguments, sign_arguments>;

/// Reads the command line; prints help and the version itself. Throws usage_error.
[[nodiscard]] command parse_arguments(int argc, const char* const* argv);

} // namespace forest::cli

#endif
