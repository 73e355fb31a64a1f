// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_TRANSPORT_OPTIONS_HPP
#define FOREST_ADAPTERS_ASIO_TRANSPORT_OPTIONS_HPP

#include <forest/adapters/openssl/tls_options.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <chrono>
#include <optional>

// The options for the connections of checks. They have their own header, because the steps of a
// check need them, too.

namespace forest::inline FOREST_FORM {

/// The options of an asio_transport or a pooled_transport.
struct transport_options {
    tls_options tls = {};

    /// Whether a connection is kept for the next check. Off by default: a fresh connection also
    /// proves that the server still accepts connections. If a kept connection is dead before the
    /// first byte of the answer, the check is made again at once, without an event, newly signed
    /// and over a fresh connection.
    bool reuse_connections = false;

    /// The greatest age of a kept connection. Each connection gets up to a fifth less, so that
    /// connections that were made together do not end together. A connection also ends with the
    /// first of the certificates with which it was made, and when its name leads elsewhere.
    duration kept_age_max = std::chrono::minutes{5};

    /// Whether a connection that is not kept ends with RST. The RST is sent only when the answer is
    /// complete. A reset leaves no port in TIME_WAIT. About 28,000 ports with 60 s in TIME_WAIT
    /// allow only some 470 fresh checks per second to one address and port. A reset also costs a
    /// tenth less than FIN. But a server may count a reset as an error of its client. The default
    /// is yes for a pooled_transport, which is made for many checks, and no for an asio_transport.
    std::optional<bool> reset_after_answer = {};

    /// Whether a connection that is made is the answer, as in a tcp_transport: nothing is sent, and
    /// the reply has the status 200 and the body of a healthy server. So it is for each target with
    /// the scheme `tcp`, even without this option.
    bool connect_only = false;
};

} // namespace forest::inline FOREST_FORM

#endif
