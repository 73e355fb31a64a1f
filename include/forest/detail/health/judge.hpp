// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_HEALTH_JUDGE_HPP
#define FOREST_DETAIL_HEALTH_JUDGE_HPP

#include <forest/core/detail/logic/hold_state.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>

// A pure function that decides what a reply means (B5: healthy or not, B9: an announced stop, B11:
// a refused signature).

namespace forest::inline FOREST_FORM::detail {

/// Returns the verdict on a reply that came at `now` of the wall clock. `now` is compared with the
/// `Date` of the reply. A refused signature is reported as such even if the rest of the reply could
/// not be read (B11).
[[nodiscard]] FOREST_DECL verdict judge(const reply& answer, wall_time now) noexcept;

/// Returns for how long the server offers to hold the next answer (B43): 0 if it does not, or if
/// this answer is not healthy.
[[nodiscard]] FOREST_DECL hold_seconds offer_of(const reply& answer,
                                                const verdict& result) noexcept;

/// Returns what a verdict has with every probe, without an error. Sets `encoded` if the body has a
/// content coding.
[[nodiscard]] FOREST_DECL verdict begin_verdict(const reply& answer, wall_time now,
                                                bool& encoded) noexcept;

/// Returns the error that a reply has with every probe. `expected`: the status is one that the
/// probe expects, and so no refusal. No error if the probe has to decide.
[[nodiscard]] FOREST_DECL std::error_code common_error(const reply& answer, bool expected) noexcept;

/// Returns the verdict on a reply. `decide(verdict)` returns the error of a complete answer, and
/// may set members of the verdict. `reads_body`: it cannot decide about an encoded body.
template <typename Decide>
[[nodiscard]] verdict judge_with(const reply& answer, wall_time now, const Decide& decide,
                                 bool expected = false, bool reads_body = true) noexcept {
    bool encoded = false;
    verdict result = begin_verdict(answer, now, encoded);
    result.error = common_error(answer, expected);
    if (result.error)
        return result;
    result.error = decide(result);
    if (encoded && reads_body && result.error != errc::unexpected_status)
        result.error = errc::unsupported_encoding;
    result.degraded = result.degraded && !result.error;
    return result;
}

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/detail/health/impl/judge.ipp>
#endif

#endif
