// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SCHEMA_ROUTE_HPP
#define FOREST_SCHEMA_ROUTE_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/logic/option_mistake.hpp>
#include <forest/core/time.hpp>
#include <forest/detail/routes/held_answers.hpp>
#include <forest/detail/routes/hold_clock.hpp>
#include <forest/detail/routes/schema_route_state.hpp>
#include <forest/form.hpp>
#include <forest/policy/server.hpp>
#include <forest/signed_route.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

// The route of the schema for datasources (PROTOCOL.md, 3): the text with its etag in both places
// where clients look for it, or 304 for a client that has the schema already.

namespace forest::inline FOREST_FORM {

/// Computes the etag of a schema from its text without `etag`. Called on the threads that replace
/// the schema, possibly on several at once. Other agents use the hash `sha1_hex`.
using schema_hash = std::function<std::string(std::string_view)>;

/// The path of a schema route, and how it holds answers.
struct schema_route_options {
    std::string path = "/forest/rpc-schema";

    /// For how long the route holds a 304 until there is another schema (B51: held schemas). It
    /// does so for accepted clients that ask for it, on servers that can: `asio_server` and
    /// `sim::memory_server`. From 1 s to 240 s; a fraction of a second is dropped. 0: never.
    duration hold_max{};

    /// How many answers the route holds at a time, at least 1. See `route_options::held_max`.
    std::size_t held_max = detail::hold_limits{}.held_max;

    /// The same for one address of clients, at least 1.
    std::size_t held_per_address_max = detail::hold_limits{}.held_per_address_max;
};

/// Serves a schema.
///
/// From examples/tutorial/10_datasource.cpp:
///     struct agent {
///         agent(asio::io_context& io, std::uint16_t port, std::string_view schema_text)
///             : server{io.get_executor()},
///               health{server, verify},
///               schema{server, verify, forest::sha1_hex, schema_text} {
///             if (const std::error_code ec = server.listen("127.0.0.1", port))
///                 throw std::system_error{ec};
///         }
///
///         forest::hmac_sha256_verifier verify{secret};
///         forest::asio_server server;
///         forest::health_route health;
///         forest::schema_route schema;
///     };
///
/// A request that the verifier accepts gets 304 if its `If-None-Match` names the etag of the
/// schema, raw or as an entity tag. Otherwise it gets 200 with the schema; its last member is
/// `etag`. All other requests get the same 401.
///
/// **Thread safety:** all members may be called from any thread. The route never blocks a thread of
/// the server.
///
/// **Lifetime:** the server responds also after the route object is destroyed. Until the server
/// drops the route, it keeps the verifier, the hash and the callback of `on_answer`. Responses that
/// are being sent keep the schema that they began with.
///
/// **Errors:** the constructor throws std::system_error for an empty verifier or hash, for a text
/// that is no schema, or a path that the server cannot use. It also throws what the server throws.
/// `replace` returns an error code. Both throw what the hash throws, and may throw std::bad_alloc,
/// like `etag` and `on_answer`. A verifier that throws has not accepted the request.
template <typename Server>
class basic_schema_route {
    static_assert(server<Server>);

public:
    /// Mounts the route. An `etag` in the text is removed, and the rest is sent unchanged. Throws
    /// what `hash` throws, and std::system_error with `errc::verifier_missing`,
    /// `errc::hash_missing`, the errors of `replace`, `errc::invalid_hold_max`,
    /// `errc::invalid_held_max`, `errc::invalid_held_per_address_max`, or the server's error if the
    /// path cannot be used.
    basic_schema_route(Server& server, route_verifier verify, schema_hash hash,
                       std::string_view schema_text, schema_route_options options = {})
        : state_{detail::schema_route_state::make(
              std::move(verify), std::move(options.path), std::move(hash), schema_text,
              {options.hold_max, options.held_max, options.held_per_address_max})} {
        mount_route(server, detail::with_hold_clock(server, state_));
    }

    // Makes the compiler say what is wrong with braced options.
    template <std::size_t MisspeltOrWithoutUnit>
    basic_schema_route(Server&, const route_verifier&, const schema_hash&, std::string_view,
                       const detail::any_member (&)[MisspeltOrWithoutUnit]) {
        detail::refuse_options<MisspeltOrWithoutUnit>();
    }

    /// Serves another schema from now on; each response has either the old schema or the new one.
    /// Returns the errors of `schema::parse`, and `errc::header_invalid` or
    /// `errc::header_too_large` if the hash cannot be sent as an etag. Throws what the hash throws.
    /// After an error the schema stays as it was. The hash is computed on the caller's thread,
    /// which also sends the held answers if the etag is another one.
    [[nodiscard]] std::error_code replace(std::string_view schema_text) {
        return state_->replace(schema_text);
    }

    /// Announces the end to clients that poll the schema and not the health route: from now on the
    /// response is 503 `{"status":"stopping"}`. Held answers are sent now, by this thread. Further
    /// calls do nothing.
    void drain() noexcept { state_->drain(); }

    [[nodiscard]] bool draining() const noexcept { return state_->draining(); }

    /// Returns how many answers are held now.
    [[nodiscard]] std::size_t held() const noexcept {
        return state_->holder() != nullptr ? state_->holder()->size() : 0;
    }

    /// Returns the etag of the schema that is served now, without quotes.
    [[nodiscard]] std::string etag() const { return state_->etag(); }

    [[nodiscard]] const std::string& path() const noexcept { return state_->path(); }

    /// Called after each response, on the threads of the server, possibly on several at once. Its
    /// exceptions are ignored, because the response is on its way.
    void on_answer(detail::unique_function<void(const route_answer&)> callback) {
        state_->on_answer(std::move(callback));
    }

private:
    std::shared_ptr<detail::schema_route_state> state_;
};

template <typename Server>
basic_schema_route(Server&, route_verifier, schema_hash, std::string_view,
                   schema_route_options = {})
    -> basic_schema_route<typename detail::route_policy<Server>::server_type>;

} // namespace forest::inline FOREST_FORM

#endif
