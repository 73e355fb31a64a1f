// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_CONNECTION_SETUP_HPP
#define FOREST_SIM_NETWORK_CONNECTION_SETUP_HPP

#include <forest/form.hpp>
#include <forest/sim/script/fault.hpp>

#include <cstdint>

// How a simulated client connects.

namespace forest::inline FOREST_FORM::sim {

/// The connections of a client that are opened step by step, as with sockets: the client looks up
/// the name, tries its addresses, encrypts the connection, and may keep it. All addresses of a name
/// lead to the same server, over the same link.
///
///     world.add_client(warehouse, {}, {.connections = {{.addresses = 2, .kept = true}}});
struct connection_setup {
    static constexpr int addresses_max = fault_addresses_max;
    static constexpr int tls_flights_max = 4;

    int addresses = 1;   ///< of the server's name; from 1 to `addresses_max`
    int tls_flights = 0; ///< round trips of TLS before the request; 0 for http; up to
                         ///< `tls_flights_max`
    bool kept = false;   ///< a connection is kept after an answer, for the next check

    [[nodiscard]] constexpr bool valid() const noexcept {
        return 1 <= addresses && addresses <= addresses_max && 0 <= tls_flights &&
               tls_flights <= tls_flights_max;
    }

    friend constexpr bool operator==(const connection_setup&, const connection_setup&) = default;
};

} // namespace forest::inline FOREST_FORM::sim

#endif
