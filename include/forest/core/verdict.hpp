// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_VERDICT_HPP
#define FOREST_CORE_VERDICT_HPP

#include <forest/core/detail/http/first_bytes.hpp>
#include <forest/core/detail/http/http_date.hpp>
#include <forest/core/detail/json/health_document.hpp>
#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/time.hpp>

#include <chrono>
#include <optional>
#include <string_view>
#include <system_error>

// What one answer means (B5, B9, B11): a pure function from the parsed answer to a value.

namespace forest {

/// How long each phase of a check took; empty for a phase that did not happen.
struct phase_timings {
    std::optional<duration> resolve{};
    std::optional<duration> connect{};
    std::optional<duration> tls{};
    std::optional<duration> first_byte{}; ///< from the request sent to the first byte of the answer
    std::optional<duration> total{};
};

/// The result of one check. Trivially copyable, so that it can be kept for as long as anyone likes.
struct verdict {
    std::error_code error{};     ///< none: healthy; otherwise one `errc` (B5)
    int status = 0;              ///< HTTP status; 0 when no answer came
    bool signature_sent = false; ///< the request was signed
    phase_timings timings{};
    std::optional<std::chrono::seconds>
        clock_skew{};                   ///< server minus local clock, when over `clock_skew_min`
    wall_time ended_at{};               ///< the local wall clock when the check ended
    detail::health_document document{}; ///< what the body said; `version()` among it

    [[nodiscard]] bool healthy() const noexcept { return !error; }
    [[nodiscard]] std::string_view version() const noexcept { return document.version(); }
};

/// As what the error of a failed check counts: a name service that has not answered too often in a
/// row (B12) counts as a name without an address.
[[nodiscard]] inline std::error_code counted_error(std::error_code error) noexcept {
    return error == errc::resolver_unavailable ? make_error_code(errc::resolve_failed) : error;
}

/// Whether a server that answers so has no such route.
[[nodiscard]] constexpr bool is_route_missing(int status) noexcept {
    return status == 404 || status == 405;
}

/// A difference between two clocks that is reported: smaller ones are the network's and rounding's.
inline constexpr std::chrono::seconds clock_skew_min{30};

/// Judges a complete answer. `local` is the wall clock when
/// the answer came, to which its `Date` is compared.
[[nodiscard]] inline verdict judge(int status, const field_view& fields, std::string_view body,
                                   wall_time local) noexcept {
    verdict result;
    result.status = status;
    result.ended_at = local;
    std::optional<std::string_view> date;
    bool encoded = false;
    fields.for_each_of(
        "Date", [&](std::string_view value) { date = date ? date : value; }, "Content-Encoding",
        [&](std::string_view value) {
            encoded = encoded || (!value.empty() && !iequals(value, "identity"));
        });
    if (const auto remote = detail::parse_http_date(date.value_or(std::string_view{}))) {
        const auto skew = *remote - std::chrono::floor<std::chrono::seconds>(local);
        if (skew > clock_skew_min || skew < -clock_skew_min)
            result.clock_skew = skew;
    }
    const std::error_code malformed = encoded ? make_error_code(errc::unsupported_encoding)
                                              : parse_health_document(body, result.document);

    using state = detail::health_document::state;
    if (const auto complaint = detail::protocol_complaint(status, body))
        result.error = *complaint;
    else if (status == 401 || status == 403)
        result.error = errc::unauthorized;
    else if (status == 503 && !malformed && result.document.status == state::stopping)
        result.error = errc::stopping;
    else if (status < 200 || status > 299)
        result.error = errc::unexpected_status;
    else if (malformed)
        result.error = malformed;
    else if (result.document.status != state::ok)
        result.error = errc::not_ok;
    return result;
}

} // namespace forest

#endif
