// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_ASIO_TRANSPORT_HPP
#define FOREST_ADAPTERS_ASIO_ASIO_TRANSPORT_HPP

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_names.hpp>
#include <forest/adapters/asio/detail/get/get_operation.hpp>
#include <forest/adapters/asio/detail/get/standalone_io.hpp>
#include <forest/adapters/asio/transport_options.hpp>
#include <forest/adapters/posix/getaddrinfo_resolver.hpp>
#include <forest/core/detail/logic/option_mistake.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/resolver.hpp>
#include <forest/policy/transport.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <utility>

// Checks over real sockets: http, https and http+unix.

namespace forest {

/// Performs one GET at a time over a socket. All addresses of a name are tried, each with its share
/// of the time left; what is known of names is shared by all clients of the executor's context
/// (B19). Models `transport`; all members may be called from any thread, and its handlers and those
/// of the clock run one at a time. The execution context must outlive the transport.
template <resolver Resolver>
class basic_asio_transport {
public:
    using names = basic_asio_names<Resolver>;

    /// Runs where the clock runs, and finds names as `name_source` does. Throws
    /// std::system_error(errc::tls_configuration_invalid) if a file that the options name cannot be
    /// used.
    basic_asio_transport(const asio_clock& clock, const names& name_source,
                         const transport_options& options = {})
        : get_{std::make_shared<get_operation>(clock.serializer(), options,
                                               name_source.directory())} {}

    /// The same with the names that all clients of the clock's context share.
    explicit basic_asio_transport(const asio_clock& clock, const transport_options& options = {})
        requires std::default_initializable<Resolver>
        : basic_asio_transport{clock, names{clock.get_executor()}, options} {}

    // These say what is wrong with braced options.
    template <std::size_t MisspeltOrWithoutUnit>
    basic_asio_transport(const asio_clock&, const names&,
                         const detail::any_member (&)[MisspeltOrWithoutUnit]) {
        detail::refuse_options<MisspeltOrWithoutUnit>();
    }
    template <std::size_t MisspeltOrWithoutUnit>
    basic_asio_transport(const asio_clock&, const detail::any_member (&)[MisspeltOrWithoutUnit]) {
        detail::refuse_options<MisspeltOrWithoutUnit>();
    }

    basic_asio_transport(basic_asio_transport&&) noexcept = default;
    basic_asio_transport& operator=(basic_asio_transport&&) = delete;

    /// As `cancel()`.
    ~basic_asio_transport() {
        if (get_ != nullptr)
            get_->cancel();
    }

    /// A timeout beyond `options::duration_max` ends when that has passed.
    template <typename Handler>
    void async_get(const request& http_request, duration timeout, Handler&& handler) {
        get_->get(http_request, timeout, std::forward<Handler>(handler));
    }

    /// Ends what is pending and closes the connection, a kept one too. On an executor that is
    /// neither an io_context's nor a thread_pool's, and that has no memory to call the handler, the
    /// handler is destroyed instead.
    void cancel() noexcept { get_->cancel(); }

private:
    using get_operation = detail::get_operation<detail::standalone_io>;

    std::shared_ptr<get_operation> get_;
};

/// A transport that finds names as the system does.
using asio_transport = basic_asio_transport<getaddrinfo_resolver>;

static_assert(transport<asio_transport>);

} // namespace forest

#endif
