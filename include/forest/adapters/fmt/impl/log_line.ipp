// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_FMT_IMPL_LOG_LINE_IPP
#define FOREST_ADAPTERS_FMT_IMPL_LOG_LINE_IPP

#include <forest/adapters/fmt/log_line.hpp>
#include <forest/core/detail/json/utf8.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/schema.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>
#include <system_error>

namespace forest::inline FOREST_FORM {

// Appends to a line.
class log_line::writer {
public:
    explicit writer(log_line& line) noexcept : line_{line} {}

    void append_what(const event& happened);
    void append(std::string_view text) noexcept;

    // Adds foreign text. Control characters, and bytes that are no UTF-8, are written like \x1b.
    void append_foreign(std::string_view text);

private:
    void append_loaded(const event& happened);
    void append_contents(const schema* known);
    void append_success(const event& happened);
    void append_reason(const event& happened);
    void append_missing_route(const event& happened);
    void append_detail(std::string_view detail);

    // The error names the missing resource, unless this process lacked time.
    void append_doubt(const event& happened);

    // A failure counts although the checks before it did not.
    void append_end_of_doubt(const event& happened);

    void append_down(const event& happened);

    // Adds the name of the error with spaces. The message is not used, because it is a sentence and
    // a std::string.
    void append_error(const std::error_code& error, int status);

    void append_skew(const std::optional<std::chrono::seconds>& skew);

    // Adds 12.3s, 2m 5s or 26h 3m 5s: longer durations have less precision.
    void append_duration(duration length);

    // Makes the only call of fmt, because each list of arguments would take its time to compile.
    void append(std::string_view text, long long number);

    [[nodiscard]] std::size_t room() const noexcept { return bytes_max - line_.size_; }

    // C0, DEL and C1, which is U+0080 to U+009F.
    static bool is_control(std::string_view character) noexcept;

