// SPDX-License-Identifier: BSL-1.0
#include "option_kinds.hpp"

#include "exit_status.hpp"
#include "secret.hpp"
#include "usage_error.hpp"
#include <tool/output/text.hpp>

#include <forest/core/url.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace forest::cli {

namespace {

// Port 0, which no URL may have, means any free port.
std::uint16_t parse_port(std::string_view address, std::string_view port) {
    if (port == "0")
        return 0;
    url with_port;
    if (port.empty() || port.find_first_not_of("0123456789") != std::string_view::npos ||
        url::parse(fmt::format("http://localhost:{}", port), with_port))
        throw usage_error(fmt::format("--listen: '{}' needs a host and a port from 0 to 65535, as "
                                      "in 127.0.0.1:3000, [::1]:0 or *:3000",
                                      ascii_escape(address)));
    return with_port.port();
}

} // namespace

void add_duration(CLI::App& app, const std::string& name, duration& value,
                  const std::string& standard, const std::string& help, duration longest) {
    value = parse_duration(name, standard, longest);
    app.add_option_function<std::string>(
           name,
           [&value, name, longest](const std::string& text) {
               value = parse_duration(name, text, longest);
           },
           help)
        ->type_name("DURATION")
        ->default_str(standard);
}

CLI::Option& add_count(CLI::App& app, const std::string& name, int& value,
                       const std::string& help) {
    return *app.add_option_function<std::string>(
                   name,
                   [&value, name](const std::string& text) { value = parse_count(name, text); },
                   help)
                ->type_name("N")
                ->default_str(std::to_string(value));
}

void add_file(CLI::App& app, const std::string& name, std::string& value, const std::string& help) {
    app.add_option_function<std::string>(
           name,
           [&value, name](const std::string& text) {
               if (text.empty())
                   throw usage_error(name + " needs the name of a file");
               if (name != "--secret-file") // That file is read with its own bound.
                   await_pipe(name, text);
               value = text;
           },
           help)
        ->type_name("FILE");
}

void add_choice(CLI::App& app, const std::string& name, bool& second_chosen,
                const std::string& first, const std::string& second, const std::string& help) {
    const auto choose = [&second_chosen, name, first, second](const std::string& text) {
        if (text != first && text != second)
            throw usage_error(fmt::format("{}: '{}' is neither {} nor {}", name, ascii_escape(text),
                                          first, second));
        second_chosen = text == second;
    };
    app.add_option_function<std::string>(name, choose, help)
        ->type_name(first + "|" + second)
        ->default_str(first);
}

void add_secret(CLI::App& app, secret_source& secret) {
    add_file(app, "--secret-file", secret.file,
             "File with the shared secret; without it, the variable FOREST_AUTH_SECRET");
}

void add_unsigned(CLI::App& app, secret_source& secret) {
    app.add_flag("--unsigned", secret.none_needed, "Use no secret and no signature");
}

void require_one_secret(const secret_source& secret) {
    if (secret.none_needed && !secret.file.empty())
        throw usage_error("--unsigned and --secret-file contradict each other; give one of them");
}

void add_header_style(CLI::App& app, bool& dashed) {
    add_choice(
        app, "--header-style", dashed, "underscore", "dash",
        "X_TIMESTAMP, which all servers read, or X-Timestamp for proxies that drop the first form");
}

void add_request(CLI::App& app, request_arguments& request) {
    add_secret(app, request.secret);
    add_unsigned(app, request.secret);
    add_duration(app, "--timeout", request.timeout, "5s", "Deadline of a whole check");
    app.add_flag("--json", request.json, "Print one JSON object a line");
    add_header_style(app, request.dashed_headers);
    add_count(app, "--timestamp-digits", request.timestamp_digits,
              "Digits of the fraction of a timestamp, 3 to 9; more digits distinguish clients with "
              "one secret, for servers that refuse replays");
    add_file(app, "--ca-file", request.ca_file, "Authorities to trust instead of the system's");
    add_file(app, "--cert", request.certificate_file, "Client certificate, with its chain");
    add_file(app, "--key", request.key_file, "Its private key");
    app.add_flag("--accept-common-names", request.accept_common_names,
                 "Accept old certificates that have the host only in their common name");
}

void add_hold_max(CLI::App& app, duration& value) {
    const std::string name = "--hold-max";
    app.add_option_function<std::string>(
           name,
           [&value, name](const std::string& text) {
               using std::chrono::seconds;
               value = parse_duration(name, text);
               if (value != duration::zero() && (value < seconds{1} || value > seconds{240}))
                   throw usage_error(fmt::format("{} must be 0s or from 1s to 240s", name));
           },
           "Hold a healthy answer until there is news, at most for this long, 1s to 240s, if the "
           "client asks for it; 0s: never")
        ->type_name("DURATION")
        ->default_str("0s");
}

void require_pair(std::string_view first_name, const std::string& first,
                  std::string_view second_name, const std::string& second) {
    if (first.empty() != second.empty())
        throw usage_error(
            fmt::format("{} and {} belong together; give both", first_name, second_name));
}

void require_valid(const request_arguments& request) {
    require_one_secret(request.secret);
    if (request.timestamp_digits < fraction_digits_min ||
        request.timestamp_digits > fraction_digits_max)
        throw usage_error(fmt::format("--timestamp-digits must be from {} to {}",
                                      fraction_digits_min, fraction_digits_max));
    require_pair("--cert", request.certificate_file, "--key", request.key_file);
}

std::string url_fault(const std::string& text, std::string_view fault) {
    // A password in the URL must not appear on a terminal or in a log.
    const bool may_hold_password = text.find('@') != std::string::npos;
    return may_hold_password ? fmt::format("URL: {}", fault)
                             : fmt::format("URL '{}': {}", ascii_escape(text), fault);
}

listen_address parse_listen_address(const std::string& text) {
    const std::size_t host_begin = text.starts_with('[') ? text.find(']') : 0;
    const std::size_t colon = std::min(text.find(':', host_begin), text.size());
    std::string host = text.substr(0, colon);
    url with_host;
    if (host.find_first_of("/?#") != std::string::npos || url::parse("http://" + host, with_host))
        throw usage_error(fmt::format(
            "--listen: '{}' is no address; write 127.0.0.1:3000 or [::1]:0", ascii_escape(text)));
    if (host_begin != 0) {
        host = with_host.host();
        if (!with_host.zone().empty())
            host.append(1, '%').append(with_host.zone());
    }
    return {host, parse_port(text, std::string_view{text}.substr(std::min(colon + 1, text.size()))),
            text};
}

exit_status end_of_parsing(const CLI::App& app, const CLI::ParseError& thrown) {
    if (thrown.get_exit_code() != static_cast<int>(CLI::ExitCodes::Success))
        throw usage_error(
            fmt::format("{}; see {} --help", ascii_escape(thrown.what()),
                        app.get_subcommands().empty()
                            ? app.get_name()
                            : app.get_name() + " " + app.get_subcommands().front()->get_name()));
    app.exit(thrown);
    return exit_status::success;
}

} // namespace forest::cli
