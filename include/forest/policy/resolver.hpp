// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_POLICY_RESOLVER_HPP
#define FOREST_POLICY_RESOLVER_HPP

#include <forest/core/ip_address.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <concepts>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>

// Finds the addresses of a host name.

namespace forest::inline FOREST_FORM {

/// The result of a look-up. Its members are valid during the handler only.
struct resolution {
    /// None, or one of:
    /// - `errc::resolve_failed`: the name service says that the name does not exist or has no
    ///   address;
    /// - `errc::resolver_unavailable`: the name service did not answer, or reported a failure;
    /// - `errc::local_resources_exhausted`: this machine had no memory, thread or descriptor for
    ///   the look-up.
    std::error_code error{};

    /// The addresses, in the order in which they are tried. At least one unless there is an error.
    std::span<const ip_address> addresses{};

    /// How long, from now on, the name service allows the use of the addresses; empty if it gives
    /// no time.
    std::optional<duration> lifetime{};
};

namespace detail {
struct resolution_handler_archetype {
    void operator()(const resolution&) const {}
};
} // namespace detail

/// A resolver looks names up. It needs no cache and no bound on its look-ups: the library begins
/// one look-up of a name at a time, bounds the number of all look-ups, and keeps results. A model
/// promises what the type system cannot check:
///
/// - the handler is called once, never from inside `async_resolve`, on any thread; the handler of a
/// look-up that never ends is not called;
/// - look-ups run at the same time: a look-up that does not end delays no other;
/// - `async_resolve` may be called from any thread, also from a handler; when it throws, the
/// handler is not called;
/// - when the destructor has returned, no handler is running, and none will be called. A handler
/// does not destroy its resolver.
///
/// See docs/reference/resolver.md; the minimal model is tests/archetypes/resolver.hpp.
template <typename T>
concept resolver = std::destructible<T> && requires(T& resolver, std::string_view name,
                                                    detail::resolution_handler_archetype handler) {
    resolver.async_resolve(name, handler);
};

/// A resolver may say which names it finds without a name service, for example in the hosts file.
/// Look-ups of these names do not wait for others. `answers_locally` may be called from any thread.
template <typename T>
concept local_resolver = resolver<T> && requires(T& resolver, std::string_view name) {
    { resolver.answers_locally(name) } noexcept -> std::same_as<bool>;
};

} // namespace forest::inline FOREST_FORM

#endif
