// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_WIRE_OBSERVER_HPP
#define FOREST_SIM_NETWORK_WIRE_OBSERVER_HPP

#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>

#include <string_view>

// What can be seen of the GETs of a client from outside: on its wires, and at its transports.

namespace forest::inline FOREST_FORM::sim {

/// Sees all GETs and connections of one client. A transport or a connection is identified by its
/// address, which may be used again for another one later.
class wire_observer {
public:
    /// A transport has taken a GET.
    virtual void began(const void* transport, duration timeout) = 0;

    /// A transport calls the handler of a GET now.
    virtual void ended(const void* transport, const reply& result) = 0;

    /// An attempt to connect to the address of that number has begun.
    virtual void opened(const void* transport, const void* connection, unsigned address) = 0;

    /// A request leaves over a connection.
    virtual void requested(const void* transport, const void* connection,
                           std::string_view bytes) = 0;

    /// The last byte of an answer has arrived at the client.
    virtual void answered(const void* connection) = 0;

    /// The client has closed its end.
    virtual void closed(const void* connection) = 0;

protected:
    ~wire_observer() = default;
};

} // namespace forest::inline FOREST_FORM::sim

#endif
