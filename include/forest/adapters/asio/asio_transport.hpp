// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_ASIO_TRANSPORT_HPP
#define FOREST_ADAPTERS_ASIO_ASIO_TRANSPORT_HPP

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/connection.hpp>
#include <forest/adapters/asio/own_footing.hpp>
#include <forest/adapters/asio/transport_options.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/transport.hpp>

#include <memory>
#include <utility>

// Checks over real sockets: http, https and http+unix.

namespace forest {

/// Performs one GET at a time over a socket. A name is resolved anew for each connection, and all
/// its addresses are tried, each with its share of the time left. Models `transport`; all members
/// may be called from any thread, and its handlers and those of the clock run one at a time. The
/// execution context must outlive the transport.
///
/// Asio resolves names on one thread per io_context: a DNS server that hangs delays all clients of
/// the context that use names. An address in the URL needs no resolver.
class asio_transport {
public:
    /// Runs where the clock runs. Throws std::system_error(errc::tls_configuration_invalid) if
    /// a file that the options name cannot be used.
    explicit asio_transport(const asio_clock& clock, const transport_options& options = {})
        : connection_{std::make_shared<connection>(clock.serializer(), options)} {}

    asio_transport(asio_transport&&) noexcept = default;
    asio_transport& operator=(asio_transport&&) = delete;

    /// As `cancel()`.
    ~asio_transport() {
        if (connection_ != nullptr)
            connection_->cancel();
    }

    /// A timeout beyond `options::duration_max` ends when that has passed.
    template <typename Handler>
    void async_get(const request& what, duration timeout, Handler&& handler) {
        connection_->get(what, timeout, std::forward<Handler>(handler));
    }

    /// Ends what is pending and closes the connection, a kept one too. When there is no memory to
    /// call the handler, it is destroyed instead.
    void cancel() noexcept { connection_->cancel(); }

private:
    using connection = detail::connection<detail::own_footing>;

    std::shared_ptr<connection> connection_;
};

static_assert(transport<asio_transport>);

} // namespace forest

#endif
