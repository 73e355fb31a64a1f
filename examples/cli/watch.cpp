// SPDX-License-Identifier: BSL-1.0
#include "commands.hpp"
#include "event_loop.hpp"
#include "policies.hpp"
#include "reporter.hpp"
#include "terminal.hpp"

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/health_client.hpp>

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>

#include <csignal>
#include <cstddef>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// One client for each URL, all on one thread.

namespace forest::cli {

namespace {

using watching_client =
    basic_health_client<asio_transport, asio_clock, optional_signer, chosen_backoff>;

// Files are read once for all: a secret may come from a pipe.
std::vector<watching_client> make_clients(const watch_arguments& watch) {
    const optional_signer signer = make_signer(watch.request);
    const transport_options connecting = transport_for(watch.request);
    std::vector<watching_client> clients;
    for (const url& target : watch.targets) {
        asio_clock clock{event_loop().get_executor()};
        asio_transport transport{clock, connecting};
        clients.emplace_back(std::move(transport), std::move(clock), signer,
                             chosen_backoff{watch.constant_backoff}, target, watch.schedule);
    }
    return clients;
}

std::vector<std::string_view> names_of(const std::vector<url>& targets) {
    std::vector<std::string_view> names;
    for (const url& target : targets)
        names.push_back(target.text());
    return names;
}

} // namespace

exit_status run(const watch_arguments& watch) {
    asio::io_context& io = event_loop();
    terminal out;
    reporter printer{out, {watch.request.json, watch.verbose}, names_of(watch.targets)};
    std::vector<watching_client> clients = make_clients(watch);

    const auto stop = [&] {
        for (watching_client& client : clients)
            client.stop();
        io.stop();
    };
    asio::signal_set signals{io, SIGINT, SIGTERM};
    signals.async_wait([&](std::error_code ec, int) {
        if (!ec)
            stop();
    });
    asio::steady_timer end{io};
    if (watch.stop_after) {
        end.expires_after(*watch.stop_after);
        end.async_wait([&](std::error_code ec) {
            if (!ec)
                stop();
        });
    }

    for (std::size_t index = 0; index < clients.size(); ++index) {
        clients[index].on_event([&, index](const event& happened) {
            printer.report(index, happened);
            if (out.error())
                asio::post(io, stop);
        });
        clients[index].start();
    }
    io.run();
    printer.close();
    if (out.failed())
        throw runtime_failure("standard output: " + out.error().message());
    return exit_status::success;
}

} // namespace forest::cli
