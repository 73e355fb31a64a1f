// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_POLICY_SIGNER_HPP
#define FOREST_POLICY_SIGNER_HPP

#include <forest/core/fields.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>

#include <concepts>
#include <cstddef>

// Proves the identity of the sender of a request.

namespace forest::inline FOREST_FORM {

/// A signer adds header fields to a request. A model promises what the type system cannot check:
///
/// - the result depends only on the request, the time and the secret;
/// - the secret is in no other place, such as a message, an event or an exception.
///
/// See docs/reference/signer.md; the minimal model is tests/archetypes/signer.hpp.
template <typename T>
concept signer = std::move_constructible<T> &&
                 requires(T& signer, const request& get, wall_time moment, header_fields& fields) {
                     signer.sign(get, moment, fields);
                 };

/// A signer may declare with `static constexpr bool signs_time_alone = true` that its result
/// depends only on the time and the secret, and not on the request. Then a fleet signs once for
/// many requests.
template <typename T>
concept time_signer = signer<T> && T::signs_time_alone;

/// A signer that can write timestamps more precise than milliseconds has a parameter of type
/// `precise_time` instead of `wall_time`.
template <typename T>
concept precise_signer =
    signer<T> && requires(T& signer, const request& get, precise_time moment,
                          header_fields& fields) { signer.sign(get, moment, fields); };

/// Signs with the time `moment`, as precisely as the signer can. Returns whether it has added
/// anything.
template <signer Signer>
bool sign_at(Signer& own, const request& get, precise_time moment, header_fields& fields) {
    const std::size_t before = fields.text().size();
    if constexpr (precise_signer<Signer>)
        own.sign(get, moment, fields);
    else
        own.sign(get, moment.at, fields);
    return fields.text().size() > before;
}

/// The signer for servers that need no signature.
struct unsigned_requests {
    static constexpr bool signs_time_alone = true;

    void sign(const request&, wall_time, header_fields&) const noexcept {}
};

} // namespace forest::inline FOREST_FORM

#endif
