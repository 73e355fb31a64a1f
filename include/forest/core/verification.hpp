// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_VERIFICATION_HPP
#define FOREST_CORE_VERIFICATION_HPP

#include <forest/form.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

// The decision of a verifier about a request. The reason is for the log of the server: a stranger
// must not learn what was wrong.

namespace forest::inline FOREST_FORM {

/// Why a request was not accepted.
enum class refusal : std::uint8_t {
    none, ///< it was accepted
    unspecified,
    undecided, ///< the verifier threw
    signature_missing,
    fields_conflict,
    timestamp_malformed,
    timestamp_is_http_date,
    timestamp_outside,
    signature_wrong,
    replayed,
};

/// The identifier of a refusal, for logs: `"replayed"`. Empty for `none`.
[[nodiscard]] constexpr std::string_view name(refusal why) noexcept {
    switch (why) {
    case refusal::none: return {};
    case refusal::unspecified: return "unspecified";
    case refusal::undecided: return "undecided";
    case refusal::signature_missing: return "signature_missing";
    case refusal::fields_conflict: return "fields_conflict";
    case refusal::timestamp_malformed: return "timestamp_malformed";
    case refusal::timestamp_is_http_date: return "timestamp_is_http_date";
    case refusal::timestamp_outside: return "timestamp_outside";
    case refusal::signature_wrong: return "signature_wrong";
    case refusal::replayed: return "replayed";
    }
    return {};
}

/// Returns a sentence for a human reader: what was wrong, and what to do. Empty for `none`.
[[nodiscard]] constexpr std::string_view explanation(refusal why) noexcept {
    switch (why) {
    case refusal::none: return {};
    case refusal::unspecified: return "the verifier refused the request";
    case refusal::undecided: return "the verifier threw an exception";
    case refusal::signature_missing:
        return "the request has no timestamp or no signature; does the client have the secret, "
               "or does a proxy "
               "drop field names with underscores?";
    case refusal::fields_conflict:
        return "the timestamp or the signature came twice; a client sends one spelling of the "
               "names";
    case refusal::timestamp_malformed:
        return "the timestamp is not of the form 2025-12-09T12:00:00.000Z";
    case refusal::timestamp_is_http_date:
        return "the timestamp is an HTTP date; verifier_options::accept_http_dates accepts those";
    case refusal::timestamp_outside:
        return "the timestamp is too far from this clock; check both clocks";
    case refusal::signature_wrong:
        return "the signature does not belong to the timestamp; check the secret on both sides";
    case refusal::replayed:
        return "the signature was accepted before; it is a replay, or two clients with one secret "
               "signed the same moment, which signer_options::fraction_digits prevents";
    }
    return {};
}

/// The decision of a verifier. Converts from a `bool`, for verifiers that give no reason, and to a
/// `bool`.
struct verification {
    constexpr verification(bool accepted = false) noexcept
        : why{accepted ? refusal::none : refusal::unspecified} {}
    constexpr verification(refusal reason, std::chrono::seconds difference = {}) noexcept
        : why{reason}, skew{difference} {}

    [[nodiscard]] constexpr operator bool() const noexcept { return why == refusal::none; }

    refusal why;
    std::chrono::seconds skew{0};  ///< with `timestamp_outside`: the timestamp minus this clock
    bool replay_forgotten = false; ///< another signature was forgotten before its time
};

/// Returns a line for the log: why the request was refused, or what the verifier forgot when it
/// accepted the request. Empty if there is nothing to report.
[[nodiscard]] FOREST_DECL std::string hint(const verification& result);

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/impl/verification.ipp>
#endif

#endif
