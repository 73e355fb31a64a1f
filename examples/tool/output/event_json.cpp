// SPDX-License-Identifier: BSL-1.0
#include "event_json.hpp"

#include "event_text.hpp"
#include "json_line.hpp"
#include "text.hpp"

#include <forest/core/schema.hpp>

#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace forest::cli {

namespace {

void add_check(json_line& line, std::string_view target, const verdict& check) {
    if (has_status(target, check))
        line.add_integer("status", check.status);
    if (!check.version().empty())
        line.add_text("version", check.version());
    if (check.degraded)
        line.add_flag("degraded", true);
    if (check.timings.total)
        line.add_milliseconds("latency_ms", *check.timings.total);
    if (check.timings.held)
        line.add_milliseconds("held_ms", *check.timings.held);
    if (check.clock_skew)
        line.add_integer("clock_skew_s", check.clock_skew->count());
}

void add_schema(json_line& line, const event& happened) {
    if (happened.kind == event_kind::schema_failed)
        return;
    line.add_text("etag", happened.schema->etag());
    line.add_integer("collections", happened.schema->collections().size());
    if (happened.kind == event_kind::schema_loaded)
        line.add_text("source", name(happened.source));
}

void add_error(json_line& line, const std::error_code& error, bool signature_sent) {
    line.add_text("error", name(error));
    if (error == errc::unauthorized)
        line.add_flag("signature_sent", signature_sent);
}

void add_outage(json_line& line, const outage& record) {
    add_error(line, record.last_error, record.signature_sent);
    line.add_integer("failures", record.failures);
    line.add_integer("outage", record.id);
    line.add_text("first_failure", utc(record.first_failure));
    if (record.ended_after)
        line.add_milliseconds("duration_ms", *record.ended_after);
}

} // namespace

std::string event_json(const event& happened, wall_time now, const ongoing_outage* down) {
    json_line line;
    line.add_text("time", utc(now));
    line.add_text("event", name(happened.kind));
    line.add_text("target", happened.target);
    const bool of_schema = is_of_schema(happened.kind);
    if (happened.check != nullptr) {
        if (!of_schema)
            line.add_integer("attempt", happened.attempt);
        add_check(line, happened.target, *happened.check);
    }
    if (of_schema)
        add_schema(line, happened);
    if (happened.outage != nullptr) {
        add_outage(line, *happened.outage);
    } else if (happened.check != nullptr && !happened.check->healthy()) {
        add_error(line, happened.check->error, happened.check->signature_sent);
        if (!of_schema)
            line.add_integer("failures", happened.failures);
    }
    if (down != nullptr) {
        line.add_integer("outage", down->id);
        line.add_text("first_failure", utc(down->first_failure));
        line.add_milliseconds("duration_ms", down->so_far);
    }
    if (!happened.detail.empty())
        line.add_text("detail", happened.detail);
    return std::move(line).finish();
}

std::string omitted_json(const left_out& gap) {
    json_line line;
    line.add_text("time", utc(gap.first));
    line.add_text("event", "events_omitted");
    if (!gap.target.empty())
        line.add_text("target", gap.target);
    line.add_integer("events", gap.events);
    line.add_text("until", utc(gap.last));
    return std::move(line).finish();
}

} // namespace forest::cli
