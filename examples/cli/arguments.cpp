// SPDX-License-Identifier: BSL-1.0
#include "arguments.hpp"

#include "option_kinds.hpp"
#include "text.hpp"

#include <forest/core/error.hpp>
#include <forest/core/timestamp.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <system_error>
#include <utility>

// CLI11 splits the command line and writes the help; what the words mean is decided here, so that
// every refusal is one sentence that names the option and what to do.

namespace forest::cli {

namespace {

url parse_url(const std::string& text) {
    url target;
    if (const std::error_code ec = url::parse(text, target))
        throw usage_error(url_fault(text, ec.message()));
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

void require_valid(const serve_arguments& serve, bool address_given) {
    require_one_secret(serve.secret);
    require_pair("--tls-cert", serve.certificate_file, "--tls-key", serve.key_file);
    const bool query = serve.path.find_first_of("?#") != std::string::npos;
    if (serve.path.substr(0, 1) != "/" || query || !detail::path_valid(serve.path))
        throw usage_error(fmt::format("--path: '{}' is no path; it begins with / and has neither "
                                      "query nor blanks, as in /forest/health",
                                      ascii_escape(serve.path)));
    if (serve.unix_path.empty())
        return;
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
    // Blanks around it would be no part of the header's value and so not of what is verified.
    if (!parse_timestamp(text) || trim_blanks(text) != text)
        throw usage_error(fmt::format("--timestamp: '{}' would be refused by every server; write "
                                      "2025-12-09T12:00:00.000Z",
                                      ascii_escape(text)));
}

CLI::App& add_command(CLI::App& app, const std::string& name, const std::string& help) {
    return *app.add_subcommand(name, help);
}

CLI::App& add_check(CLI::App& app, check_arguments& check) {
    CLI::App& command = add_command(
        app, "check", "Check a server once; status 0: healthy, 1: unhealthy, 2: usage error");
    add_request(command, check.request);
    command
        .add_option_function<std::string>(
            "URL", [&](const std::string& text) { check.target = parse_url(text); },
            "http://, https:// or http+unix:// and the path of the health route")
        ->type_name("")
        ->required();
    return command;
}

CLI::App& add_watch(CLI::App& app, watch_arguments& watch) {
    CLI::App& command =
        add_command(app, "watch", "Poll servers until SIGINT or SIGTERM and tell who goes down");
    add_request(command, watch.request);
    options& schedule = watch.schedule;
    add_duration(command, "--interval", schedule.interval, "30s",
                 "From the start of one check to the start of the next");
    add_count(command, "--failure-threshold", schedule.failure_threshold,
              "Consecutive failures that make a server down");
    add_count(command, "--success-threshold", schedule.success_threshold,
              "Consecutive successes that end an outage");
    add_choice(command, "--backoff", watch.constant_backoff, "exponential", "constant",
               "After failures: 2s, 4s, 8s, ... up to the interval, or always the interval");
    add_duration(command, "--initial-delay-max", schedule.initial_delay_max, "0s",
                 "Put the first check off by a random part of this");
    command.add_flag("--verbose", watch.verbose, "Print every single check");
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
        ->type_name("")
        ->required();
    return command;
}

struct serve_words {
    std::string address = "127.0.0.1:0";
    CLI::Option* address_option = nullptr;
};

CLI::App& add_serve(CLI::App& app, serve_arguments& serve, serve_words& words) {
    CLI::App& command = add_command(app, "serve", "Answer health checks; for tests and sidecars");
    add_secret(command, serve.secret);
    add_unsigned(command, serve.secret);
    words.address_option =
        command.add_option("--listen", words.address, "Where to listen; port 0 takes a free one")
            ->type_name("HOST:PORT")
            ->capture_default_str();
    add_file(command, "--unix", serve.unix_path, "Listen on a unix domain socket instead");
    command.add_option("--path", serve.path, "Path of the health route")
        ->type_name("PATH")
        ->capture_default_str();
    command.add_option("--version", serve.version, "Version to report")
        ->type_name("V")
        ->capture_default_str();
    add_file(command, "--tls-cert", serve.certificate_file,
             "Speak https with this certificate and its chain");
    add_file(command, "--tls-key", serve.key_file, "Its private key");
    add_duration(command, "--grace", serve.grace, "5s",
                 "After SIGTERM, announce the end for this long before stopping");
    add_duration(command, "--replay-window", serve.replay_window, "0s",
                 "Refuse a signature seen within this time; 0s: never");
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

} // namespace

command parse_arguments(int argc, const char* const* argv) {
    CLI::App app{"Asks servers whether they are well, and tells when they are not.",
                 "forest-health"};
    app.set_version_flag("--version", "forest-health " + std::string{forest::version});
    app.require_subcommand(1);
    app.get_formatter()->column_width(36);

    check_arguments check;
    watch_arguments watch;
    serve_arguments serve;
    serve_words words;
    sign_arguments sign;
    const CLI::App& check_command = add_check(app, check);
    const CLI::App& watch_command = add_watch(app, watch);
    const CLI::App& serve_command = add_serve(app, serve, words);
    const CLI::App& sign_command = add_sign(app, sign);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& thrown) {
        const bool complaint = thrown.get_exit_code() != static_cast<int>(CLI::ExitCodes::Success);
        if (complaint && app.get_subcommands().empty())
            throw usage_error("give one of the commands check, watch, serve and sign; see "
                              "forest-health --help");
        return end_of_parsing(app, thrown);
    }

    if (check_command.parsed()) {
        require_valid(check.request);
        require_valid(options{.timeout = check.request.timeout});
        return check;
    }
    if (watch_command.parsed()) {
        require_valid(watch.request);
        watch.schedule.timeout = watch.request.timeout;
        require_valid(watch.schedule);
        if (watch.stop_after == duration::zero())
            throw usage_error("--for must be greater than 0; leave it out to watch for ever");
        return watch;
    }
    if (serve_command.parsed()) {
        serve.address = parse_listen_address(words.address);
        require_valid(serve, words.address_option->count() > 0);
        return serve;
    }
    if (sign_command.parsed()) {
        require_valid(sign);
        return sign;
    }
    return exit_status::usage_error;
}

} // namespace forest::cli
