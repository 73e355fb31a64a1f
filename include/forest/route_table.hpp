// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ROUTE_TABLE_HPP
#define FOREST_ROUTE_TABLE_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/http/framing.hpp>
#include <forest/core/error.hpp>
#include <forest/core/http_method.hpp>
#include <forest/core/response.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/server.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

// What another HTTP server needs to serve the routes of this library: a place where they are
// mounted, a copy of the fields of a request in the form that they read, and a responder.

namespace forest::inline FOREST_FORM {

/// A request as another HTTP library has parsed it. It refuses what `asio_server` refuses, because
/// that library may have let it pass: two readers must not understand a request differently.
/// Method and target must outlive it; the fields are copied. Not thread-safe. `add_field` may throw
/// std::bad_alloc.
class received_request {
public:
    /// `target` is the request target as it was sent, with its query, or the path alone if the
    /// library has no more. `version_minor` is 0 for HTTP/1.0, 1 for HTTP/1.1. Of HTTP/1.1, `Host`
    /// is required.
    received_request(std::string_view method, std::string_view target, int version_minor = 1);

    /// Adds a field. Call it in the order of the lines, so that repeated fields keep their order.
    void add_field(std::string_view name, std::string_view value);

    /// `get`, `head` or `other`.
    [[nodiscard]] http_method method() const noexcept { return method_; }

    /// The path without the query, also if the target is an absolute URL.
    [[nodiscard]] std::string_view path() const noexcept;

    /// Returns whether the request is to be refused with 400: it has a field that is no field, two
    /// hosts, none in HTTP/1.1, or framing that two readers could understand differently.
    [[nodiscard]] bool malformed() const noexcept;

    /// Returns whether a body belongs to the request.
    [[nodiscard]] bool has_body() const noexcept;

private:
    friend class route_table;

    std::string_view target_;
    http_method method_;
    int version_minor_;
    std::size_t hosts_ = 0;
    bool valid_ = true;
    wall_time received_;
    detail::framing_fields framing_;
    std::string lines_;
};

/// Sends the response to one request. Copyable; may be kept, and called from any thread. Only the
/// first call sends. If the last copy is destroyed without a call, a 500 is sent.
class route_responder {
public:
    /// Sends a response: calls your library. Called once, on the thread that calls the responder or
    /// that destroys its last copy. It copies what it needs. If it throws, it is called again with
    /// a 500; a second exception is dropped. It must not call the responder.
    using send_function = detail::unique_function<void(const response&)>;

    /// May throw std::bad_alloc.
    explicit route_responder(send_function send);

    /// Sends `answer` if nothing was sent yet. A status that is not final, below 200 or above 599,
    /// becomes 500.
    void operator()(const response& answer) const noexcept;

private:
    struct state;
    std::shared_ptr<state> state_;
};

/// Routes for a server of another library: a model of `server` that a callback of that library
/// asks.
///
/// From examples/recipes/own_server/beast_server.cpp:
///     forest::received_request request{view(asked.method_string()), view(asked.target()),
///                                      static_cast<int>(asked.version() % 10)};
///     for (const auto& field : asked)
///         request.add_field(view(field.name_string()), view(field.value()));
///     routes.serve(request,
///                  forest::route_responder{[own](const auto& answer) { own->send(answer); }});
///
/// **Thread safety:** all members may be called from any thread, and from handlers. Handlers run on
/// the threads that call `serve`, possibly on several at once, and outside every lock.
///
/// **Lifetime:** the table must outlive the calls of `serve`. Responders may outlive the table.
///
/// **Errors:** `get` returns `errc::path_invalid` as `asio_server::get` does. `get` and `serve` may
/// throw std::bad_alloc. An exception of a handler is dropped, and the response is 500.
class route_table {
public:
    /// Calls `handler(const server_request&, route_responder)` for each GET and HEAD of `path`.
    /// Returns `errc::path_invalid` if the path does not begin with `/`, has a byte that is not
    /// allowed in a path, or has a handler already.
    template <typename Handler>
        requires(std::invocable<std::decay_t<Handler>&, const server_request&, route_responder>)
    std::error_code get(std::string path, Handler&& handler) {
        return add(std::move(path), std::forward<Handler>(handler));
    }

    /// Returns whether there is a handler for the path of a request target: for a server that has
    /// routes of its own.
    [[nodiscard]] bool has(std::string_view target) const;

    /// Calls the handler of the request. Sends 400, 404 or 405 itself: if the request is malformed,
    /// its path has no handler, or its method is neither GET nor HEAD. A response to HEAD is sent
    /// with the body; the server leaves it out.
    void serve(const received_request& request, route_responder respond) const;

private:
    using handler_type = detail::unique_function<void(const server_request&, route_responder)>;

    std::error_code add(std::string path, handler_type handler);

    [[nodiscard]] handler_type* find(std::string_view path) const;

    mutable std::mutex mutex_;
    mutable std::map<std::string, handler_type, std::less<>> handlers_; // nodes are never removed
};

/// Sends the response of a server itself: `{"error":"Not Found"}` for 404.
void send_error(const route_responder& respond, int status);

static_assert(server<route_table>);

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/impl/route_table.ipp>
#endif

#endif
