// SPDX-License-Identifier: BSL-1.0
#include "event_json.hpp"

#include "text.hpp"

#include <fmt/format.h>

#include <chrono>
#include <iterator>
#include <string_view>

namespace forest::cli {

namespace {

// Members in the order added. Names are ours and need no escaping.
class json_line {
public:
    void add_text(std::string_view name, std::string_view value) {
        begin(name);
        text_ += ascii_quote(value);
    }

    template <typename Integer>
    void add_integer(std::string_view name, Integer value) {
        begin(name);
        fmt::format_to(std::back_inserter(text_), "{}", value);
    }

    // To the microsecond: more would be noise.
    void add_milliseconds(std::string_view name, duration value) {
        begin(name);
        fmt::format_to(std::back_inserter(text_), "{:.3f}", milliseconds(value));
    }

    std::string finish() && { return std::move(text_) + "}\n"; }

private:
    void begin(std::string_view name) {
        text_ += text_.empty() ? '{' : ',';
        text_ += '"';
        text_ += name;
        text_ += "\":";
    }

    std::string text_;
};

void add_check(json_line& line, const verdict& check) {
    if (check.status != 0)
        line.add_integer("status", check.status);
    if (!check.version().empty())
        line.add_text("version", check.version());
    if (check.timings.total)
        line.add_milliseconds("latency_ms", *check.timings.total);
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

void add_outage(json_line& line, const outage& told) {
    line.add_text("error", error_name(told.last_error));
    line.add_integer("failures", told.failures);
    line.add_integer("outage", told.id);
    line.add_text("first_failure", utc(told.first_failure));
    if (told.ended_after)
        line.add_milliseconds("duration_ms", *told.ended_after);
}

} // namespace

std::string event_json(const event& happened, wall_time now) {
    json_line line;
    line.add_text("time", utc(now));
    line.add_text("event", name(happened.kind));
    line.add_text("target", happened.target);
    const bool of_schema = is_of_schema(happened.kind);
    if (happened.check != nullptr) {
        if (!of_schema)
            line.add_integer("attempt", happened.attempt);
        add_check(line, *happened.check);
    }
    if (of_schema)
        add_schema(line, happened);
    if (happened.outage != nullptr) {
        add_outage(line, *happened.outage);
    } else if (happened.check != nullptr && !happened.check->healthy()) {
        line.add_text("error", error_name(happened.check->error));
        if (!of_schema)
            line.add_integer("failures", happened.failures);
    }
    if (!happened.detail.empty())
        line.add_text("detail", happened.detail);
    return std::move(line).finish();
}

} // namespace forest::cli
