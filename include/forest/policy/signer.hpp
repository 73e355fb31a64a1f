// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_POLICY_SIGNER_HPP
#define FOREST_POLICY_SIGNER_HPP

#include <forest/core/fields.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/transport.hpp>

#include <concepts>
#include <cstddef>

// What proves to the server who asks.

namespace forest {

/// A signer adds header fields to a request. What the type system cannot check, a model promises:
///
/// - the result depends on the request, the time and the secret alone;
/// - the secret appears nowhere else: in no message, event or exception.
///
/// See docs/reference/signer.md; the minimal model is tests/archetypes/signer.hpp.
template <typename T>
concept signer = std::move_constructible<T> &&
                 requires(T& signer, const request& what, wall_time at, header_fields& fields) {
                     signer.sign(what, at, fields);
                 };

/// A signer whose result depends on the time and the secret alone, and not on the request, says so
/// with `static constexpr bool signs_time_alone = true`: then a fleet signs once for many requests.
template <typename T>
concept time_signer = signer<T> && T::signs_time_alone;

/// A signer that can write more of a timestamp than milliseconds takes a `precise_time` in the
/// place of the `wall_time`.
template <typename T>
concept precise_signer =
    signer<T> && requires(T& signer, const request& what, precise_time at, header_fields& fields) {
        signer.sign(what, at, fields);
    };

/// Has `by` sign at that moment, as precisely as it can. Whether it has added anything.
template <signer Signer>
bool sign_at(Signer& by, const request& what, precise_time at, header_fields& fields) {
    const std::size_t before = fields.text().size();
    if constexpr (precise_signer<Signer>)
        by.sign(what, at, fields);
    else
        by.sign(what, at.at, fields);
    return fields.text().size() > before;
}

/// The signer for servers that ask for none.
struct unsigned_requests {
    static constexpr bool signs_time_alone = true;

    void sign(const request&, wall_time, header_fields&) const noexcept {}
};

} // namespace forest

#endif
