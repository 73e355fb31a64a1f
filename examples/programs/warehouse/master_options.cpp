// SPDX-License-Identifier: BSL-1.0
#include "master_options.hpp"

#include <tool/arguments/help_formatter.hpp>
#include <tool/arguments/known_words.hpp>
#include <tool/arguments/option_kinds.hpp>
#include <tool/arguments/usage_error.hpp>
#include <tool/output/text.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

namespace forest::master {

namespace {

// The words of the command line from which options are computed.
struct words {
    std::vector<std::string> urls{};
    std::string introspection_file{};
    int schema_bytes_max = 0;
};

std::string_view option_of(const std::error_code& fault) noexcept {
    if (fault == errc::invalid_hold)
        return "--hold";
    if (fault.category() != make_error_code(datasource_errc{}).category())
        return {};
    switch (datasource_errc{fault.value()}) {
    case datasource_errc::invalid_introspection: return "--introspection";
    case datasource_errc::invalid_health_check_interval: return "--interval";
    case datasource_errc::invalid_health_check_failure_threshold: return "--failure-threshold";
    case datasource_errc::invalid_health_check_success_threshold: return "--success-threshold";
    case datasource_errc::invalid_health_check_timeout:
    case datasource_errc::invalid_schema_timeout: return "--timeout";
    case datasource_errc::invalid_schema_poll: return "--schema-poll";
    case datasource_errc::invalid_schema_settle: return "--schema-settle";
    case datasource_errc::invalid_schema_bytes_max: return "--schema-bytes-max";
    case datasource_errc::invalid_mode:
    case datasource_errc::invalid_uri: break;
    }
    return {};
}

// The library names its member, `datasource_options.schema_poll`; here it is `--schema-poll`.
std::string in_terms_of_arguments(const std::error_code& fault, const std::string& uri) {
    const std::string text = fault.message();
    if (const std::string_view option = option_of(fault); !option.empty())
        return std::string{option} + text.substr(text.find(' '));
    return cli::url_fault(uri, fault == datasource_errc::invalid_uri
                                   ? "must be a base URL, without query and fragment"
                                   : text);
}

std::string read_introspection(const std::string& name, std::size_t bytes_max) {
    const auto refuse = [&](std::string_view why) {
        throw cli::usage_error(
            fmt::format("--introspection: '{}' {}", cli::ascii_escape(name), why));
    };
    errno = 0;
    std::ifstream file{name, std::ios::binary};
    std::string text;
    std::array<char, 64 * 1024> block{};
    while (file && text.size() <= bytes_max) {
        file.read(block.data(), block.size());
        text.append(block.data(), static_cast<std::size_t>(file.gcount()));
    }
    if (!file.is_open() || file.bad())
        refuse("cannot be read: " + std::generic_category().message(errno));
    if (text.size() > bytes_max)
        refuse(fmt::format("has more than {} bytes; see --schema-bytes-max", bytes_max));
    if (text.empty())
        refuse("is empty; give the JSON of a schema, as /forest/rpc-schema serves it");
    return text;
}

datasource_mode parse_mode(const std::string& text) {
    for (const datasource_mode each :
         {datasource_mode::automatic, datasource_mode::health, datasource_mode::schema_poll}) {
        if (text == name(each))
            return each;
    }
    throw cli::usage_error(fmt::format("--mode: '{}' is neither automatic, health nor schema_poll",
                                       cli::ascii_escape(text)));
}

void add_options(CLI::App& app, options& settings, datasource_options& schedule, words& given) {
    cli::add_request(app, settings.request);
    cli::add_duration(app, "--interval", schedule.health_check_interval, "30s",
                      "From the start of one check to the start of the next");
    cli::add_count(app, "--failure-threshold", schedule.health_check_failure_threshold,
                   "Consecutive failures that make a server down");
    cli::add_count(app, "--success-threshold", schedule.health_check_success_threshold,
                   "Consecutive successes that end an outage");
    cli::add_choice(app, "--backoff", settings.constant_backoff, "exponential", "constant",
                    "After failures: 2s, 4s, 8s, ... up to the interval, or always the interval");
    cli::add_file(app, "--introspection", given.introspection_file,
                  "A schema to begin with when a server cannot be reached");
    app.add_option_function<std::string>(
           "--mode", [&](const std::string& text) { schedule.mode = parse_mode(text); },
           "Poll the health route and, where there is none, the schema; or always one of them")
        ->type_name("automatic|health|schema_poll")
        ->default_str("automatic");
    app.add_option_function<std::string>(
           "--schema-poll",
           [&](const std::string& text) {
               schedule.schema_poll = cli::parse_duration("--schema-poll", text);
           },
           "From the start of one poll of the schema to the start of the next, 1s to 1h; the "
           "interval, if not given")
        ->type_name("DURATION");
    cli::add_duration(app, "--schema-settle", schedule.schema_settle, "60s",
                      "How long an earlier schema must be served before it is taken over");
    cli::add_count(app, "--schema-bytes-max", given.schema_bytes_max,
                   "The largest schema that is accepted");
    cli::add_duration(app, "--hold", schedule.hold, "0s",
                      "Let a server that offers it hold its answers for so long until there is "
                      "something to report; at most the interval, and 240s; 0s: never");
    app.add_flag("--verbose", settings.verbose, "Print every single check");
    app.add_option_function<std::string>(
           "--for",
           [&](const std::string& text) {
               settings.stop_after = cli::parse_duration("--for", text);
           },
           "Stop after this time")
        ->type_name("DURATION");
    app.add_option("URL", given.urls, "The servers, as base URLs: http://localhost:3000")
        ->type_name("")
        ->required();
}

} // namespace

std::optional<options> parse_options(int argc, const char* const* argv) {
    CLI::App app{"Follows the schemas of servers, and reloads a schema that has changed.",
                 "master"};
    const std::string version = "master " + std::string{forest::version};
    app.set_version_flag("--version", version);
    app.formatter(std::make_shared<cli::help_formatter>(cli::help_width()));
    options settings;
    datasource_options schedule;
    words given;
    given.schema_bytes_max = static_cast<int>(schedule.schema_bytes_max);
    add_options(app, settings, schedule, given);
    if (cli::answered_at_once(app, argc, argv, version))
        return std::nullopt;
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& thrown) {
        (void)cli::end_of_parsing(app, thrown); // Throws, unless help was requested.
        return std::nullopt;
    }
    cli::require_valid(settings.request);
    if (settings.stop_after == duration::zero())
        throw cli::usage_error("--for must be greater than 0; leave it out to run for ever");

    schedule.health_check_timeout = settings.request.timeout;
    if (app.get_option("--timeout")->count() > 0)
        schedule.schema_timeout = settings.request.timeout;
    schedule.schema_bytes_max = static_cast<std::size_t>(given.schema_bytes_max);
    for (const std::string& uri : given.urls) {
        schedule.uri = uri;
        if (const std::error_code fault = schedule.validate())
            throw cli::usage_error(in_terms_of_arguments(fault, uri));
    }
    if (!given.introspection_file.empty()) {
        schedule.introspection =
            read_introspection(given.introspection_file, schedule.schema_bytes_max);
        if (const std::error_code fault = schedule.validate())
            throw cli::usage_error(in_terms_of_arguments(fault, schedule.uri));
    }
    for (const std::string& uri : given.urls) {
        schedule.uri = uri;
        settings.datasources.push_back(schedule);
    }
    return settings;
}

} // namespace forest::master
