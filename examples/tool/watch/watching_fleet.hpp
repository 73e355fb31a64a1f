// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_WATCH_WATCHING_FLEET_HPP
#define FOREST_EXAMPLES_TOOL_WATCH_WATCHING_FLEET_HPP

#include <tool/arguments/chosen_backoff.hpp>
#include <tool/arguments/chosen_probe.hpp>
#include <tool/arguments/policies.hpp>

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_connection_pool.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/asio/pooled_transport.hpp>
#include <forest/core/fleet_options.hpp>
#include <forest/health_fleet.hpp>

#include <asio/any_io_executor.hpp>

#include <utility>

// The fleet with which `watch` polls.

namespace forest::cli {

using watching_fleet =
    basic_health_fleet<pooled_transport, asio_clock, optional_signer, chosen_backoff, chosen_probe>;

/// The common parts of the fleets of several threads.
struct fleet_policies {
    optional_signer signer;
    transport_options connecting;
    chosen_backoff backoff;
    chosen_probe probe;
};

[[nodiscard]] inline watching_fleet make_fleet(asio::any_io_executor executor,
                                               const fleet_policies& policies,
                                               const fleet_options& settings) {
    asio_clock clock{std::move(executor)};
    auto transports = [pool = asio_connection_pool{clock, policies.connecting, settings.tick}] {
        return pooled_transport{pool};
    };
    return {std::move(transports), std::move(clock), policies.signer,
            policies.backoff,      policies.probe,   settings};
}

} // namespace forest::cli

#endif
