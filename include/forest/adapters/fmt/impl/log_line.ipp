// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_FMT_IMPL_LOG_LINE_IPP
#define FOREST_ADAPTERS_FMT_IMPL_LOG_LINE_IPP

#include <forest/adapters/fmt/log_line.hpp>

namespace forest::inline FOREST_FORM {

FOREST_DECL log_line::log_line(const event& happened) {
    append("[{}] ",
           is_of_schema(happened.kind) || happened.schema != nullptr ? "Schema" : "Health Check");
    append_foreign(happened.target);
    append(": ");
    append_what(happened);
}

FOREST_DECL void log_line::append_what(const event& happened) {
    switch (happened.kind) {
    case event_kind::started: return append("polling started");
    case event_kind::check_started: return append("check {} begins", happened.attempt);
    case event_kind::check_succeeded: return append_success(happened);
    case event_kind::check_failed:
        if (happened.failures <= happened.failure_threshold)
            append("check failed ({}/{})", happened.failures, happened.failure_threshold);
        else
            append("check failed ({} in a row)", happened.failures);
        return append_reason(happened);
    case event_kind::check_inconclusive: return append_doubt(happened);
    case event_kind::server_down: return append_down(happened);
    case event_kind::server_up:
        append("server is back online");
        if (happened.outage && happened.outage->ended_after) {
            append(" (after ");
            append_duration(*happened.outage->ended_after);
            append(")");
        }
        return;
    case event_kind::callback_failed:
        append("callback failed: ");
        return append_foreign(happened.detail);
    case event_kind::stopping: return append("polling stopping");
    case event_kind::stopped: return append("polling stopped");
    case event_kind::schema_loaded: return append_loaded(happened);
    case event_kind::schema_unchanged:
        append("schema unchanged");
        return append_detail(happened.detail);
    case event_kind::schema_reloaded:
        append("schema changed and reloaded");
        return append_contents(happened.schema);
    case event_kind::schema_failed:
        append("schema could not be fetched");
        return append_reason(happened);
    case event_kind::health_route_missing:
        append("the server has no ");
        append_foreign(happened.path.empty() ? "health route" : happened.path);
        if (happened.check != nullptr)
            append(" (HTTP {})", happened.check->status);
        return append_detail(happened.detail);
    }
}

FOREST_DECL void log_line::append_loaded(const event& happened) {
    if (happened.source == schema_source::none)
        return append("no schema: it could not be fetched, and there is no introspection");
    if (happened.source == schema_source::server)
        append("schema loaded");
    else
        append("schema taken from the introspection");
    append_contents(happened.schema);
}

FOREST_DECL void log_line::append_contents(const schema* known) {
    if (known == nullptr)
        return;
    const std::size_t count = known->collections().size();
    append(" ({} collection{}", count, count == 1 ? "" : "s");
    if (!known->etag().empty()) {
        append(", etag ");
        append_foreign(known->etag());
    }
    append(")");
}

FOREST_DECL void log_line::append_success(const event& happened) {
    append("check succeeded");
    if (happened.check == nullptr)
        return;
    if (!happened.check->version().empty()) {
        append(" (version ");
        append_foreign(happened.check->version());
        append(")");
    }
    append_skew(happened.check->clock_skew);
}

FOREST_DECL void log_line::append_reason(const event& happened) {
    const verdict* const check = happened.check;
    if (check == nullptr)
        return;
    append(": ");
    append_error(check->error, check->status);
    if (check->error == errc::unauthorized)
        append(", {} signature was sent", check->signature_sent ? "a" : "no");
    append_missing_route(happened);
    append_skew(check->clock_skew);
}

FOREST_DECL void log_line::append_missing_route(const event& happened) {
    const std::string_view hint = missing_route_hint(happened);
    if (hint.empty())
        return;
    append("; the server has no ");
    append_foreign(happened.path.empty() ? "such route" : happened.path);
    append_detail(hint);
}

FOREST_DECL void log_line::append_detail(std::string_view detail) {
    if (detail.empty())
        return;
    append(": ");
    append_foreign(detail);
}

FOREST_DECL void log_line::append_doubt(const event& happened) {
    const std::error_code error = happened.check ? happened.check->error : std::error_code{};
    for (const errc lacking : {errc::resolver_unavailable, errc::local_resources_exhausted})
        if (error == lacking) {
            append("check inconclusive");
            append_reason(happened);
            return append(": {}", explanation(lacking));
        }
    append("check inconclusive, this process was stalled");
    append_reason(happened);
}

FOREST_DECL void log_line::append_down(const event& happened) {
    append("server is down");
    if (happened.outage == nullptr)
        return;
    const outage& outage = *happened.outage;
    append(" (after {} failure{}, ", outage.failures, outage.failures == 1 ? "" : "s");
    append_error(outage.last_error, outage.last_status);
    // An earlier refusal may be the cause, even if the last failure looks different (B11).
    if (outage.unauthorized && outage.last_error != errc::unauthorized)
        append(", unauthorized before");
    append(")");
    if (outage.last_error.category() == error_category())
        append(": {}", explanation(errc{outage.last_error.value()}, outage.signature_sent));
    append_missing_route(happened);
    append_skew(outage.clock_skew);
}

FOREST_DECL void log_line::append_error(const std::error_code& error, int status) {
    for (const char byte : name(error))
        append("{}", byte == '_' ? ' ' : byte);
    if (error.category() != error_category())
        append(" error {}", error.value());
    if (status != 0)
        append(", HTTP {}", status);
}

FOREST_DECL void log_line::append_skew(const std::optional<std::chrono::seconds>& skew) {
    if (!skew)
        return;
    const auto seconds = skew->count();
    append("; the server's clock is {} s {}", seconds < 0 ? -seconds : seconds,
           seconds < 0 ? "behind" : "ahead");
}

FOREST_DECL void log_line::append_duration(duration length) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(length);
    const auto minutes = std::chrono::floor<std::chrono::minutes>(length);
    const auto hours = std::chrono::floor<std::chrono::hours>(length);
    if (minutes.count() == 0)
        append("{}.{}s", seconds.count(), (length - seconds) / std::chrono::milliseconds{100});
    else if (hours.count() == 0)
        append("{}m {}s", minutes.count(), (seconds - minutes).count());
    else
        append("{}h {}m {}s", hours.count(), (minutes - hours).count(),
               (seconds - minutes).count());
}

FOREST_DECL void log_line::append_foreign(std::string_view text) {
    // Text beyond the end of the line need not be read.
    text = text.substr(0, bytes_max);
    while (!text.empty()) {
        const detail::utf8_prefix character = detail::read_utf8(text);
        const std::string_view bytes = text.substr(0, character.size);
        text.remove_prefix(character.size);
        if (character.size > bytes_max - size_)
            return; // A character must not be cut.
        if (character.valid && !is_control(bytes)) {
            append("{}", bytes);
        } else {
            for (const char byte : bytes)
                append("\\x{:02x}", static_cast<unsigned char>(byte));
        }
    }
}

FOREST_DECL bool log_line::is_control(std::string_view character) noexcept {
    const auto lead = static_cast<unsigned char>(character.front());
    if (character.size() == 1)
        return lead < 0x20 || lead == 0x7f;
    return lead == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
}

} // namespace forest::inline FOREST_FORM

#endif
