// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_HEALTH_IMPL_JUDGE_IPP
#define FOREST_DETAIL_HEALTH_IMPL_JUDGE_IPP

#include <forest/core/detail/http/first_bytes.hpp>
#include <forest/core/detail/http/http_date.hpp>
#include <forest/core/detail/json/health_document_parser.hpp>
#include <forest/core/detail/logic/hold_fields.hpp>
#include <forest/core/detail/logic/hold_state.hpp>
#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/health_document.hpp>
#include <forest/detail/health/judge.hpp>

#include <chrono>
#include <optional>
#include <string_view>
#include <system_error>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL verdict begin_verdict(const reply& answer, wall_time now, bool& encoded) noexcept {
    verdict result;
    result.status = answer.status;
    result.signature_sent = answer.signature_sent;
    result.timings = answer.timings;
    result.ended_at = now;
    std::optional<std::string_view> date;
    answer.fields.for_each_of(
        "Date", [&](std::string_view value) { date = date ? date : value; }, "Content-Encoding",
        [&](std::string_view value) {
            encoded = encoded || (!value.empty() && !iequals(value, "identity"));
        });
    if (const auto remote = parse_http_date(date.value_or(std::string_view{}))) {
        const auto skew = *remote - std::chrono::floor<std::chrono::seconds>(now);
        if (skew > clock_skew_min || skew < -clock_skew_min)
            result.clock_skew = skew;
    }
    return result;
}

FOREST_DECL verdict judge(const reply& answer, wall_time now) noexcept {
    bool encoded = false;
    verdict result = begin_verdict(answer, now, encoded);
    const std::error_code malformed = encoded ? make_error_code(errc::unsupported_encoding)
                                              : parse_health_document(answer.body, result.document);

    using state = health_document::state;
    if (const auto complaint = protocol_complaint(answer.status, answer.body))
        result.error = *complaint;
    else if (answer.status == 401 || answer.status == 403)
        result.error = errc::unauthorized;
    else if (answer.status == 503 && !malformed && result.document.status == state::stopping)
        result.error = errc::stopping;
    else if (answer.status < 200 || answer.status > 299)
        result.error = errc::unexpected_status;
    else if (malformed)
        result.error = malformed;
    else if (result.document.status != state::ok)
        result.error = errc::not_ok;
    if (answer.error && result.error != errc::unauthorized)
        result.error = answer.error;
    return result;
}

FOREST_DECL hold_seconds offer_of(const reply& answer, const verdict& result) noexcept {
    const auto offer = result.healthy() ? hold_offer(answer.fields) : std::nullopt;
    return std::chrono::duration_cast<hold_seconds>(offer.value_or(std::chrono::seconds{}));
}

FOREST_DECL std::error_code common_error(const reply& answer, bool expected) noexcept {
    if (!expected && (answer.status == 401 || answer.status == 403)) {
        const auto complaint = protocol_complaint(answer.status, answer.body);
        return complaint ? *complaint : errc::unauthorized;
    }
    if (answer.error)
        return answer.error;
    if (const auto complaint = protocol_complaint(answer.status, answer.body);
        complaint && !expected)
        return *complaint;
    return {};
}

} // namespace forest::inline FOREST_FORM::detail

#endif