    log_line& line_;
};

FOREST_DECL log_line::log_line(const event& happened) {
    writer line{*this};
    line.append(is_of_schema(happened.kind) || happened.schema != nullptr ? "[Schema] "
                                                                          : "[Health Check] ");
    line.append_foreign(happened.target);
    line.append(": ");
    line.append_what(happened);
}

FOREST_DECL void log_line::writer::append(std::string_view text) noexcept {
    text = text.substr(0, room());
    std::copy(text.begin(), text.end(), line_.bytes_.data() + line_.size_);
    line_.size_ += text.size();
}

FOREST_DECL void log_line::writer::append(std::string_view text, long long number) {
    append(text);
    char digits[24]; // more than any number takes
    append({digits,
            fmt::vformat_to_n(digits, sizeof digits, "{}", fmt::make_format_args(number)).size});
}

FOREST_DECL void log_line::writer::append_what(const event& happened) {
    switch (happened.kind) {
    case event_kind::started: return append("polling started");
    case event_kind::check_started: append("check ", happened.attempt); return append(" begins");
    case event_kind::check_succeeded: return append_success(happened);
    case event_kind::check_failed:
        append("check failed (", happened.failures);
        if (happened.failures <= happened.failure_threshold) {
            append("/", happened.failure_threshold);
            append(")");
        } else {
            append(" in a row)");
        }
        append_reason(happened);
        return append_end_of_doubt(happened);
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
    case event_kind::server_degraded: return append("server is degraded, it reports a warning");
    case event_kind::degraded_ended: return append("server is degraded no more");
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
        if (happened.check != nullptr) {
            append(" (HTTP ", happened.check->status);
            append(")");
        }
        return append_detail(happened.detail);
    }
}

FOREST_DECL void log_line::writer::append_loaded(const event& happened) {
    if (happened.source == schema_source::none)
        return append("no schema: it could not be fetched, and there is no introspection");
    if (happened.source == schema_source::server)
        append("schema loaded");
    else
        append("schema taken from the introspection");
    append_contents(happened.schema);
}

FOREST_DECL void log_line::writer::append_contents(const schema* known) {
    if (known == nullptr)
        return;
    const std::size_t count = known->collections().size();
    append(" (", static_cast<long long>(count));
    append(count == 1 ? " collection" : " collections");
    if (!known->etag().empty()) {
        append(", etag ");
        append_foreign(known->etag());
    }
    append(")");
}

FOREST_DECL void log_line::writer::append_success(const event& happened) {
    append("check succeeded");
    if (happened.check == nullptr)
        return;
    if (happened.check->degraded)
        append(" with a warning");
    if (!happened.check->version().empty()) {
        append(" (version ");
        append_foreign(happened.check->version());
        append(")");
    }
    append_skew(happened.check->clock_skew);
}

FOREST_DECL void log_line::writer::append_reason(const event& happened) {
    const verdict* const check = happened.check;
    if (check == nullptr)
        return;
    append(": ");
    append_error(check->error, check->status);
    if (check->error == errc::unauthorized)
        append(check->signature_sent ? ", a signature was sent" : ", no signature was sent");
    append_missing_route(happened);
    append_skew(check->clock_skew);
}

FOREST_DECL void log_line::writer::append_missing_route(const event& happened) {
    const std::string_view hint = missing_route_hint(happened);
    if (hint.empty())
        return;
    append("; the server has no ");
    append_foreign(happened.path.empty() ? "such route" : happened.path);
    append_detail(hint);
}

FOREST_DECL void log_line::writer::append_detail(std::string_view detail) {
    if (detail.empty())
        return;
    append(": ");
    append_foreign(detail);
}

FOREST_DECL void log_line::writer::append_doubt(const event& happened) {
    const std::error_code error = happened.check ? happened.check->error : std::error_code{};
    for (const errc lacking :
         {errc::resolver_unavailable, errc::local_resources_exhausted, errc::probe_failed})
        if (error == lacking) {
            append("check inconclusive");
            append_reason(happened);
            append(": ");
            return append(explanation(lacking));
        }
    append("check inconclusive, this process was stalled");
    append_reason(happened);
}

FOREST_DECL void log_line::writer::append_end_of_doubt(const event& happened) {
    if (happened.doubts == 0)
        return;
    append("; it counts, because ", happened.doubts);
    append(" checks before it were inconclusive");
}

FOREST_DECL void log_line::writer::append_down(const event& happened) {
    append("server is down");
    if (happened.outage == nullptr)
        return;
    const outage& outage = *happened.outage;
    append(" (after ", outage.failures);
    append(outage.failures == 1 ? " failure, " : " failures, ");
    append_error(outage.last_error, outage.last_status);
    // An earlier refusal may be the cause, even if the last failure looks different (B11).
    if (outage.unauthorized && outage.last_error != errc::unauthorized)
        append(", unauthorized before");
    append(")");
    if (outage.last_error.category() == error_category()) {
        append(": ");
        append(explanation(errc{outage.last_error.value()}, outage.signature_sent));
    }
    append_missing_route(happened);
    append_skew(outage.clock_skew);
}

FOREST_DECL void log_line::writer::append_error(const std::error_code& error, int status) {
    for (const char byte : name(error))
        append(std::string_view{byte == '_' ? " " : &byte, 1});
    if (error.category() != error_category())
        append(" error ", error.value());
    if (status != 0)
        append(", HTTP ", status);
}

FOREST_DECL void log_line::writer::append_skew(const std::optional<std::chrono::seconds>& skew) {
    if (!skew)
        return;
    const auto seconds = skew->count();
    append("; the server's clock is ", seconds < 0 ? -seconds : seconds);
    append(seconds < 0 ? " s behind" : " s ahead");
}

FOREST_DECL void log_line::writer::append_duration(duration length) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(length);
    const auto minutes = std::chrono::floor<std::chrono::minutes>(length);
    const auto hours = std::chrono::floor<std::chrono::hours>(length);
    if (minutes.count() == 0) {
        append({}, seconds.count());
        append(".", (length - seconds) / std::chrono::milliseconds{100});
        return append("s");
    }
    if (hours.count() == 0) {
        append({}, minutes.count());
    } else {
        append({}, hours.count());
        append("h ", (minutes - hours).count());
    }
    append("m ", (seconds - minutes).count());
    append("s");
}

FOREST_DECL void log_line::writer::append_foreign(std::string_view text) {
    // Text beyond the end of the line need not be read.
    text = text.substr(0, bytes_max);
    while (!text.empty()) {
        const detail::utf8_prefix character = detail::read_utf8(text);
        const std::string_view bytes = text.substr(0, character.size);
        text.remove_prefix(character.size);
        if (character.size > room())
            return; // A character must not be cut.
        if (character.valid && !is_control(bytes)) {
            append(bytes);
        } else {
            for (const char byte : bytes) {
                constexpr std::string_view digits = "0123456789abcdef";
                const auto value = static_cast<unsigned char>(byte);
                append("\\x");
                append(digits.substr(value / 16U, 1));
                append(digits.substr(value % 16U, 1));
            }
        }
    }
}

FOREST_DECL bool log_line::writer::is_control(std::string_view character) noexcept {
    const auto lead = static_cast<unsigned char>(character.front());
    if (character.size() == 1)
        return lead < 0x20 || lead == 0x7f;
    return lead == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
}

} // namespace forest::inline FOREST_FORM

#endif
