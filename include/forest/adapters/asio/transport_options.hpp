// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_TRANSPORT_OPTIONS_HPP
#define FOREST_ADAPTERS_ASIO_TRANSPORT_OPTIONS_HPP

#include <forest/adapters/openssl/tls_context.hpp>

#include <optional>

// How checks connect. In a header of its own, because the steps of a check need it, too.

namespace forest {

/// How an asio_transport connects.
struct transport_options {
    tls_options tls = {};

    /// Whether a connection is kept for the next check. Off by default: a fresh one also proves
    /// that the server still accepts connections. A kept one that turns out to be dead before the
    /// first byte of the answer is replaced once, silently; the same bytes go out again then, which
    /// a server with a replay window refuses if it had read them.
    bool reuse_connections = false;

    /// Whether a connection that is not kept ends with RST, once the answer is complete and never
    /// before. That leaves no port in TIME_WAIT, of which about 28,000 for 60 s allow only some 470
    /// fresh checks per second to one address and port, and costs a tenth less than FIN. A server
    /// may count a reset as an error of its client's, though. By default a pooled_transport, which
    /// is made for many checks, does so, and an asio_transport does not.
    std::optional<bool> reset_after_answer = {};
};

} // namespace forest

#endif
