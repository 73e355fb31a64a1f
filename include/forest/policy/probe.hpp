// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_POLICY_PROBE_HPP
#define FOREST_POLICY_PROBE_HPP

#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>

#include <concepts>

// What a check asks, and what the answer means. The models of the library are in
// forest/probes.hpp.

namespace forest::inline FOREST_FORM {

/// A probe completes the request of a check, and judges its reply. A model promises what the type
/// system cannot check:
///
/// - `prepare(get)` sets all that this probe needs in a request whose target is that of the client
///   or fleet, and does not change the target. The same request may come again: its header fields
///   are then empty, and its other members are as the probe has left them. The signature is added
///   afterwards, and covers what a signer reads of the request;
/// - `judge(answer, now)` returns the verdict on a reply that came at `now` of the wall clock. Its
///   members `status`, `signature_sent`, `timings` and `ended_at` come from its arguments;
/// - one probe serves all checks of its client or fleet, on the clock's execution context.
///
/// A probe that needs more than a GET says so with a constant: `static constexpr
/// forest::transport_abilities needs{.methods = true};`.
///
/// See docs/reference/probe.md; the minimal model is tests/archetypes/probe.hpp.
template <typename T>
concept probe = std::copy_constructible<T> &&
                requires(const T& probe, request& get, const reply& answer, wall_time now) {
                    probe.prepare(get);
                    { probe.judge(answer, now) } noexcept -> std::same_as<verdict>;
                };

/// What the probe `T` needs of a transport besides a GET.
template <typename T>
inline constexpr transport_abilities needs_of = [] {
    if constexpr (requires { T::needs; })
        return transport_abilities{T::needs};
    else
        return transport_abilities{};
}();

namespace detail {

/// Refuses a type that is no probe, and a probe that needs more than the transport can do.
template <typename Probe, typename Transport>
struct probe_fits {
    static_assert(probe<Probe>, "a probe has void prepare(forest::request&) const, and "
                                "forest::verdict judge(const forest::reply&, forest::wall_time) "
                                "const noexcept: is one of them missing or misspelt?");
    static_assert(!needs_of<Probe>.methods || abilities_of<Transport>.methods,
                  "this probe sends another method than GET, and this transport cannot: its "
                  "constant abilities does not have .methods = true");
    static_assert(!needs_of<Probe>.bodies || abilities_of<Transport>.bodies,
                  "this probe sends a body, and this transport cannot: its constant abilities does "
                  "not have .bodies = true");
    static_assert(!needs_of<Probe>.trailers || abilities_of<Transport>.trailers,
                  "this probe reads trailers, and this transport has none: its constant abilities "
                  "does not have .trailers = true");
    static constexpr bool value = true;
};

} // namespace detail

} // namespace forest::inline FOREST_FORM

#endif
