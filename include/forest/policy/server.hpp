// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_POLICY_SERVER_HPP
#define FOREST_POLICY_SERVER_HPP

#include <forest/core/fields.hpp>
#include <forest/core/http_method.hpp>
#include <forest/core/response.hpp>
#include <forest/core/time.hpp>

#include <concepts>
#include <string>
#include <string_view>

// What a route is mounted on: any HTTP server that can hand over a GET and take the answer later.

namespace forest {

/// A request as a route sees it; valid during the handler only.
struct server_request {
    http_method method = http_method::get; ///< `get` or `head`
    std::string_view path{};               ///< without query
    field_view fields{};
    wall_time received{}; ///< the server's wall clock
};

namespace detail {
struct server_handler_archetype {
    template <typename Responder>
    void operator()(const server_request&, Responder respond) const {
        respond(response{});
    }
};
} // namespace detail

/// A server calls a handler for each GET and HEAD of a path, and answers what is given to the
/// responder. What the type system cannot check, a model promises:
///
/// - the handler may be called from any thread, and from several at once;
/// - the responder is copyable, may be kept, and answers once, from any thread, at once or later;
/// further calls do
///   nothing, and one that is dropped without a call answers 500;
/// - an answer to HEAD has the fields of the answer to GET and no body;
/// - paths that nobody asked for are answered by the server, not by the handler.
///
/// See docs/reference/server.md; the minimal model is tests/archetypes/server.hpp.
template <typename T>
concept server = requires(T& server, std::string path, detail::server_handler_archetype handler) {
    server.get(path, handler);
};

} // namespace forest

#endif
