// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_FOREST_HPP
#define FOREST_FOREST_HPP

#include <forest/adapters/asio/async_check.hpp>
#include <forest/adapters/asio/background.hpp>
#include <forest/adapters/asio/sharded_fleet.hpp>
#include <forest/adapters/asio/shutdown_signals.hpp>
#include <forest/adapters/fmt/log_observer.hpp>
#include <forest/adapters/openssl/openssl_at_exit.hpp>
#include <forest/core/detection.hpp>
#include <forest/default_client.hpp>
#include <forest/default_datasource.hpp>
#include <forest/default_fleet.hpp>
#include <forest/default_routes.hpp>
#include <forest/version.hpp>

// Everything with the default policies: Asio for I/O and time, OpenSSL for signatures and TLS, fmt
// for logs. A file that needs one part compiles faster with the header of that part alone.

#endif
