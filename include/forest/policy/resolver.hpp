// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_POLICY_RESOLVER_HPP
#define FOREST_POLICY_RESOLVER_HPP

#include <forest/core/ip_address.hpp>
#include <forest/core/time.hpp>

#include <concepts>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>

// What finds the addresses of a host name.

namespace forest {

/// How a look-up ended. Everything in it is valid during the handler only.
struct resolution {
    /// None, or one of:
    /// - `errc::resolve_failed`: the name service says that the name does not exist or has no
    ///   address;
    /// - `errc::resolver_unavailable`: the name service did not answer, or could not;
    /// - `errc::local_resources_exhausted`: this machine had no memory, thread or descriptor for
    ///   the look-up.
    std::error_code error{};

    /// In the order in which they are to be tried. At least one unless there is an error.
    std::span<const ip_address> addresses{};

    /// How long the name service allows to use the addresses, from now on; empty if it does not
    /// say.
    std::optional<duration> lifetime{};
};

namespace detail {
struct resolution_handler_archetype {
    void operator()(const resolution&) const {}
};
} // namespace detail

/// A resolver looks names up. It needs neither a cache nor a bound on look-ups that run at a time:
/// the library asks for a name once at a time, for few names at a time, and keeps the answers. What
/// the type system cannot check, a model promises:
///
/// - the handler is called once, never from inside `async_resolve`, on any thread; only for a
/// look-up that never ends it is not called;
/// - look-ups run side by side: one that does not end delays no other;
/// - `async_resolve` may be called from any thread, also from a handler; one that throws does not
/// call the handler;
/// - when the destructor has returned, no handler is running, and none will be called. A handler
/// does not destroy its resolver.
///
/// See docs/reference/resolver.md; the minimal model is tests/archetypes/resolver.hpp.
template <typename T>
concept resolver = std::destructible<T> && requires(T& resolver, std::string_view name,
                                                    detail::resolution_handler_archetype handler) {
    resolver.async_resolve(name, handler);
};

/// A resolver may say which names it answers without asking a name service, from the hosts file for
/// example. Look-ups of these do not wait behind others. May be called from any thread.
template <typename T>
concept local_resolver = resolver<T> && requires(T& resolver, std::string_view name) {
    { resolver.answers_locally(name) } noexcept -> std::same_as<bool>;
};

} // namespace forest

#endif
