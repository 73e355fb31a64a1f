// SPDX-License-Identifier: BSL-1.0
#include "reporter.hpp"
#include "watching_fleet.hpp"
#include <tool/arguments/exit_status.hpp>
#include <tool/arguments/policies.hpp>
#include <tool/arguments/usage_error.hpp>
#include <tool/commands.hpp>
#include <tool/output/json_line.hpp>
#include <tool/output/process_resources.hpp>
#include <tool/output/queued_output.hpp>
#include <tool/output/service_manager.hpp>
#include <tool/output/terminal.hpp>

#include <forest/adapters/asio/sharded_fleet.hpp>
#include <forest/core/fleet_options.hpp>
#include <forest/core/fleet_statistics.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

// One fleet for all URLs, on this thread or on several others.

namespace forest::cli {

namespace {

// How often the view is redrawn, and the end of the reader is noticed.
constexpr std::chrono::milliseconds refresh_interval{250};

// The end of a watch: a signal, a time, or an output that cannot be written. A later signal ends
// the wait for the reader.
class watch_end {
public:
    watch_end(asio::io_context& io, std::function<void()> stop)
        : stop_{std::move(stop)}, signals_{io, SIGINT, SIGTERM}, timer_{io} {
        wait_for_signal();
    }

    /// Starts the timer.
    void begin(const watch_arguments& watch) {
        if (watch.stop_after) {
            timer_.expires_after(*watch.stop_after);
            timer_.async_wait([this](std::error_code ec) {
                if (!ec)
                    stop_();
            });
        }
    }

    /// Whether a signal has come since the last call.
    [[nodiscard]] bool signalled() noexcept { return std::exchange(signalled_, false); }

private:
    void wait_for_signal() {
        signals_.async_wait([this](std::error_code ec, int) {
            if (ec)
                return;
            signalled_ = true;
            stop_();
            wait_for_signal();
        });
    }

