// SPDX-License-Identifier: BSL-1.0
#include "warehouse_options.hpp"

#include <tool/arguments/help_formatter.hpp>
#include <tool/arguments/known_words.hpp>
#include <tool/arguments/option_kinds.hpp>

#include <forest/version.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <memory>
#include <string>

namespace forest::warehouse {

std::optional<options> parse_options(int argc, const char* const* argv) {
    CLI::App app{"Serves the schema of an SQLite database, and answers health checks.",
                 "warehouse"};
    app.formatter(std::make_shared<cli::help_formatter>(cli::help_width()));
    options settings;
    std::string address = "127.0.0.1:0";
    cli::add_file(app, "--database", settings.database,
                  "The database; created with a few rows if there is none");
    app.get_option("--database")->default_str(settings.database);
    cli::add_secret(app, settings.secret);
    cli::add_unsigned(app, settings.secret);
    app.add_option("--listen", address,
                   "Where to listen; port 0 means a free port, a name means all its addresses, and "
                   "* every interface")
        ->type_name("HOST:PORT")
        ->capture_default_str();
    app.add_option("--version", settings.version, "Version to report")
        ->type_name("V")
        ->capture_default_str();
    cli::add_duration(app, "--grace", settings.grace, "5s",
                      "After SIGTERM, announce the stop for this long before stopping");
    cli::add_hold_max(app, settings.hold_max);
    bool older_schema = false;
    app.add_flag(
        "--older-schema", older_schema,
        "Leave is_groupable out of the schema, because Ruby clients before 1.25.0 fail at it");
    app.add_flag(
        "--accept-http-dates", settings.accept_http_dates,
        "Also accept timestamps such as Sun, 29 Nov 2026 15:22:31 GMT, as Node datasources "
        "1.8.0 to 1.11.0 sign them");
    app.add_flag("--verbose", settings.verbose, "Log each answer to stderr");
    const std::string version = "warehouse " + std::string{forest::version};
    if (cli::answered_at_once(app, argc, argv, version))
        return std::nullopt;
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& thrown) {
        (void)cli::end_of_parsing(app, thrown); // Throws, unless help was requested.
        return std::nullopt;
    }
    cli::require_one_secret(settings.secret);
    if (older_schema)
        settings.form = schema_form::without_is_groupable;
    settings.address = cli::parse_listen_address(address);
    return settings;
}

} // namespace forest::warehouse
