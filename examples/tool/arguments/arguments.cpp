// SPDX-License-Identifier: BSL-1.0
#include "arguments.hpp"

#include "chosen_probe.hpp"

#include "exit_status.hpp"
#include "help_formatter.hpp"
#include "known_words.hpp"
#include "option_kinds.hpp"
#include "target_url.hpp"
#include "targets_file.hpp"
#include "usage_error.hpp"
#include <tool/output/text.hpp>

#include <forest/adapters/asio/unix_socket_options.hpp>
#include <forest/core/error.hpp>
#include <forest/core/timestamp.hpp>
#include <forest/core/url.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bitset>
#include <charconv>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

// CLI11 splits the command line and writes the help. The meaning of the words is decided here. So
// every refusal is one sentence that names the option and says what to do.

namespace forest::cli {

namespace {

url parse_url(const std::string& text) {
    url target;
    if (const std::string fault = read_target(text, target); !fault.empty())
        throw usage_error(fault);
    return target;
}

// The library names its option, `options.failure_threshold`; here it is `--failure-threshold`.
std::string in_terms_of_arguments(const std::error_code& fault) {
    constexpr std::string_view prefix = "options.";
    std::string text = fault.message();
    if (text.rfind(prefix, 0) != 0)
        return text;
    text = "--" + text.substr(prefix.size());
    std::replace(text.begin(), std::find(text.begin(), text.end(), ' '), '_', '-');
    return text;
}

void require_valid(const options& schedule) {
    if (const std::error_code fault = schedule.validate())
        throw usage_error(in_terms_of_arguments(fault));
}

// In terms of the command line.
void require_valid(const verifier_options& verifying) {
    const std::error_code fault = verifying.validate();
    if (fault == signature_errc::invalid_replay_window)
        throw usage_error(fmt::format(
            "--replay-window must be 0s or at least {}s: a timestamp is accepted for that "
            "long, and a shorter window lets replays through",
            std::chrono::floor<std::chrono::seconds>(verifying.replay_window_min()).count()));
    if (fault == signature_errc::invalid_replay_entries_max)
        throw usage_error(fmt::format("--replay-entries must be from 1 to {}",
                                      verifier_options::replay_entries_limit));
    if (fault == signature_errc::http_dates_with_replay_window)
        throw usage_error("--accept-http-dates and --replay-window contradict each other: all "
                          "clients sign the same date for a second; give one of them");
    if (fault)
        throw usage_error(fault.message());
}

void require_valid(const serve_arguments& serve, bool address_given) {
    require_one_secret(serve.secret);
    require_valid(serve.verifying);
    require_pair("--tls-cert", serve.certificate_file, "--tls-key", serve.key_file);
    const bool query = serve.path.find_first_of("?#") != std::string::npos;
    url with_path;
    if (serve.path.substr(0, 1) != "/" || query ||
        url::parse("http://localhost" + serve.path, with_path))
        throw usage_error(fmt::format("--path: '{}' is no path; it begins with / and has neither "
                                      "query nor blanks, as in /forest/health",
                                      ascii_escape(serve.path)));
    if (serve.unix_path.empty()) {
        if (serve.unix_mode != 0)
            throw usage_error("--unix-mode has no meaning without --unix");
        return;
    }
    if (address_given)
        throw usage_error("--listen and --unix contradict each other; give one of them");
    if (!serve.certificate_file.empty())
        throw usage_error("--tls-cert has no meaning with --unix; give one of them");
    if (serve.unix_path.size() > url::socket_path_bytes_max)
        throw usage_error(fmt::format("--unix: the path has {} bytes and {} is the most",
                                      serve.unix_path.size(), url::socket_path_bytes_max));
}

void require_valid(const sign_arguments& sign) {
    const std::string& text = sign.timestamp;
    if (text.empty())
        return;
    // A server does not verify blanks around a timestamp, so they are refused here.
    if (!parse_timestamp(text) || trim_blanks(text) != text)
        throw usage_error(fmt::format("--timestamp: '{}' would be refused by every server; write "
                                      "2025-12-09T12:00:00.000Z",
                                      ascii_escape(text)));
}

void require_at_most(std::string_view option, int value, int most) {
    if (value < 1 || value > most)
        throw usage_error(fmt::format("{} must be from 1 to {}", option, most));
}

CLI::App& add_command(CLI::App& app, const std::string& name, const std::string& help) {
    return *app.add_subcommand(name, help);
}

CLI::App& add_check(CLI::App& app, check_arguments& check) {
    CLI::App& command = add_command(
        app, "check",
        "Check a server once; status 0: healthy, 1: unhealthy, 2: usage error, 3: could not check");
    add_request(command, check.request);
    add_probe(command, check.probe, check.request);
    command
        .add_option_function<std::string>(
            "URL", [&](const std::string& text) { check.target = parse_url(text); },
            "http://, https:// or http+unix:// and the path of the health route; or a port, as in "
            "tcp://127.0.0.1:5432")
        ->type_name("")
        ->required();
    return command;
}

void add_schedule(CLI::App& command, options& schedule, bool& constant_backoff,
                  duration interval_max = options::duration_max) {
    add_duration(command, "--interval", schedule.interval, "30s",
                 "From the start of one check to the start of the next", interval_max);
    add_count(command, "--failure-threshold", schedule.failure_threshold,
              "Consecutive failures that make a server down");
    add_count(command, "--success-threshold", schedule.success_threshold,
              "Consecutive successes that end an outage");
    add_choice(command, "--backoff", constant_backoff, "exponential", "constant",
               "After failures: 2s, 4s, 8s, ... up to the interval, or always the interval");
}

struct watch_words {
    std::string targets_file;
    const CLI::Option* initial_delay = nullptr;
    const CLI::Option* checks_in_flight = nullptr;
};

CLI::App& add_watch(CLI::App& app, watch_arguments& watch, watch_words& words) {
    CLI::App& command =
        add_command(app, "watch", "Poll servers until SIGINT or SIGTERM, and report outages");
    add_request(command, watch.request);
    add_probe(command, watch.probe, watch.request);
    add_schedule(command, watch.schedule, watch.constant_backoff);
    add_duration(command, "--initial-delay-max", watch.schedule.initial_delay_max, "0s",
                 "Delay the first check by a random part of this; without it, the first checks "
                 "of more than 8 servers are spread over the interval");
    words.initial_delay = command.get_option("--initial-delay-max");
    add_duration(command, "--hold", watch.schedule.hold, "0s",
                 "Let a server that offers it hold its answer for so long until there is something "
                 "to report; at most the interval, and 240s; 0s: never");
    add_file(command, "--targets", words.targets_file,
             "File with more servers, one URL a line, or - for standard input");
    command.add_flag("--reuse", watch.reuse_connections, "Keep connections for the next check");
    add_count(command, "--threads", watch.threads, "On how many threads to check");
    words.checks_in_flight =
        add_count(
            command, "--checks-in-flight", watch.checks_in_flight_max,
            "How many checks may be in flight at a time, on all threads together; without it, as "
            "many as the descriptors allow, up to the hard limit, as in ulimit -Hn")
            .default_str("");
    add_count(command, "--connections-per-second", watch.connections_per_second_max,
              "How many connections may be opened in a second, on all threads together; 0: no "
              "bound");
    command.add_flag("--verbose", watch.verbose, "Print every single check");
    command.add_flag("--stats", watch.statistics,
                     "At the end, print what it has done and used as one JSON object");
    command
        .add_option_function<std::string>(
            "--for",
            [&](const std::string& text) { watch.stop_after = parse_duration("--for", text); },
            "Stop after this time")
        ->type_name("DURATION");
    command
        .add_option_function<std::vector<std::string>>(
            "URL",
            [&](const std::vector<std::string>& texts) {
                for (const std::string& text : texts)
                    watch.targets.push_back(parse_url(text));
            },
            "The servers, as for check")
        ->type_name("");
    return command;
}

// Each thread gets a share of a bound, at least 1.
void require_for_each_thread(std::string_view option, int value, int threads) {
    if (value < threads)
        throw usage_error(
            threads == 1 ? fmt::format("{} must be at least 1", option)
                         : fmt::format("{} must be at least the {} of --threads", option, threads));
}

void require_valid(const watch_arguments& watch, const watch_words& words) {
    require_valid(watch.request);
    (void)make_probe(watch.probe, watch.request);
    require_valid(watch.schedule);
    if (watch.stop_after == duration::zero())
        throw usage_error("--for must be greater than 0; leave it out to watch for ever");
    require_at_most("--threads", watch.threads, watch_arguments::threads_max);
    if (words.checks_in_flight->count() > 0)
        require_for_each_thread("--checks-in-flight", watch.checks_in_flight_max, watch.threads);
    if (watch.connections_per_second_max < 0)
        throw usage_error("--connections-per-second must not be negative");
    if (watch.connections_per_second_max > 0)
        require_for_each_thread("--connections-per-second", watch.connections_per_second_max,
                                watch.threads);
    if (watch.targets.empty() && words.targets_file.empty())
        throw usage_error("there is no URL; give one or more, or --targets FILE");
}

unsigned parse_socket_mode(const std::string& text) {
    constexpr int octal = 8;
    unsigned mode = 0;
    const char* const end = text.data() + text.size();
    const auto [read, ec] = std::from_chars(text.data(), end, mode, octal);
    if (ec != std::errc{} || read != end || mode == 0 || unix_socket_options{mode}.validate())
        throw usage_error(fmt::format("--unix-mode: '{}' is no mode; it is octal and from 1 to "
                                      "777, as in 660",
                                      ascii_escape(text)));
    return mode;
}

struct serve_words {
    int replay_entries = 0;
    std::string address = "127.0.0.1:0";
    CLI::Option* address_option = nullptr;
};

CLI::App& add_serve(CLI::App& app, serve_arguments& serve, serve_words& words) {
    CLI::App& command = add_command(app, "serve", "Answer health checks; for tests and sidecars");
    add_secret(command, serve.secret);
    add_unsigned(command, serve.secret);
    words.address_option =
        command
            .add_option("--listen", words.address,
                        "Where to listen; port 0 means a free port, a name means all its "
                        "addresses, and * every interface")
            ->type_name("HOST:PORT")
            ->capture_default_str();
    add_file(command, "--unix", serve.unix_path, "Listen on a unix domain socket instead");
    command
        .add_option_function<std::string>(
            "--unix-mode",
            [&](const std::string& text) { serve.unix_mode = parse_socket_mode(text); },
            "Permissions of its file, such as 660; without it, 777 without the bits of the umask")
        ->type_name("OCTAL");
    command.add_option("--path", serve.path, "Path of the health route")
        ->type_name("PATH")
        ->capture_default_str();
    command.add_option("--version", serve.version, "Version to report")
        ->type_name("V")
        ->capture_default_str();
    add_file(command, "--tls-cert", serve.certificate_file,
             "Serve https with this certificate and its chain");
    add_file(command, "--tls-key", serve.key_file, "Its private key");
    add_duration(command, "--grace", serve.grace, "5s",
                 "After SIGTERM, announce the stop for this long before stopping");
    add_hold_max(command, serve.hold_max);
    add_duration(command, "--replay-window", serve.verifying.replay_window, "0s",
                 "Refuse a signature that was accepted within this time; 0s: never, else at least "
                 "601s, the whole time in which a timestamp is accepted");
    words.replay_entries =
        static_cast<int>(serve.verifying.replay_entries_max); // what the default is
    add_count(command, "--replay-entries", words.replay_entries,
              "How many signatures are remembered for --replay-window");
    command.add_flag("--accept-http-dates", serve.verifying.accept_http_dates,
                     "Also accept timestamps such as Sun, 29 Nov 2026 15:22:31 GMT, as Node "
                     "datasources 1.8.0 to 1.11.0 sign them");
    command.add_flag("--verbose", serve.verbose, "Log each answer to stderr");
    return command;
}

CLI::App& add_sign(CLI::App& app, sign_arguments& sign) {
    CLI::App& command = add_command(app, "sign", "Print the two header lines of a signed request");
    add_secret(command, sign.secret);
    command
        .add_option_function<std::string>(
            "--timestamp",
            [&](const std::string& text) {
                if (text.empty())
                    throw usage_error("--timestamp is empty; leave it out to sign the time now");
                sign.timestamp = text;
            },
            "Sign this instead of the time now, for example 2025-12-09T12:00:00.000Z")
        ->type_name("T");
    add_header_style(command, sign.dashed_headers);
    return command;
}

// Returns the number of the `sim::fault_kind` with this name, or nothing.
std::optional<std::size_t> fault_called(std::string_view name) {
    for (std::size_t kind = 0; kind < sim::fault_kind_count; ++kind) {
        if (sim::name(static_cast<sim::fault_kind>(kind)) == name)
            return kind;
    }
    return std::nullopt;
}

std::string known_faults() {
    std::string names;
    for (std::size_t kind = 0; kind < sim::fault_kind_count; ++kind)
        names.append(sim::name(static_cast<sim::fault_kind>(kind))).append(", ");
    return names + "all and none";
}

// A client that has quit does not come back, so `quit` is not part of `all`.
std::bitset<sim::fault_kind_count> all_faults() {
    return std::bitset<sim::fault_kind_count>{}.set().reset(
        static_cast<std::size_t>(sim::fault_kind::quit));
}

void parse_faults(std::string_view text, std::bitset<sim::fault_kind_count>& kinds) {
    kinds.reset();
    if (text == "none")
        return;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        const std::string_view name = text.substr(begin, end - begin);
        begin = end + 1;
        if (name == "none")
            throw usage_error("--faults: 'none' cannot be combined with other faults");
        if (name == "all") {
            kinds |= all_faults();
            continue;
        }
        const auto kind = fault_called(name);
        if (!kind)
            throw usage_error(fmt::format("--faults: '{}' is no fault; known are {}",
                                          ascii_escape(name), known_faults()));
        kinds.set(*kind);
    }
}

struct simulate_words {
    const CLI::Option* seed = nullptr;
    const CLI::Option* runs = nullptr;
};

CLI::App& add_simulate(CLI::App& app, simulate_arguments& simulate, simulate_words& words) {
    CLI::App& command = add_command(
        app, "simulate", "Let clients watch servers in simulated worlds where much goes wrong");
    words.seed =
        command
            .add_option_function<std::string>(
                "--seed",
                [&](const std::string& text) { simulate.seed = parse_seed("--seed", text); },
                "The seed of the first world; the next world has the next seed")
            ->type_name("N")
            ->default_str(std::to_string(simulate.seed));
    words.runs = &add_count(command, "--runs", simulate.runs, "How many worlds");
    add_duration(command, "--for", simulate.length, "24h", "How long each world runs, up to 100y",
                 simulate_arguments::length_max);
    add_count(command, "--targets", simulate.targets, "Servers, each with a client");
    simulate.faults = all_faults();
    command
        .add_option_function<std::string>(
            "--faults", [&](const std::string& text) { parse_faults(text, simulate.faults); },
            "The faults that may happen: all, none, or names with commas, as in crash,loss")
        ->type_name("LIST")
        ->default_str("all");
    command.add_flag("--connections", simulate.connections,
                     "Open connections step by step, as with sockets: names, addresses, TLS, and "
                     "kept connections, drawn by the seed");
    add_schedule(command, simulate.schedule, simulate.constant_backoff,
                 simulate_arguments::interval_max);
    add_duration(command, "--timeout", simulate.schedule.timeout, "5s", "Deadline of a whole check",
                 simulate_arguments::interval_max);
    command
        .add_option_function<std::string>(
            "--replay",
            [&](const std::string& text) { simulate.replay = parse_seed("--replay", text); },
            "Run only the world of this seed, and print its script and its events")
        ->type_name("SEED");
    command.add_flag("--verbose", simulate.verbose, "With --replay, print every single check");
    add_file(command, "--svg", simulate.svg_file, "Draw a timeline of the first world");
    command.add_flag("--json", simulate.json, "Print JSON; the last line is the summary");
    return command;
}

void require_valid(const simulate_arguments& simulate, const simulate_words& words) {
    require_at_most("--runs", simulate.runs, simulate_arguments::runs_max);
    require_at_most("--targets", simulate.targets, simulate_arguments::targets_max);
    require_valid(simulate.schedule);
    require_at_most("--failure-threshold", simulate.schedule.failure_threshold,
                    simulate_arguments::threshold_max);
    require_at_most("--success-threshold", simulate.schedule.success_threshold,
                    simulate_arguments::threshold_max);
    if (simulate.length == duration::zero())
        throw usage_error("--for must be greater than 0");
    if (simulate.replay && words.seed->count() + words.runs->count() > 0)
        throw usage_error("--replay runs only one seed; do not give --seed or --runs with it");
}

} // namespace