    std::function<void()> stop_;
    asio::signal_set signals_;
    asio::steady_timer timer_;
    bool signalled_ = false;
};

// Redraws the view at once when the size of the terminal has changed.
void refresh_when_resized(asio::signal_set& resized, reporter& printer) {
    resized.async_wait([&](std::error_code ec, int) {
        if (ec)
            return;
        printer.refresh();
        refresh_when_resized(resized, printer);
    });
}

void refresh_regularly(asio::steady_timer& timer, reporter& printer) {
    timer.expires_after(refresh_interval);
    timer.async_wait([&](std::error_code ec) {
        if (ec)
            return;
        printer.refresh();
        refresh_regularly(timer, printer);
    });
}

std::string statistics_json(std::size_t target_count, const fleet_statistics& done,
                            const outage_summary::end& ended, duration passed) {
    const resource_usage used = used_resources();
    json_line line;
    line.add_integer("targets", target_count);
    line.add_integer("checks", done.checks);
    line.add_integer("failures", done.failures);
    line.add_integer("inconclusive", done.inconclusive);
    line.add_integer("unresolved", done.unresolved);
    line.add_integer("held", done.held);
    line.add_integer("down", ended.count(target_status::down));
    line.add_milliseconds("down_ms_longest", ended.longest.so_far);
    line.add_milliseconds("late_ms_p99", done.lateness.quantile(0.99));
    line.add_number("cpu_seconds", std::chrono::duration<double>(used.cpu).count());
    line.add_integer("max_rss_kb", used.resident_kb_max);
    line.add_number("wall_seconds", std::chrono::duration<double>(passed).count());
    return std::move(line).finish();
}

// A check without a descriptor would fail, as if the server were down. Some descriptors are needed
// for other things: files, and the event loop of each thread.
int checks_in_flight_max(const watch_arguments& watch) {
    constexpr int needed = 24;
    constexpr int needed_by_thread = 8;
    const auto limit = static_cast<int>(
        std::min<std::uint64_t>(raise_descriptor_limit(), std::numeric_limits<int>::max()));
    const int most = limit - needed - needed_by_thread * watch.threads;
    const auto require_descriptors = [limit, most](std::string_view option, std::size_t count) {
        if (most < 0 || count > static_cast<std::size_t>(most))
            throw usage_error(
                fmt::format("{} needs {} descriptors, and of the {} that this process "
                            "may have at most {} are left for that; raise the hard "
                            "limit, as with ulimit -Hn",
                            option, count, limit, std::max(most, 0)));
    };
    if (watch.reuse_connections) // Each target may keep one.
        require_descriptors("--reuse", watch.targets.size());
    if (watch.schedule.hold != duration::zero()) // Each target may keep one here, too.
        require_descriptors("--hold", watch.targets.size());
    if (watch.checks_in_flight_max == 0)
        return std::max(most, watch.threads);
    require_descriptors("--checks-in-flight", static_cast<std::size_t>(watch.checks_in_flight_max));
    return watch.checks_in_flight_max;
}

fleet_options share_of_thread(const watch_arguments& watch, int in_flight_max, int number) {
    const auto share = [&](int all) {
        return all / watch.threads + (number < all % watch.threads ? 1 : 0);
    };
    return {.checks_in_flight_max = share(in_flight_max),
            .connections_per_second_max = share(watch.connections_per_second_max),
            .held_max = std::numeric_limits<int>::max(), // The descriptors were counted before.
            .spread_start = watch.spread_start};
}

// Only this thread receives signals.
template <typename Fleet>
sharded_fleet<Fleet> fleet_on_threads(const watch_arguments& watch, const fleet_policies& policies,
                                      int in_flight_max) {
    const signals_held_back held;
    int number = 0;
    return sharded_fleet<Fleet>{
        static_cast<std::size_t>(watch.threads), [&](asio::any_io_executor executor) {
            return make_fleet(std::move(executor), policies,
                              share_of_thread(watch, in_flight_max, number++),
                              static_cast<const Fleet*>(nullptr));
        }};
}

// Returns the error of the output.
template <typename Fleet>
std::error_code watch_with(asio::io_context& io, Fleet& fleet, watch_arguments& watch,
                           terminal& out) {
    const auto began = std::chrono::steady_clock::now();
    const std::size_t target_count = watch.targets.size();
    const auto leave = [&io] { io.stop(); };
    reporter printer{io, out, {watch.request.json, watch.verbose}, target_count, leave};
    watch_end end{io, leave};
    asio::steady_timer refreshing{io};
    refresh_regularly(refreshing, printer);
    asio::signal_set resized{io, SIGWINCH};
    refresh_when_resized(resized, printer);

    fleet.on_event([&printer](const event& happened) { printer.report(happened); });
    for (url& target : std::exchange(watch.targets, {}))
        fleet.add(target_for(watch.probe, std::move(target)), watch.schedule);
    fleet.start();
    end.begin(watch);
    notify_service_manager("READY=1");
    io.run();

    notify_service_manager("STOPPING=1");
    refreshing.cancel();
    resized.cancel();
    (void)end.signalled(); // forgets the signal that has ended the watch
    fleet.stop();
    printer.close();
    if (watch.statistics)
        printer.add(statistics_json(target_count, fleet.statistics(), printer.ended(),
                                    std::chrono::steady_clock::now() - began));
    printer.finish([&] {
        io.restart();
        io.poll();
        return end.signalled();
    });
    return printer.error();
}

template <typename Fleet>
std::error_code watch_by(const fleet_policies& by, watch_arguments& watch, terminal& out) {
    const int in_flight_max = checks_in_flight_max(watch);
    asio::io_context io{1};
    if (watch.threads == 1) {
        Fleet fleet = make_fleet(io.get_executor(), by, share_of_thread(watch, in_flight_max, 0),
                                 static_cast<const Fleet*>(nullptr));
        return watch_with(io, fleet, watch, out);
    }
    sharded_fleet<Fleet> fleet = fleet_on_threads<Fleet>(watch, by, in_flight_max);
    return watch_with(io, fleet, watch, out);
}

std::error_code watch_by_transport(const fleet_policies& by, watch_arguments& watch,
                                   terminal& out) {
#ifdef FOREST_TOOL_WITH_CURL
    if (watch.request.by_curl)
        return watch_by<curl_fleet>(by, watch, out);
#endif
    return watch_by<watching_fleet>(by, watch, out);
}

} // namespace

exit_status run(watch_arguments watch) {
    terminal out;
    transport_options connecting = transport_for(watch.request);
    connecting.reuse_connections = watch.reuse_connections;
    const fleet_policies by{make_signer(watch.request),
                            connecting,
                            {watch.constant_backoff},
                            make_probe(watch.probe, watch.request),
                            watch.request};
    const std::error_code failed = watch_by_transport(by, watch, out);
    if (is_failure(failed))
        throw runtime_failure("standard output: " + failed.message());
    return exit_status::success;
}

} // namespace forest::cli
