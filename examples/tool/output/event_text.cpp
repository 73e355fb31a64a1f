// SPDX-License-Identifier: BSL-1.0
#include "event_text.hpp"

#include "text.hpp"

#include <forest/core/schema.hpp>
#include <forest/core/url.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <system_error>

namespace forest::cli {

namespace {

std::string skew_text(std::chrono::seconds skew) {
    const bool ahead = skew > std::chrono::seconds::zero();
    return fmt::format("the server's clock is {} {} this machine's", readable(ahead ? skew : -skew),
                       ahead ? "ahead of" : "behind");
}

std::string error_text(const std::error_code& error, int status, bool signature_sent) {
    const std::string_view code = name(error);
    const std::string sentence = error == errc::unauthorized
                                     ? std::string{explanation(errc::unauthorized, signature_sent)}
                                     : error.message();
    return status == 0 ? fmt::format("{}: {}", code, sentence)
                       : fmt::format("{}: {} (HTTP {})", code, sentence, status);
}

std::string down_text(const outage& record) {
    std::string text =
        fmt::format("after {} failure{}, the first at {}: {}", record.failures,
                    record.failures == 1 ? "" : "s", utc(record.first_failure),
                    error_text(record.last_error, record.last_status, record.signature_sent));
    if (record.clock_skew)
        text += "; " + skew_text(*record.clock_skew);
    return text;
}

std::string up_text(const event& happened) {
    std::string text = "after " + readable(happened.outage->ended_after.value_or(duration::zero()));
    if (happened.check != nullptr)
        text += ", " + success_text(happened.target, *happened.check);
    return text;
}

std::string schema_text(const schema& known) {
    std::string text = fmt::format("{} collection{}", known.collections().size(),
                                   known.collections().size() == 1 ? "" : "s");
    if (!known.etag().empty())
        text += ", etag " + ascii_escape(known.etag());
    return text;
}

std::string loaded_text(const event& happened) {
    const std::string text = schema_text(*happened.schema);
    switch (happened.source) {
    case schema_source::server: return text;
    case schema_source::introspection: return "from the introspection: " + text;
    case schema_source::none: return "from nowhere: there is no introspection";
    }
    return text;
}

// Returns why a failure says nothing about the server.
std::string_view undecided_by(const std::error_code& error) noexcept {
    return is_inconclusive(error) ? "this machine could not check" : "this process was stalled";
}

// A hint about a path that the server does not have.
std::string route_text(const event& happened) {
    const std::string_view hint = missing_route_hint(happened);
    return hint.empty()
               ? std::string{}
               : fmt::format("; the server has no {}: {}", ascii_escape(happened.path), hint);
}

// Returns why a failure counts although those before it did not.
std::string end_of_doubt(const event& happened) {
    return happened.doubts == 0
               ? std::string{}
               : fmt::format("; it counts, because {} checks before it were inconclusive",
                             happened.doubts);
}

struct words {
    std::string_view label;
    std::string_view colour;
    std::string detail;
};

words words_for(const event& happened) {
    switch (happened.kind) {
    case event_kind::check_succeeded:
        return {"ok", colour::good, success_text(happened.target, *happened.check)};
    case event_kind::check_failed:
        return {"failed", colour::doubtful,
                fmt::format("{}/{} {}{}{}", happened.failures, happened.failure_threshold,
                            failure_text(*happened.check), route_text(happened),
                            end_of_doubt(happened))};
    case event_kind::check_inconclusive:
        return {"unsure", colour::doubtful,
                std::string{undecided_by(happened.check->error)} +
                    ", so the failure does not count: " + failure_text(*happened.check)};
    case event_kind::server_down:
        return {"DOWN", colour::bad, down_text(*happened.outage) + route_text(happened)};
    case event_kind::server_up: return {"UP", colour::good, up_text(happened)};
    case event_kind::server_degraded:
        return {"DEGRADE", colour::doubtful, success_text(happened.target, *happened.check)};
    case event_kind::degraded_ended:
        return {"WELL", colour::good, success_text(happened.target, *happened.check)};
    case event_kind::callback_failed: return {"DEFECT", colour::bad, ascii_escape(happened.detail)};
    case event_kind::schema_loaded:
        return {"schema",
                happened.source == schema_source::server ? colour::good : colour::doubtful,
                "loaded " + loaded_text(happened)};
    case event_kind::schema_unchanged:
        return {"schema", colour::faint,
                "unchanged, " + schema_text(*happened.schema) +
                    (happened.detail.empty() ? "" : "; ") + std::string{happened.detail}};
    case event_kind::schema_reloaded:
        return {"RELOAD", colour::good, schema_text(*happened.schema)};
    case event_kind::schema_failed:
        return {"schema", colour::doubtful,
                "failed " + failure_text(*happened.check) + route_text(happened)};
    case event_kind::health_route_missing:
        return {"NOROUTE", colour::doubtful,
                fmt::format("the server has no {} (HTTP {}): {}", ascii_escape(happened.path),
                            happened.check->status, happened.detail)};
    default: return {name(happened.kind), colour::faint, {}};
    }
}

void add_phase(std::string& text, std::string_view name, const std::optional<duration>& phase) {
    if (phase)
        fmt::format_to(std::back_inserter(text), "{}{} {}", text.empty() ? "" : ", ", name,
                       readable(*phase));
}

std::string phases_text(const phase_timings& timings) {
    std::string text;
    add_phase(text, "resolve", timings.resolve);
    add_phase(text, "connect", timings.connect);
    add_phase(text, "TLS", timings.tls);
    add_phase(text, "first byte", timings.first_byte);
    add_phase(text, "held", timings.held);
    return text;
}

} // namespace

bool is_inconclusive(const std::error_code& error) noexcept {
    return error == errc::local_resources_exhausted || error == errc::resolver_unavailable ||
           error == errc::probe_failed;
}

bool has_status(std::string_view target, const verdict& result) {
    url asked;
    return result.status != 0 && !(!url::parse(target, asked) && asked.scheme() == url_scheme::tcp);
}

std::string success_text(std::string_view target, const verdict& result) {
    std::string text = has_status(target, result) ? std::to_string(result.status) : "connected";
    if (result.degraded)
        text += " with a warning";
    if (!result.version().empty())
        text += ", version " + ascii_escape(result.version());
    if (result.timings.total)
        text += ", " + readable(*result.timings.total);
    if (result.clock_skew)
        text += ", " + skew_text(*result.clock_skew);
    return text;
}

std::string failure_text(const verdict& result) {
    std::string text = error_text(result.error, result.status, result.signature_sent);
    if (result.clock_skew)
        text += "; " + skew_text(*result.clock_skew);
    return text;
}

// Single checks are many, transitions few.
bool ends_a_check(event_kind kind) noexcept {
    return kind == event_kind::check_succeeded || kind == event_kind::check_failed ||
           kind == event_kind::check_inconclusive;
}

bool is_printed(const event& happened, bool verbose) noexcept {
    if (ends_a_check(happened.kind))
        return verbose || begins_doubt(happened);
    return happened.kind != event_kind::check_started && happened.kind != event_kind::stopping;
}

std::string event_text(const event& happened, wall_time now, const terminal& out,
                       const ongoing_outage* down) {
    words said = words_for(happened);
    if (down != nullptr)
        said.detail = fmt::format("down for {} so far, since {}", readable(down->so_far),
                                  utc(down->first_failure));
    return fmt::format("{} {} {}{}{}\n", out.coloured(colour::faint, utc(now)),
                       out.coloured(said.colour, fmt::format("{:<7}", said.label)), happened.target,
                       said.detail.empty() ? "" : "  ", said.detail);
}

std::string notice_text(wall_time now, std::string_view label, std::string_view sentence,
                        const terminal& out) {
    return fmt::format("{} {} {}\n", out.coloured(colour::faint, utc(now)),
                       out.coloured(colour::faint, fmt::format("{:<7}", label)), sentence);
}

std::string omitted_text(const left_out& gap, const terminal& out) {
    const std::string_view plural = gap.events == 1 ? "" : "s";
    const std::string what = gap.target.empty() ? fmt::format("{} event{}", gap.events, plural)
                                                : fmt::format("{}  {} change{} between down and up",
                                                              gap.target, gap.events, plural);
    return notice_text(gap.first, "omitted",
                       fmt::format("{} until {}: nobody read this output", what, utc(gap.last)),
                       out);
}

std::string verdict_text(std::string_view target, const verdict& result, const terminal& out) {
    const bool undecided = is_inconclusive(result.error);
    std::string text = out.coloured(result.healthy() ? colour::good
                                    : undecided      ? colour::doubtful
                                                     : colour::bad,
                                    result.degraded    ? "degraded"
                                    : result.healthy() ? "healthy"
                                    : undecided        ? "not checked"
                                                       : "unhealthy");
    text += fmt::format("  {}\n", target);
    const auto add_line = [&](std::string_view label, std::string_view value) {
        fmt::format_to(std::back_inserter(text), "  {:<8} {}\n", label, value);
    };
    if (!result.healthy())
        add_line("error", error_text(result.error, 0, result.signature_sent));
    if (has_status(target, result))
        add_line("status", fmt::format("{}", result.status));
    if (!result.version().empty())
        add_line("version", ascii_escape(result.version()));
    if (result.timings.total) {
        const std::string phases = phases_text(result.timings);
        add_line("took", phases.empty()
                             ? readable(*result.timings.total)
                             : fmt::format("{} ({})", readable(*result.timings.total), phases));
    }
    if (result.clock_skew)
        add_line("clock", skew_text(*result.clock_skew));
    url asked;
    (void)url::parse(target, asked); // It is valid, because it was checked.
    event checked;
    checked.check = &result;
    checked.path = asked.target();
    if (const std::string_view hint = missing_route_hint(checked); !hint.empty())
        add_line("hint", fmt::format("the server has no {}: {}", ascii_escape(checked.path), hint));
    return text;
}

} // namespace forest::cli