command parse_arguments(int argc, const char* const* argv) {
    CLI::App app{"Checks the health of servers, and reports when they are down.", "forest-health"};
    const std::string version = "forest-health " + std::string{forest::version};
    app.set_version_flag("--version", version);
    app.require_subcommand(1);
    app.formatter(std::make_shared<help_formatter>(help_width()));

    check_arguments check;
    watch_arguments watch;
    watch_words of_watch;
    serve_arguments serve;
    serve_words words;
    sign_arguments sign;
    simulate_arguments simulate;
    simulate_words of_simulate;
    const CLI::App& check_command = add_check(app, check);
    const CLI::App& watch_command = add_watch(app, watch, of_watch);
    const CLI::App& serve_command = add_serve(app, serve, words);
    const CLI::App& sign_command = add_sign(app, sign);
    const CLI::App& simulate_command = add_simulate(app, simulate, of_simulate);
    if (answered_at_once(app, argc, argv, version))
        return exit_status::success;
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& thrown) {
        const bool complaint = thrown.get_exit_code() != static_cast<int>(CLI::ExitCodes::Success);
        if (complaint && app.get_subcommands().empty())
            throw usage_error("give one of the commands check, watch, serve, sign and "
                              "simulate; see forest-health --help");
        return end_of_parsing(app, thrown);
    }

    if (check_command.parsed()) {
        require_valid(check.request);
        require_valid(options{.timeout = check.request.timeout});
        require_fitting(check.probe, check.request, false, {&check.target, 1});
        check.request.secret.none_needed |= are_ports({&check.target, 1});
        return check;
    }
    if (watch_command.parsed()) {
        watch.schedule.timeout = watch.request.timeout;
        require_valid(watch, of_watch);
        if (!of_watch.targets_file.empty())
            read_targets(of_watch.targets_file, watch.targets);
        require_fitting(watch.probe, watch.request, watch.reuse_connections, watch.targets);
        watch.request.secret.none_needed |= are_ports(watch.targets);
        watch.spread_start = of_watch.initial_delay->count() == 0 &&
                             watch.targets.size() > watch_arguments::at_once_max;
        return watch;
    }
    if (serve_command.parsed()) {
        serve.address = parse_listen_address(words.address);
        serve.verifying.replay_entries_max = static_cast<std::size_t>(words.replay_entries);
        require_valid(serve, words.address_option->count() > 0);
        return serve;
    }
    if (sign_command.parsed()) {
        require_valid(sign);
        return sign;
    }
    if (simulate_command.parsed()) {
        require_valid(simulate, of_simulate);
        return simulate;
    }
    return exit_status::usage_error;
}

} // namespace forest::cli
