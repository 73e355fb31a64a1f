// SPDX-License-Identifier: BSL-1.0

// What slow and silent name services do to a fleet with default options, as a table. The name
// service is a getaddrinfo of this program, so that it is exact and needs no network; the server is
// a thread of it on loopback. Takes five minutes. With an argument, only the rows that contain it.

#include <names/fake_name_service.hpp>

#include <forest/forest.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

using namespace std::chrono_literals;
using namespace forest;
using forest::test::fake_name;
using forest::test::fake_name_service;

namespace {

constexpr std::string_view secret = "s3cret";

struct measured {
    fleet_statistics done;
    int downs = 0;
    std::size_t up = 0;
    std::size_t lookups = 0;
    std::size_t lookups_at_a_time = 0;
    std::chrono::duration<double, std::milli> end{};
};

double milliseconds(duration span) {
    return std::chrono::duration<double, std::milli>{span}.count();
}

measured watch(std::size_t names, fake_name usual, std::size_t hanging, const options& settings,
               duration span) {
    auto& service = fake_name_service::get();
    service.reset();
    service.set_all(std::move(usual));
    for (std::size_t n = 0; n < hanging; ++n)
        service.set("name" + std::to_string(n) + ".example", {.hangs = true});
    background serving;
    asio_server server{serving.get_executor()};
    const health_route route{server, hmac_sha256_verifier{secret}};
    if (server.listen("127.0.0.1", 0))
        return {};
    measured result;
    std::chrono::steady_clock::time_point ends;
    {
        std::optional<asio::io_context> io{std::in_place, 1};
        health_fleet fleet{io->get_executor(), secret};
        fleet.on_server_down([&](target_id, const outage&) { ++result.downs; });
        for (std::size_t n = 0; n < names; ++n)
            fleet.add("http://name" + std::to_string(n) +
                          ".example:" + std::to_string(server.port()) + "/forest/health",
                      settings);
        fleet.start();
        io->run_for(span);
        result.done = fleet.statistics();
        result.up = fleet.count(target_status::up);
        result.lookups = service.calls();
        result.lookups_at_a_time = service.most();
        ends = std::chrono::steady_clock::now();
        fleet.stop();
        io->restart();
        io->run();
    }
    result.end = std::chrono::steady_clock::now() - ends;
    service.release();
    return result;
}

} // namespace

int main(int count, char** arguments) {
    const std::string_view wanted = count > 1 ? arguments[1] : "";
    std::printf(
        "| names | interval | time | checks | failures | inconclusive | reported DOWN | "
        "late_ms_p99 | "
        "look-ups | at a time | end in ms |\n|---|---|---|---|---|---|---|---|---|---|---|\n");
    const auto row = [wanted](std::string_view what, std::size_t names, const fake_name& usual,
                              std::size_t hanging, const options& settings, duration span) {
        if (what.find(wanted) == std::string_view::npos)
            return;
        const measured of = watch(names, usual, hanging, settings, span);
        std::printf("| %s | %.0f s | %.0f s | %ju | %ju | %ju | %d | %.1f | %zu | %zu | %.1f |\n",
                    std::string{what}.c_str(), milliseconds(settings.interval) / 1000,
                    milliseconds(span) / 1000, std::uintmax_t{of.done.checks},
                    std::uintmax_t{of.done.failures}, std::uintmax_t{of.done.inconclusive},
                    of.downs, milliseconds(of.done.lateness.quantile(0.99)), of.lookups,
                    of.lookups_at_a_time, of.end.count());
        std::fflush(stdout);
    };
    row("300 at 50 ms", 300, {.takes = 50ms}, 0, {.interval = 10s}, 25s);
    row("2,000 at 20 ms", 2000, {.takes = 20ms}, 0, {}, 65s);
    row("10,000 at 50 ms", 10'000, {.takes = 50ms}, 0, {}, 95s);
    row("100, one of which hangs for ever", 100, {}, 1, {.interval = 3s, .timeout = 2s}, 120s);
    row("64, all of which hang for ever", 64, {.hangs = true}, 0, {.interval = 3s, .timeout = 2s},
        10s);
}
