// SPDX-License-Identifier: BSL-1.0
#include "master_report.hpp"

#include <tool/output/event_json.hpp>
#include <tool/output/event_text.hpp>
#include <tool/output/text.hpp>

#include <forest/adapters/asio/asio_clock.hpp>

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

using json = nlohmann::ordered_json;

// A string member, or an empty string.
std::string text_of(const json& object, const char* name) {
    const auto found = object.is_object() ? object.find(name) : object.end();
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

row row_of(const json& collection) {
    row made;
    made.name = cli::ascii_escape(text_of(collection, "name"));
    const auto fields = collection.find("fields");
    if (fields == collection.end() || !fields->is_object())
        return made;
    for (const auto& [name, field] : fields->items()) {
        // Servers send different members of a field. A field without a type is a column.
        if (!field.is_object() || !field.contains("type") || text_of(field, "type") == "Column") {
            ++made.columns;
            continue;
        }
        made.relations += made.relations.empty() ? "" : ", ";
        made.relations += cli::ascii_escape(name);
    }
    return made;
}

std::vector<row> rows_of(const schema& known, std::size_t most) {
    std::vector<row> rows;
    constexpr bool throws = false;
    const json whole = json::parse(known.text(), nullptr, throws);
    if (whole.is_discarded()) // A number may not fit into a double, or a character may be cut.
        return rows;
    for (const json& each : whole.at("collections")) {
        if (rows.size() < most)
            rows.push_back(row_of(each));
    }
    return rows;
}

std::string counted(std::uint64_t count, std::string_view noun, std::string_view plural = "s") {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : plural);
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

report::report(cli::terminal& out, cli::queued_output& lines, report_options settings,
               std::string uri, std::uint64_t number)
    : out_{out}, lines_{lines}, options_{settings}, uri_{std::move(uri)}, id_{number} {}

void report::tell(const event& happened) {
    count(happened);
    const bool news = is_news(happened);
    if (cli::is_printed(happened, options_.verbose) && (news || options_.verbose)) {
        const wall_time now = cli::wall_clock_now();
        std::string text =
            options_.json ? cli::event_json(happened, now) : cli::event_text(happened, now, out_);
        const bool loaded = happened.kind == event_kind::schema_loaded ||
                            happened.kind == event_kind::schema_reloaded;
        if (!options_.json && loaded && !happened.schema->collections().empty())
            text += table_of(*happened.schema);
        lines_.change([&](cli::line_queue& lines) {
            if (cli::ends_a_check(happened.kind))
                lines.add_check(std::move(text), now);
            else
                lines.add_change(id_, uri_, std::move(text), now);
        });
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
    case event_kind::server_down:
        ++totals_.outages;
        down_since_ = happened.outage->first_failed_at;
        break;
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

// Returns whether an event has something new. While the schema is polled, most polls repeat what is
// known.
bool report::is_news(const event& happened) {
    switch (happened.kind) {
    case event_kind::server_up: recovered_ = true; return true;
    case event_kind::schema_reloaded: recovered_ = held_ = false; return true;
    case event_kind::schema_unchanged:
        if (!happened.detail.empty())
            return !std::exchange(held_, true);
        return std::exchange(recovered_, false);
    case event_kind::schema_failed: return !happened.during_outage;
    default: return true;
    }
}

void report::summarise() {
    const auto milliseconds_down =
        std::chrono::duration_cast<std::chrono::milliseconds>(totals_.down).count();
    const bool down = status_ == target_status::down;
    const duration so_far = down ? asio_clock::steady_now() - down_since_ : duration{};
    const auto add = [this](std::string text) {
        lines_.change([&](cli::line_queue& lines) { lines.add(std::move(text)); });
    };
    if (options_.json) {
        nlohmann::ordered_json line{{"time", cli::utc(cli::wall_clock_now())},
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
        if (down)
            line["down_so_far_ms"] =
                std::chrono::duration_cast<std::chrono::milliseconds>(so_far).count();
        const bool ascii = true;
        add(line.dump(-1, ' ', ascii, nlohmann::json::error_handler_t::replace) + '\n');
        return;
    }
    add(fmt::format("summary of {}: {}{}\n"
                    "    {}, {} failed; {}, {} down\n"
                    "    {}; {}, {} unchanged, {} failed\n",
                    uri_, name(status_),
                    down ? fmt::format(" for {} so far", cli::readable(so_far)) : "",
                    counted(totals_.checks, "check"), totals_.failures,
                    counted(totals_.outages, "outage"), cli::readable(totals_.down),
                    counted(collections_, "collection"), counted(totals_.reloads, "reload"),
                    totals_.unchanged, counted(totals_.schema_failures, "fetch", "es")));
}

} // namespace forest::master
