// SPDX-License-Identifier: BSL-1.0
#include "master_report.hpp"

#include <cli/event_json.hpp>
#include <cli/event_text.hpp>
#include <cli/text.hpp>

#include <forest/core/json.hpp>
#include <forest/core/json_string.hpp>

#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

namespace forest::master {

namespace {

struct row {
    std::string name;
    std::size_t columns = 0;
    std::string relations;
};

// Whether a field is a column. Servers differ in what else they say of one.
bool is_column(const json_value& field) {
    bool column = true;
    (void)read_json_object(field.raw, [&](json_string key, const json_value& value) {
        if (key.equals("type"))
            column = value.string().equals("Column");
    });
    return column;
}

void add_fields(row& to, const json_value& fields) {
    (void)read_json_object(fields.raw, [&](json_string name, const json_value& field) {
        if (is_column(field)) {
            ++to.columns;
            return;
        }
        to.relations += to.relations.empty() ? "" : ", ";
        to.relations += cli::ascii_escape(to_string(name));
    });
}

row row_of(const json_value& collection) {
    row made;
    (void)read_json_object(collection.raw, [&](json_string key, const json_value& value) {
        if (key.equals("name"))
            made.name = cli::ascii_escape(to_string(value.string()));
        else if (key.equals("fields"))
            add_fields(made, value);
    });
    return made;
}

// The text has been found valid, so nothing goes wrong here.
std::vector<row> rows_of(const schema& known, std::size_t most) {
    std::vector<row> rows;
    (void)read_json_object(known.text(), [&](json_string key, const json_value& value) {
        if (!key.equals("collections"))
            return;
        rows.clear();
        (void)read_json_array(value.raw, [&](const json_value& each) {
            if (rows.size() < most)
                rows.push_back(row_of(each));
        });
    });
    return rows;
}

std::string counted(std::uint64_t count, std::string_view what, std::string_view plural = "s") {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : plural);
}

} // namespace

std::string table_of(const schema& known) {
    constexpr std::size_t rows_max = 40;
    const std::string heading = "collection";
    const std::vector<row> rows = rows_of(known, rows_max);
    std::size_t width = heading.size();
    for (const row& each : rows)
        width = std::max(width, each.name.size());
    std::string table = fmt::format("    {:<{}}  columns  relations\n", heading, width);
    for (const row& each : rows) {
        std::string line =
            fmt::format("    {:<{}}  {:>7}  {}", each.name, width, each.columns, each.relations);
        line.erase(line.find_last_not_of(' ') + 1);
        table += line + '\n';
    }
    if (known.collections().size() > rows.size())
        table += fmt::format("    and {} more\n", known.collections().size() - rows.size());
    return table;
}

report::report(cli::terminal& out, report_options chosen, std::string uri)
    : out_{out}, options_{chosen}, uri_{std::move(uri)} {}

void report::tell(const event& happened) {
    count(happened);
    if (cli::is_printed(happened.kind, options_.verbose)) {
        const wall_time now = cli::wall_clock_now();
        if (options_.json) {
            out_.write(cli::event_json(happened, now));
        } else {
            std::string text = cli::event_text(happened, now, out_);
            const bool loaded = happened.kind == event_kind::schema_loaded ||
                                happened.kind == event_kind::schema_reloaded;
            if (loaded && !happened.schema->collections().empty())
                text += table_of(*happened.schema);
            out_.write(text);
        }
    }
    out_.look_for_reader();
}

void report::count(const event& happened) {
    status_ = happened.status;
    switch (happened.kind) {
    case event_kind::check_succeeded: ++totals_.checks; break;
    case event_kind::check_failed:
        ++totals_.checks;
        ++totals_.failures;
        break;
    case event_kind::server_down: ++totals_.outages; break;
    case event_kind::server_up:
        totals_.down += happened.outage->ended_after.value_or(duration::zero());
        break;
    case event_kind::schema_unchanged: ++totals_.unchanged; break;
    case event_kind::schema_reloaded: ++totals_.reloads; break;
    case event_kind::schema_failed: ++totals_.schema_failures; break;
    default: break;
    }
    if (happened.schema != nullptr) {
        etag_ = happened.schema->etag();
        collections_ = happened.schema->collections().size();
    }
}

void report::summarise() {
    const auto milliseconds_down =
        std::chrono::duration_cast<std::chrono::milliseconds>(totals_.down).count();
    if (options_.json) {
        const nlohmann::ordered_json line{{"time", cli::utc(cli::wall_clock_now())},
                                          {"event", "summary"},
                                          {"target", uri_},
                                          {"state", name(status_)},
                                          {"checks", totals_.checks},
                                          {"failures", totals_.failures},
                                          {"outages", totals_.outages},
                                          {"down_ms", milliseconds_down},
                                          {"etag", etag_},
                                          {"collections", collections_},
                                          {"reloads", totals_.reloads},
                                          {"unchanged", totals_.unchanged},
                                          {"schema_failures", totals_.schema_failures}};
        const bool ascii = true;
        out_.write(line.dump(-1, ' ', ascii, nlohmann::json::error_handler_t::replace) + '\n');
        return;
    }
    out_.write(fmt::format("summary of {}: {}\n"
                           "    {}, {} failed; {}, {} down\n"
                           "    {}; {}, {} unchanged, {} failed\n",
                           uri_, name(status_), counted(totals_.checks, "check"), totals_.failures,
                           counted(totals_.outages, "outage"), cli::readable(totals_.down),
                           counted(collections_, "collection"), counted(totals_.reloads, "reload"),
                           totals_.unchanged, counted(totals_.schema_failures, "fetch", "es")));
}

} // namespace forest::master
