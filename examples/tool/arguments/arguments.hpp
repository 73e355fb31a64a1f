// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_ARGUMENTS_ARGUMENTS_HPP
#define FOREST_EXAMPLES_TOOL_ARGUMENTS_ARGUMENTS_HPP

#include "exit_status.hpp"

#include <forest/adapters/openssl/hmac_sha256_verifier.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/core/timestamp.hpp>
#include <forest/core/url.hpp>
#include <forest/sim/script/fault.hpp>
#include <forest/version.hpp>

#include <bitset>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

// The command line as values. They are checked, but no socket was used yet.

namespace forest::cli {

/// The source of the secret. It is never an argument, because other users can see arguments.
struct secret_source {
    std::string file;         ///< `--secret-file`; empty: the variable FOREST_AUTH_SECRET
    bool none_needed = false; ///< `--unsigned`
};

/// How requests are sent; for `check` and `watch`.
struct request_arguments {
    secret_source secret;
    duration timeout = options{}.timeout;
    bool json = false;
    bool dashed_headers = false;
    int timestamp_digits = fraction_digits_min;
    std::string ca_file;
    std::string certificate_file;
    std::string key_file;
    bool accept_common_names = false;
    bool by_curl = false; ///< `--transport curl`
    std::string proxy;    ///< empty: none
};

/// What counts as healthy.
enum class probe_kind : std::uint8_t { health, health_json, agent_root, grpc, status };

/// What a check asks, and what counts; for `check` and `watch`. Not checked yet.
struct probe_arguments {
    probe_kind kind = probe_kind::health;
    bool kind_given = false;
    std::string service; ///< for grpc; empty: the whole server
    std::optional<std::string> expected_status;
    std::optional<std::string> expected_body;
    std::optional<std::string> method;
    std::vector<std::string> fields;
};

struct check_arguments {
    request_arguments request;
    probe_arguments probe;
    url target;
};

struct watch_arguments {
    static constexpr int threads_max = 64;

    /// A user may wait for the first checks of so many targets. The first checks of more targets
    /// would be a burst.
    static constexpr std::size_t at_once_max = 8;

    request_arguments request;
    probe_arguments probe;
    std::vector<url> targets;
    options schedule;
    bool constant_backoff = false;
    bool spread_start = false; ///< the first checks over the interval
    bool reuse_connections = false;
    int threads = 1;
    int checks_in_flight_max = 0;       ///< of all threads; 0: as many as the descriptors allow
    int connections_per_second_max = 0; ///< of all threads; 0: no bound
    bool verbose = false;
    bool statistics = false;
    std::optional<duration> stop_after;
};

/// The value of `--listen`.
struct listen_address {
    std::string host;       ///< without brackets
    std::uint16_t port = 0; ///< 0: any that is free
    std::string text;       ///< as given
};

struct serve_arguments {
    secret_source secret;
    listen_address address;
    std::string unix_path;  ///< instead of the address
    unsigned unix_mode = 0; ///< of its socket file; 0: see --unix-mode
    std::string path = "/forest/health";
    std::string version{forest::version};
    std::string certificate_file;
    std::string key_file;
    duration grace{};
    duration hold_max{}; ///< 0: answers are not held
    verifier_options verifying;
    bool verbose = false;
};

struct sign_arguments {
    secret_source secret;
    std::string timestamp; ///< empty: now
    bool dashed_headers = false;
};

/// The worlds that `simulate` simulates, and its output.
struct simulate_arguments {
    /// The longest time that a world runs.
    static constexpr duration length_max = std::chrono::hours{24 * 365 * 100};
    static constexpr int targets_max = 1000;
    static constexpr int runs_max = 1'000'000;

    /// At the end everything is healed, and each client gets the time that its options need.
    static constexpr duration interval_max = std::chrono::hours{24}; ///< and of the timeout
    static constexpr int threshold_max = 1000;

    std::uint64_t seed = 1;
    int runs = 1;                        ///< of the seeds from that one on
    std::optional<std::uint64_t> replay; ///< instead: only this seed, with script and events
    duration length{};                   ///< of each world
    int targets = 1;
    std::bitset<sim::fault_kind_count> faults; ///< the kinds that may be drawn
    bool connections = false; ///< opened step by step, as with sockets, and drawn by the seed
    options schedule;
    bool constant_backoff = false;
    bool json = false;
    bool verbose = false;
    std::string svg_file; ///< empty: no picture
};

/// The command, or the exit status if only help or the version was requested.
using command = std::variant<exit_status, check_arguments, watch_arguments, serve_arguments,
                             sign_arguments, simulate_arguments>;

/// Reads the command line; prints help and the version itself. Throws usage_error.
[[nodiscard]] command parse_arguments(int argc, const char* const* argv);

} // namespace forest::cli

#endif
