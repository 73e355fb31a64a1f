// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_HTTPLIB_HTTPLIB_SERVER_HPP
#define FOREST_ADAPTERS_HTTPLIB_HTTPLIB_SERVER_HPP

#include <forest/adapters/posix/server_socket_file.hpp>
#include <forest/core/error.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/server.hpp>
#include <forest/route_table.hpp>

#include <httplib.h>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>

// The routes of this library on a server of cpp-httplib, which the application has anyway or which
// it makes for them. Compile with the same CPPHTTPLIB_* definitions as the rest of the program: the
// layout of cpp-httplib's types depends on them.

namespace forest::inline FOREST_FORM {

/// The option that is out of its range.
enum class httplib_errc {
    invalid_answer_timeout = 1,
};

namespace detail {

class httplib_category_type final : public option_category {
public:
    const char* name() const noexcept override { return "forest.httplib_server_options"; }
    std::string_view identifier(int value) const noexcept override;
    std::string message(int value) const override;
};

inline constinit const never_destroyed<httplib_category_type> httplib_category_object;

} // namespace detail

[[nodiscard]] FOREST_DECL std::error_code make_error_code(httplib_errc code) noexcept;

} // namespace forest::inline FOREST_FORM

template <>
struct std::is_error_code_enum<forest::httplib_errc> : std::true_type {};

namespace forest::inline FOREST_FORM {

/// The options of an httplib_server. Limits of messages and connections are those of the
/// `httplib::Server`.
struct httplib_server_options {
    /// How long a handler may keep the responder. After that the answer is 503. Until the answer,
    /// the request holds one thread of the server's pool. Greater than 0, at most 366 days.
    duration answer_timeout = std::chrono::seconds{30};

    /// Returns an error that names the member out of its range.
    [[nodiscard]] std::error_code validate() const noexcept;
};

/// Mounts routes on an `httplib::Server`: a model of `server`.
///
/// From examples/recipes/serve_from_httplib.cpp:
///     httplib::Server application; // with the routes of the application
///     application.Get("/hello", [](const httplib::Request&, httplib::Response& answer) {
///         answer.set_content("hello", "text/plain");
///     });
///     forest::httplib_server server{application};
///     forest::basic_health_route health{server, forest::hmac_sha256_verifier{secret}};
///     if (const std::error_code ec = server.listen("127.0.0.1", 0)) {
///         std::cerr << ec.message() << '\n';
///         return EXIT_FAILURE;
///     }
///
/// An application that calls `httplib::Server::listen` itself does so instead of the last step.
/// With an `httplib::SSLServer` the routes are served over TLS. docs/reference/foreign-servers.md
/// lists what differs from `asio_server`.
///
/// **Thread safety:** not thread-safe, as `httplib::Server` is not: mount all routes, then listen;
/// `stop` may be called from any thread. Handlers run on the pool of the `httplib::Server`, several
/// at once.
///
/// **Lifetime:** the `httplib::Server` must outlive this object. The routes stay mounted when this
/// object is destroyed, but the destructor stops the server if `listen` started it, and waits for
/// its threads. Responders may outlive both.
///
/// **Errors:** the constructor throws std::system_error with the error of `options.validate()`. It
/// and `get` may throw std::bad_alloc. `get`, `listen` and `listen_unix` return error codes. An
/// exception of a handler is dropped, and the response is 500.
class httplib_server {
public:
    explicit httplib_server(httplib::Server& server, const httplib_server_options& options = {});

    httplib_server(const httplib_server&) = delete;
    httplib_server& operator=(const httplib_server&) = delete;

    /// Calls `stop`.
    ~httplib_server();

    /// Calls `handler(const server_request&, route_responder)` for each GET and HEAD of `path`.
    /// Other methods get 405 from now on. Returns `errc::path_invalid` if the path does not begin
    /// with `/`, has a byte that is not allowed in a path, or has a handler of this object already,
    /// and `std::errc::device_or_resource_busy` if the server is running: cpp-httplib reads its
    /// handlers without a lock.
    template <typename Handler>
        requires(std::invocable<std::decay_t<Handler>&, const server_request&, route_responder>)
    std::error_code get(std::string path, Handler&& handler) {
        if (server_.is_running())
            return std::make_error_code(std::errc::device_or_resource_busy);
        if (const std::error_code ec = shared_->table.get(path, std::forward<Handler>(handler)))
            return ec;
        mount(path);
        return {};
    }

    /// Listens on a TCP port, and runs the server on a thread of its own; 0 means any free port.
    /// The host is a name or an address. Errors: `tls_configuration_invalid` (an SSLServer whose
    /// certificate or key cannot be used), `address_in_use`, `listen_failed` (also if the server
    /// runs already), std::errc::resource_unavailable_try_again (no thread).
    std::error_code listen(const std::string& host, std::uint16_t port);

    /// Like `listen`, on a unix socket; its file is handled as by `asio_server::listen_unix`.
    /// Further error: `path_invalid`.
    std::error_code listen_unix(const std::string& path);

    /// Returns the port of `listen`; 0 before, and for a unix socket.
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    /// Stops what `listen` has started, and waits for its threads: for the requests that have
    /// begun, and for idle connections until `httplib::Server::set_keep_alive_timeout`. Does
    /// nothing if the application called `httplib::Server::listen` itself. Must not be called by a
    /// handler.
    void stop() noexcept;

private:
    // The handlers of the server share this, so they need neither this object nor its options.
    struct mounted {
        route_table table;
        duration answer_timeout;
    };

    void mount(const std::string& path);

    static void serve(const mounted& shared, const std::string& path,
                      const httplib::Request& request, httplib::Response& answer);

    std::error_code run(const std::string& host, int port);

    httplib::Server& server_;
    std::shared_ptr<mounted> shared_;
    std::uint16_t port_ = 0;
    server_socket_file file_;
    std::thread thread_;
};

static_assert(server<httplib_server>);

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/httplib/impl/httplib_server.ipp>
#endif

#endif
