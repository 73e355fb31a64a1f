// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_WATCH_WATCHING_FLEET_HPP
#define FOREST_EXAMPLES_TOOL_WATCH_WATCHING_FLEET_HPP

#include <tool/arguments/arguments.hpp>
#include <tool/arguments/by_curl.hpp>
#include <tool/arguments/chosen_backoff.hpp>
#include <tool/arguments/chosen_probe.hpp>
#include <tool/arguments/policies.hpp>

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_connection_pool.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/asio/pooled_transport.hpp>
#ifdef FOREST_TOOL_WITH_CURL
#include <forest/adapters/curl/curl_connections.hpp>
#include <forest/adapters/curl/curl_transport.hpp>
#endif
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
    probe_choice probe;
    request_arguments request;
};

[[nodiscard]] inline watching_fleet make_fleet(asio::any_io_executor executor,
                                               const fleet_policies& policies,
                                               const fleet_options& settings,
                                               const watching_fleet* = nullptr) {
    asio_clock clock{std::move(executor)};
    auto transports = [pool = asio_connection_pool{clock, policies.connecting, settings.tick}] {
        return pooled_transport{pool};
    };
    return {std::move(transports),        std::move(clock), policies.signer, policies.backoff,
            chosen_probe{policies.probe}, settings};
}

#ifdef FOREST_TOOL_WITH_CURL

using curl_fleet =
    basic_health_fleet<curl_transport, asio_clock, optional_signer, chosen_backoff, curl_probe>;

[[nodiscard]] inline curl_fleet make_fleet(asio::any_io_executor executor,
                                           const fleet_policies& policies,
                                           const fleet_options& settings, const curl_fleet*) {
    asio_clock clock{std::move(executor)};
    auto transports = [all = curl_connections{clock, by_curl(policies.connecting, policies.request,
                                                             policies.probe.needs_http2())}] {
        return curl_transport{all};
    };
    return {std::move(transports), std::move(clock),           policies.signer,
            policies.backoff,      curl_probe{policies.probe}, settings};
}

#endif

} // namespace forest::cli

#endif
