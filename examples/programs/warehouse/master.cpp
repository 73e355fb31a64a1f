// SPDX-License-Identifier: BSL-1.0
#include "master_options.hpp"
#include "master_report.hpp"

#include <tool/arguments/exit_status.hpp>
#include <tool/arguments/policies.hpp>
#include <tool/arguments/usage_error.hpp>
#include <tool/output/event_json.hpp>
#include <tool/output/event_text.hpp>
#include <tool/output/queued_output.hpp>
#include <tool/output/terminal.hpp>
#include <tool/program.hpp>

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/asio/shutdown_signals.hpp>
#include <forest/datasource.hpp>

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <unistd.h>

#include <deque>
#include <functional>
#include <system_error>
#include <utility>

// An application that knows the collections of several servers, and learns of changes after an
// outage. It has one datasource for each URL, all on one thread.

namespace forest::master {

namespace {

using followed =
    basic_datasource<asio_transport, asio_clock, cli::optional_signer, cli::chosen_backoff>;

// Each file is read only once, because a secret may come from a pipe.
std::deque<followed> make_datasources(asio::io_context& io, const options& settings) {
    const cli::optional_signer signer = cli::make_signer(settings.request);
    const transport_options connecting = cli::transport_for(settings.request);
    std::deque<followed> made;
    for (const datasource_options& each : settings.datasources) {
        asio_clock clock{io.get_executor()};
        asio_transport for_checks{clock, connecting};
        asio_transport for_schema{clock, connecting};
        made.emplace_back(std::move(for_checks), std::move(for_schema), std::move(clock), signer,
                          cli::chosen_backoff{settings.constant_backoff}, each);
    }
    return made;
}

cli::exit_status follow(const options& settings) {
    asio::io_context io{1};
    cli::terminal out;
    // A reader who pauses must not stop the checks.
    std::function<void()> stop;
    cli::queued_output lines{STDOUT_FILENO,
                             [&](const cli::left_out& gap) {
                                 return settings.request.json ? cli::omitted_json(gap)
                                                              : cli::omitted_text(gap, out);
                             },
                             [&] { asio::post(io, [&] { stop(); }); }};
    std::deque<report>
        reports; // The datasources report to these, so the datasources are destroyed first.
    std::deque<followed> datasources = make_datasources(io, settings);

    stop = [&] {
        for (followed& each : datasources)
            each.cleanup();
        io.stop();
    };
    const shutdown_signals signals{io.get_executor(), [&](int) { stop(); }};
    asio::steady_timer end{io};
    if (settings.stop_after) {
        end.expires_after(*settings.stop_after);
        end.async_wait([&](std::error_code ec) {
            if (!ec)
                stop();
        });
    }

    for (followed& each : datasources) {
        report& printer = reports.emplace_back(
            out, lines, report_options{settings.request.json, settings.verbose}, each.uri(),
            reports.size());
        each.on_event([&](const event& happened) {
            printer.tell(happened);
            if (out.error())
                asio::post(io, stop);
        });
        each.start();
    }
    io.run();
    for (report& each : reports)
        each.summarise();
    if (lines.finish([] { return false; }) > 0)
        cli::complain("master: standard output was not read to its end\n");
    if (cli::is_failure(lines.error()))
        throw cli::runtime_failure("standard output: " + lines.error().message());
    return cli::exit_status::success;
}

} // namespace

} // namespace forest::master

int main(int argc, char** argv) {
    using namespace forest;
    return cli::run_program("master", [&] {
        const auto settings = master::parse_options(argc, argv);
        return settings ? master::follow(*settings) : cli::exit_status::success;
    });
}
