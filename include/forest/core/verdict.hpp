// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_VERDICT_HPP
#define FOREST_CORE_VERDICT_HPP

#include <forest/core/error.hpp>
#include <forest/core/health_document.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <chrono>
#include <optional>
#include <string_view>
#include <system_error>

// The result of one check (B5: healthy, or an error).

namespace forest::inline FOREST_FORM {

/// How long each phase of a check took; empty for a phase that did not happen.
struct phase_timings {
    std::optional<duration> resolve{};
    std::optional<duration> connect{};
    std::optional<duration> tls{};
    std::optional<duration> first_byte{}; ///< from the request sent to the first byte of the answer
    /// From the request sent to the first byte of the answer, or to the end, of a check that the
    /// server was allowed to hold (B50). Such a check has no `first_byte`.
    std::optional<duration> held{};
    std::optional<duration> total{}; ///< without `held`
};

/// The result of one check. Trivially copyable, so that it can be kept after the check.
struct verdict {
    std::error_code error{};     ///< none: healthy; otherwise one `errc` (B5)
    int status = 0;              ///< HTTP status; 0 when no answer came
    bool signature_sent = false; ///< the request was signed
    bool degraded = false;       ///< the server is healthy, but warns: see the probe `health_json`
    phase_timings timings{};
    std::optional<std::chrono::seconds>
        clock_skew{};           ///< server minus local clock, when over `clock_skew_min`
    wall_time ended_at{};       ///< the local wall clock when the check ended
    health_document document{}; ///< the content of the body

    [[nodiscard]] bool healthy() const noexcept { return !error; }
    [[nodiscard]] std::string_view version() const noexcept { return document.version(); }
};

/// Returns the error that is reported when a failed check counts. If the name service has not
/// replied for too many checks in a row (B12: the next one counts), this is `resolve_failed`.
[[nodiscard]] FOREST_DECL std::error_code counted_error(std::error_code error) noexcept;

namespace detail {

/// Makes the times of a check that could be held: the wait for the answer is no latency (B50).
FOREST_DECL void mark_held(phase_timings& timings) noexcept;

} // namespace detail

/// Returns the error that is reported when a check is inconclusive. If it has none, it is a held
/// check whose healthy answer was read too late: `held_answer_late` (B49).
[[nodiscard]] FOREST_DECL std::error_code doubtful_error(std::error_code error) noexcept;

/// Returns whether the status means that the server has no such route.
[[nodiscard]] constexpr bool is_route_missing(int status) noexcept {
    return status == 404 || status == 405;
}

/// Larger differences between two clocks are reported; smaller ones come from the network and from
/// rounding.
inline constexpr std::chrono::seconds clock_skew_min{30};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/impl/verdict.ipp>
#endif

#endif
