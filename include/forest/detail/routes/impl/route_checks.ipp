// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_ROUTES_IMPL_ROUTE_CHECKS_IPP
#define FOREST_DETAIL_ROUTES_IMPL_ROUTE_CHECKS_IPP

#include <forest/core/detail/json/json_string.hpp>
#include <forest/core/error.hpp>
#include <forest/core/timestamp.hpp>
#include <forest/detail/routes/route_checks.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL std::error_code route_checks::add(std::string name, const check_options& options) {
    const bool taken = std::any_of(checks_.begin(), checks_.end(),
                                   [&](const entry& each) { return each.name == name; });
    if (name.empty() || name.size() > name_bytes_max || taken)
        return errc::check_name_invalid;
    if (const std::error_code ec = options.validate())
        return ec;
    checks_.emplace_back();
    checks_.back().name = std::move(name);
    checks_.back().options = options;
    return {};
}

FOREST_DECL bool route_checks::entry::is_due(steady_time now, duration age_min) const noexcept {
    return !started && !inside && (!ended || now - *ended >= std::max(options.cache_for, age_min));
}

FOREST_DECL bool route_checks::entry::is_overdue(steady_time now) const noexcept {
    return started && now - *started >= options.deadline;
}

FOREST_DECL check_status route_checks::entry::status(steady_time now) const noexcept {
    return is_overdue(now) || !ended ? check_status::fail : result.status;
}

FOREST_DECL std::optional<check_run> route_checks::begin(std::size_t check, steady_time now,
                                                         duration age_min) noexcept {
    entry& begun = checks_[check];
    if (!begun.is_due(now, age_min))
        return std::nullopt;
    begun.started = now;
    begun.inside = true;
    begun.run = ++last_run_;
    return check_run{check, begun.run};
}

FOREST_DECL void route_checks::shorten(std::string& text) noexcept {
    std::size_t size = check_result::output_bytes_max;
    if (text.size() <= size)
        return;
    // A character of UTF-8 has at most three bytes that continue it.
    for (int back = 0; back < 3 && (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80; ++back)
        --size;
    text.resize(size);
}

FOREST_DECL std::string route_checks::span(duration length) {
    using namespace std::chrono;
    if (length % seconds{1} == duration::zero())
        return std::to_string(length / seconds{1}) + " s";
    if (length % milliseconds{1} == duration::zero())
        return std::to_string(length / milliseconds{1}) + " ms";
    return std::to_string(length.count()) + " ns";
}

FOREST_DECL void route_checks::finish(const check_run& run, check_result&& result, steady_time now,
                                      wall_time wall_now) noexcept {
    entry& finished = checks_[run.check];
    if (!finished.started || finished.run != run.number)
        return;
    finished.took = now - *finished.started;
    finished.started.reset();
    finished.result = std::move(result);
    shorten(finished.result.output);
    finished.ended = now;
    finished.ended_at = wall_now;
}

FOREST_DECL std::optional<steady_time> route_checks::waits_until(std::uint64_t last,
                                                                 steady_time now) const noexcept {
    std::optional<steady_time> until;
    for (const entry& each : checks_) {
        if (each.started && each.run <= last && !each.is_overdue(now)) {
            const steady_time deadline = *each.started + each.options.deadline;
            until = until ? std::max(*until, deadline) : deadline;
        }
    }
    return until;
}

FOREST_DECL check_status route_checks::status(steady_time now) const noexcept {
    check_status worst = check_status::pass;
    for (const entry& each : checks_)
        worst = std::max(worst, each.status(now));
    return worst;
}

FOREST_DECL check_status route_checks::known(steady_time now) const noexcept {
    check_status worst = check_status::pass;
    for (const entry& each : checks_) {
        if (each.ended || each.is_overdue(now))
            worst = std::max(worst, each.status(now));
    }
    return worst;
}

FOREST_DECL std::optional<steady_time> route_checks::changes_at(steady_time now,
                                                                duration age_min) const noexcept {
    std::optional<steady_time> first;
    for (const entry& each : checks_) {
        if (each.is_overdue(now))
            continue; // Its result is the next change.
        steady_time then = now;
        if (each.started)
            then = *each.started + each.options.deadline;
        else if (each.ended)
            then = *each.ended + std::max(each.options.cache_for, age_min);
        if (each.inside && !each.started)
            then = std::max(then, now + age_min); // Its function has not returned.
        first = first ? std::min(*first, then) : then;
    }
    return first;
}

FOREST_DECL std::string route_checks::document(bool healthy, std::string_view version,
                                               steady_time now, wall_time wall_now) const {
    std::string text =
        "{\"status\":" + json_quote(name(healthy ? status(now) : check_status::fail)) +
        ",\"version\":" + json_quote(version);
    if (!healthy)
        text += R"(,"output":"the application has set that it is not healthy")";
    text += ",\"checks\":{";
    for (const entry& each : checks_) {
        if (&each != &checks_.front())
            text += ',';
        append(text, each, now, wall_now);
    }
    return text += "}}";
}

// `observedValue` is the time that the run took. A run that has no result in time is reported with
// the time that it has taken so far.
FOREST_DECL void route_checks::append(std::string& text, const entry& check, steady_time now,
                                      wall_time wall_now) {
    using std::chrono::milliseconds;
    const bool overdue = check.is_overdue(now);
    text.append(json_quote(check.name))
        .append(":[{\"status\":")
        .append(json_quote(name(check.status(now))));
    if (overdue || check.ended) {
        const duration took = overdue ? now - *check.started : check.took;
        const auto time = format_timestamp(overdue ? wall_now : check.ended_at);
        text.append(",\"observedValue\":")
            .append(std::to_string(std::chrono::duration_cast<milliseconds>(took).count()))
            .append(",\"observedUnit\":\"ms\",\"time\":\"")
            .append(time.data(), time.size())
            .append("\"");
    }
    const std::string output = overdue        ? "no result within " + span(check.options.deadline)
                               : !check.ended ? "no result yet"
                                              : check.result.output;
    if (!output.empty())
        text.append(",\"output\":").append(json_quote(output));
    text += "}]";
}

} // namespace forest::inline FOREST_FORM::detail

#endif
