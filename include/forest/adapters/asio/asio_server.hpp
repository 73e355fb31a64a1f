// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_ASIO_SERVER_HPP
#define FOREST_ADAPTERS_ASIO_ASIO_SERVER_HPP

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/executor_source.hpp>
#include <forest/adapters/asio/server_limits.hpp>
#include <forest/adapters/asio/server_responder.hpp>
#include <forest/adapters/asio/unix_socket_options.hpp>
#include <forest/adapters/openssl/tls_options.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/logic/option_mistake.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/server.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

// A small HTTP/1.1 server for applications that have no server for a health route. It offers
// little: it only answers GET and HEAD. But its protection against faulty and hostile clients is
// complete.

namespace forest::inline FOREST_FORM {

namespace detail {
struct server_state;
}

/// Serves routes over TCP, TLS and unix sockets, with keep-alive and pipelining: a model of
/// `server`, `timed_server` and `holding_server`.
///
/// From examples/tutorial/01_watch_one_server.cpp:
///     forest::asio_server server{io.get_executor()};
///     forest::health_route route{server, forest::hmac_sha256_verifier{secret}};
///     if (const std::error_code ec = server.listen("127.0.0.1", 0)) {
///         std::cerr << ec.message() << '\n';
///         return EXIT_FAILURE;
///     }
///     const std::string url = server.endpoints().front() + route.path();
///
/// **Thread safety:** all members may be called from any thread, and from handlers. Handlers run
/// one at a time, on the given executor, and outside every lock.
///
/// **Lifetime:** the execution context must outlive the server. The server can be stopped and
/// destroyed even if the context does not run. Responders may outlive both.
///
/// **Errors:** the constructor throws std::system_error for limits that are not valid. The
/// constructor, `get` and the members that return strings may throw std::bad_alloc. `get`,
/// `listen`, `listen_tls` and `listen_unix` return error codes, the last three also
/// `std::errc::not_enough_memory`. An exception of a handler is dropped, and the response is 500.
class asio_server {
public:
    using responder = server_responder;

    /// Makes a server on an executor, or on the executor of a context. Throws std::system_error
    /// with the error of `limits.validate()`.
    explicit asio_server(const executor_source& source, const server_limits& limits = {});

    // Says what is wrong with braced limits.
    template <std::size_t MisspeltOrWithoutUnit>
    asio_server(const executor_source&, const detail::any_member (&)[MisspeltOrWithoutUnit]) {
        detail::refuse_options<MisspeltOrWithoutUnit>();
    }

    asio_server(const asio_server&) = delete;
    asio_server& operator=(const asio_server&) = delete;

    /// Stops like `stop()`, and waits for the running handler. After that no handler runs, none
    /// will start, and every socket is closed. A handler that calls the destructor is the last one;
    /// the destructor does not wait for it.
    ~asio_server();

    /// Calls `handler(const server_request&, responder)` for each GET and HEAD of `path`. The
    /// handler must not block, because all connections wait for it. A client that sends `Expect:
    /// 100-continue` gets a 100. Bodies are read up to the limit of the server, and dropped.
    /// Returns `errc::path_invalid` if the path does not begin with `/`, has a byte that is not
    /// allowed in a path, or has a handler already.
    template <typename Handler>
        requires(std::invocable<std::decay_t<Handler>&, const server_request&, responder>)
    std::error_code get(std::string path, Handler&& handler) {
        return add_route(std::move(path), std::forward<Handler>(handler));
    }

    /// Listens on a TCP port; 0 means any free port. The host may be an address. It may be a name:
    /// the name is resolved now, and the server listens on all its addresses, on one port
    /// (`localhost` is at least 127.0.0.1 and ::1, even if the hosts file differs). It may be `*`:
    /// every interface, by IPv4 and IPv6. An address that this machine does not have, for example
    /// because it has no IPv6, is skipped (see `skipped_endpoints`), unless it is the only one.
    /// `0.0.0.0` means every interface by IPv4; the system decides the meaning of `::`. May be
    /// called several times. Errors: `resolve_failed`, `address_in_use` (one address or all),
    /// `listen_failed`, `std::errc::not_enough_memory`. After an error, the server listens only
    /// where it did before.
    std::error_code listen(std::string_view host, std::uint16_t port);

    /// Like `listen`, with TLS. Further error: `tls_configuration_invalid`.
    std::error_code listen_tls(std::string_view host, std::uint16_t port,
                               const tls_server_options& options);

    /// Listens on a unix socket. A socket file that a dead process left behind is replaced. A lock
    /// on the file `path + ".lock"` decides between servers that do this at the same time. Both
    /// files are removed when the server stops. Abstract names are not supported. Errors: those of
    /// `options.validate()`; `path_invalid` (empty, or longer than a socket's name may be),
    /// `address_in_use` (another server holds the lock, a process listens there, or the file is no
    /// socket), `listen_failed` (also when the lock file is another user's).
    std::error_code listen_unix(const std::string& path, const unix_socket_options& options = {});

    /// Returns the port of the first TCP listener; 0 if there is none.
    [[nodiscard]] std::uint16_t port() const;

    /// Returns where the server listens, as beginnings of URLs: `http://127.0.0.1:3000`,
    /// `https://[::1]:443`, `http+unix://%2Frun%2Fa.sock`.
    [[nodiscard]] std::vector<std::string> endpoints() const;

    /// Returns the addresses that `listen` skipped because this machine does not have them, in the
    /// form of `endpoints`.
    [[nodiscard]] std::vector<std::string> skipped_endpoints() const;

    /// Returns the number of open connections.
    [[nodiscard]] std::size_t connections() const;

    /// Returns a clock on the executor of the server.
    [[nodiscard]] asio_clock clock() const;

    /// Stops accepting and closes idle connections. The answers that handlers hold are asked for,
    /// and sent by this thread as far as clients take them at once. Requests that have begun are
    /// still answered, with `Connection: close`. After `grace` the remaining connections are
    /// closed; with 0 all are closed at once. Does not block, and does not wait for a running
    /// handler. A further call can only shorten the grace period. If there is no memory for a
    /// timer, there is no grace period. The server does not start again.
    void stop(duration grace = duration::zero());

#if !defined(__clang__)
    // These overloads say what is wrong with braced options. Clang's messages are better without
    // them, because then there is only one function.
    template <std::size_t MisspeltOrWithoutUnit>
    std::error_code listen_tls(std::string_view, std::uint16_t,
                               const detail::any_member (&)[MisspeltOrWithoutUnit]) {
        detail::refuse_options<MisspeltOrWithoutUnit>();
        return {};
    }
    template <std::size_t MisspeltOrWithoutUnit>
    std::error_code listen_unix(const std::string&,
                                const detail::any_member (&)[MisspeltOrWithoutUnit]) {
        detail::refuse_options<MisspeltOrWithoutUnit>();
        return {};
    }
#endif

private:
    class listening;

    std::error_code listen_tcp(std::string_view host, std::uint16_t port,
                               const tls_server_options* tls);

    std::error_code
    add_route(std::string path,
              detail::unique_function<void(const server_request&, responder)> handler);

    std::shared_ptr<detail::server_state> state_;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/impl/asio_server.ipp>
#endif

#endif
