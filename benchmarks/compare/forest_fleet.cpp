// SPDX-License-Identifier: BSL-1.0

// The fleet of the library without the tool around it, as an application has it: unsigned, and
// nobody listens to its events. Its user instructions are bounded by tests/instructions.

#include "prober.hpp"

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_connection_pool.hpp>
#include <forest/adapters/asio/pooled_transport.hpp>
#include <forest/core/backoff.hpp>
#include <forest/core/fleet_options.hpp>
#include <forest/core/options.hpp>
#include <forest/core/url.hpp>
#include <forest/health_fleet.hpp>
#include <forest/policy/signer.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <stdexcept>
#include <string>

namespace {

using fleet = forest::basic_health_fleet<forest::pooled_transport, forest::asio_clock,
                                         forest::unsigned_requests, forest::exponential_backoff>;

compare::tally run(const compare::prober_options& settings) {
    if (settings.flat_out > 0)
        throw std::invalid_argument("a fleet has no --flat-out; give it a short --interval-ms");
    asio::io_context io{1};
    const forest::asio_clock clock{io.get_executor()};
    forest::asio_connection_pool connections{clock, {.reuse_connections = settings.reuse}};
    fleet checking{[&connections] { return forest::pooled_transport{connections}; },
                   clock,
                   forest::unsigned_requests{},
                   forest::exponential_backoff{},
                   {.tick = settings.tick}};
    for (const std::string& each : settings.targets)
        checking.add(forest::url{each}, {.interval = settings.interval});
    checking.start();
    while (compare::goes_on(settings, checking.statistics().checks))
        io.run_one_for(std::chrono::seconds{1});
    const auto made = checking.statistics();
    return {.checks = made.checks, .failures = made.failures + made.inconclusive};
}

} // namespace

int main(int count, char** arguments) {
    return compare::main(count, arguments, run);
}
