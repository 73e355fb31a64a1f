// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_IMPL_EVENT_IPP
#define FOREST_CORE_IMPL_EVENT_IPP

#include <forest/core/error.hpp>
#include <forest/core/event.hpp>

namespace forest::inline FOREST_FORM {

FOREST_DECL bool begins_doubt(const event& happened) noexcept {
    return happened.kind == event_kind::check_inconclusive && happened.check != nullptr &&
           happened.check->error == errc::resolver_unavailable && happened.doubts <= 1;
}

FOREST_DECL std::string_view missing_route_hint(const event& happened) noexcept {
    if (happened.check == nullptr || happened.check->error != errc::unexpected_status ||
        !is_route_missing(happened.check->status))
        return {};
    if (happened.path.ends_with("/rpc-schema"))
        return "check the URL, and that an agent answers there";
    if (!happened.path.empty() && !happened.path.ends_with("/health"))
        return "check the URL, or serve that route";
    return "check the URL, or serve that route; no Ruby or Node agent has a health route yet, but "
           "a datasource (master) can poll the schema of such an agent instead";
}

FOREST_DECL severity severity_of(const event& happened) noexcept {
    switch (happened.kind) {
    case event_kind::check_failed: {
        // Above the threshold the target is down, even if `during_outage` is false.
        if (happened.during_outage || happened.failures > happened.failure_threshold)
            return severity::debug;
        const std::error_code error = happened.check ? happened.check->error : std::error_code{};
        const bool routine = error == errc::connection_lost || error == errc::connection_refused ||
                             error == errc::timed_out;
        return routine && happened.failures < happened.failure_threshold ? severity::debug
                                                                         : severity::warning;
    }
    case event_kind::check_inconclusive: // No other event reports this problem of the name service.
        return begins_doubt(happened) ? severity::warning : severity::debug;
    case event_kind::server_down:
    case event_kind::server_degraded: return severity::warning;
    case event_kind::server_up:
    case event_kind::degraded_ended:
    case event_kind::schema_reloaded: return severity::info;
    case event_kind::schema_loaded:
        return happened.source == schema_source::server ? severity::info : severity::warning;
    case event_kind::schema_failed:
        return happened.during_outage ? severity::debug : severity::warning;
    case event_kind::health_route_missing: return severity::warning;
    case event_kind::callback_failed: return severity::error;
    default: return severity::debug;
    }
}

} // namespace forest::inline FOREST_FORM

#endif
