// SPDX-License-Identifier: BSL-1.0
#include "warehouse_database.hpp"
#include "warehouse_options.hpp"
#include "warehouse_watch.hpp"

#include <tool/arguments/exit_status.hpp>
#include <tool/arguments/secret.hpp>
#include <tool/arguments/usage_error.hpp>
#include <tool/output/process_resources.hpp>
#include <tool/output/terminal.hpp>
#include <tool/output/text.hpp>
#include <tool/program.hpp>
#include <tool/serve/answer_log.hpp>
#include <tool/serve/listening.hpp>

#include <forest/adapters/asio/asio_server.hpp>
#include <forest/adapters/asio/shutdown_signals.hpp>
#include <forest/adapters/openssl/hmac_sha256_verifier.hpp>
#include <forest/adapters/openssl/sha1.hpp>
#include <forest/health_route.hpp>
#include <forest/schema_route.hpp>

#include <SQLiteCpp/Exception.h>

#include <fmt/format.h>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <string>
#include <system_error>
#include <utility>

// An agent: it serves the schema of a database that other programs follow. It has two routes, one
// for its health and one for its schema, and notices changes of its tables itself.

namespace forest::warehouse {

namespace {

// How long an answer that has begun may take after the grace period.
constexpr std::chrono::seconds begun_answers_max{1};

request_verifier make_verifier(const options& settings) {
    const auto secret = cli::read_secret(settings.secret);
    if (!secret)
        return accept_unsigned;
    return hmac_sha256_verifier{*secret, {.accept_http_dates = settings.accept_http_dates}};
}

schema_watch watch_database(asio::io_context& io, const options& settings) {
    try {
        return {io, settings.database, open_database(settings.database), settings.form};
    } catch (const SQLite::Exception& failed) {
        throw_refused(settings.database, failed);
    }
}

// Listens, and returns the address.
std::string listen(asio_server& server, const cli::listen_address& at) {
    if (const std::error_code ec = server.listen(at.host, at.port))
        throw cli::runtime_failure(
            fmt::format("--listen {}: {}", cli::ascii_escape(at.text), ec.message()));
    return server.endpoints().front();
}

cli::exit_status serve(const options& settings) {
    cli::terminal out;
    (void)cli::raise_descriptor_limit();
    const request_verifier verify = make_verifier(settings);
    asio::io_context io{1};

    asio_server server{io.get_executor()};
    basic_health_route health{
        server, verify, {.version = settings.version, .hold_max = settings.hold_max}};
    schema_watch watch = watch_database(io, settings);
    basic_schema_route schema{
        server, verify, sha1_hex, watch.schema(), {.hold_max = settings.hold_max}};
    if (settings.verbose) {
        health.on_answer(cli::answer_log{true});
        schema.on_answer(cli::answer_log{true});
    }
    const std::string where = listen(server, settings.address);

    asio::steady_timer grace{io};
    shutdown_signals signals{
        io.get_executor(), [&](int) {
            health.drain();
            cli::log(
                fmt::format("stopping: the answer is 503 for {}; another signal ends it at once",
                            cli::readable(settings.grace)));
            grace.expires_after(settings.grace);
            grace.async_wait([&](std::error_code) {
                watch.stop();
                server.stop(begun_answers_max);
            });
        }};
    watch.start({.changed =
                     [&](const std::string& changed) {
                         const std::error_code refused = schema.replace(changed);
                         cli::log(refused ? "the new schema cannot be served: " + refused.message()
                                          : "the schema has changed; its etag is " + schema.etag());
                     },
                 .lost =
                     [&](const std::string& why) {
                         health.set_healthy(false);
                         cli::log(fmt::format("the database '{}' cannot be read ({}); the health "
                                              "route answers 503 until it can be read, and the "
                                              "schema stays unchanged",
                                              cli::ascii_escape(settings.database),
                                              cli::ascii_escape(why)));
                     },
                 .found =
                     [&] {
                         health.set_healthy(true);
                         cli::log("the database can be read again");
                     }});
    // The announcement comes last, because a program that reads it may send a signal at once.
    out.write(cli::announcement(server, where));
    if (out.error())
        throw cli::runtime_failure("standard output: " + out.error().message());
    io.run();
    return cli::exit_status::success;
}

} // namespace

} // namespace forest::warehouse

int main(int argc, char** argv) {
    using namespace forest;
    return cli::run_program("warehouse", [&] {
        const auto settings = warehouse::parse_options(argc, argv);
        return settings ? warehouse::serve(*settings) : cli::exit_status::success;
    });
}
