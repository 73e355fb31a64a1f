// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_MICROHTTPD_MICROHTTPD_SERVER_HPP
#define FOREST_ADAPTERS_MICROHTTPD_MICROHTTPD_SERVER_HPP

#include <forest/adapters/microhttpd/microhttpd_options.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/server.hpp>
#include <forest/route_table.hpp>

#include <microhttpd.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

// The routes of this library in a daemon of GNU libmicrohttpd, which the application has anyway or
// which it makes for them.

namespace forest::inline FOREST_FORM {

/// Mounts routes in a daemon of GNU libmicrohttpd: a model of `server`.
///
/// From examples/recipes/serve_from_microhttpd.cpp:
///     forest::microhttpd_server server;
///     forest::basic_health_route health{server, forest::hmac_sha256_verifier{secret}};
///     MHD_Daemon* const daemon = MHD_start_daemon(
///         MHD_USE_AUTO_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, nullptr, nullptr, &on_request,
///         &server, MHD_OPTION_NOTIFY_COMPLETED, &on_completed, &server, MHD_OPTION_END);
///
/// Here the two callbacks of the application call `handle` and `completed`. An application without
/// a daemon calls `listen` instead. docs/reference/foreign-servers.md lists what differs from
/// `asio_server`.
///
/// **Thread safety:** all members may be called from any thread, except the constructor, the
/// destructor and `stop`; `listen`, `listen_unix` and `stop` not at the same time. Handlers run on
/// the threads of the daemon, several at once if it has several.
///
/// **Lifetime:** must outlive the daemon. An application with a daemon of its own calls `stop`
/// before `MHD_stop_daemon`, because suspended requests must not be left. Responders may outlive
/// both.
///
/// **Errors:** the constructor throws std::system_error with the error of `options.validate()`. It
/// and `get` may throw std::bad_alloc. `get`, `listen` and `listen_unix` return error codes. An
/// exception of a handler is dropped, and the response is 500. If memory is lacking, the connection
/// is closed.
class microhttpd_server {
public:
    explicit microhttpd_server(const microhttpd_options& options = {});

    microhttpd_server(const microhttpd_server&) = delete;
    microhttpd_server& operator=(const microhttpd_server&) = delete;

    /// Calls `stop`.
    ~microhttpd_server();

    /// Calls `handler(const server_request&, route_responder)` for each GET and HEAD of `path`.
    /// Returns `errc::path_invalid` if the path does not begin with `/`, has a byte that is not
    /// allowed in a path, or has a handler already.
    template <typename Handler>
        requires(std::invocable<std::decay_t<Handler>&, const server_request&, route_responder>)
    std::error_code get(std::string path, Handler&& handler) {
        return table().get(std::move(path), std::forward<Handler>(handler));
    }

    /// For the `MHD_AccessHandlerCallback` of the application, with its arguments: returns what the
    /// callback has to return, or nothing if the request is for none of these routes. Then nothing
    /// was changed. `*request_state` must be null when a request begins. A handler that keeps its
    /// responder needs `MHD_ALLOW_SUSPEND_RESUME`; without that flag the answer is 500.
    std::optional<MHD_Result> handle(MHD_Connection* connection, const char* url,
                                     const char* method, const char* http_version,
                                     std::size_t* upload_data_size, void** request_state) noexcept;

    /// For the `MHD_RequestCompletedCallback` of the application: returns whether the request was
    /// one of these routes. Then `*request_state` is null now.
    bool completed(void** request_state) noexcept;

    /// Makes a daemon on a TCP port; 0 means any free port. The host is an address, or a name, of
    /// which the first address that can be used is taken. Errors: `resolve_failed`,
    /// `address_in_use`, `listen_failed` (also if this object listens already, or was stopped).
    std::error_code listen(const std::string& host, std::uint16_t port);

    /// Like `listen`, on a unix socket; its file is handled as by `asio_server::listen_unix`.
    /// Further error: `path_invalid`.
    std::error_code listen_unix(const std::string& path);

    /// Returns the port of `listen`; 0 before, and for a unix socket.
    [[nodiscard]] std::uint16_t port() const noexcept;

    /// Accepts no more connections on the daemon that `listen` made, waits for the requests that
    /// have begun, for at most `grace`, answers 503 to those that are still suspended, and stops
    /// that daemon. In the daemon of an application it does the same but for the first and the last
    /// step. Later requests get 503 if their handler keeps the responder. Blocks. Must not be
    /// called by a handler.
    void stop(duration grace = duration::zero()) noexcept;

private:
    struct state;

    [[nodiscard]] route_table& table() noexcept;

    std::unique_ptr<state> state_;
};

static_assert(server<microhttpd_server>);

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/microhttpd/impl/microhttpd_server.ipp>
#endif

#endif
