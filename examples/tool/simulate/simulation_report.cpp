// SPDX-License-Identifier: BSL-1.0
#include "simulation_report.hpp"

#include <tool/output/json_line.hpp>
#include <tool/output/text.hpp>

#include <forest/sim/trace/trace.hpp>

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <iterator>
#include <string_view>
#include <utility>

namespace forest::cli {

namespace {

// `1,234,567`: years of checks need it.
std::string grouped(std::uint64_t number) {
    std::string text = std::to_string(number);
    for (std::size_t place = text.size(); place > 3; place -= 3)
        text.insert(place - 3, 1, ',');
    return text;
}

std::string counted(std::uint64_t number, std::string_view noun) {
    return fmt::format("{} {}{}", grouped(number), noun, number == 1 ? "" : "s");
}

std::string speed_text(double speed) {
    constexpr std::array<std::pair<double, std::string_view>, 4> units{
        {{365 * 86400.0, "years"}, {86400.0, "days"}, {3600.0, "hours"}, {1.0, "seconds"}}};
    for (const auto& [length, name] : units) {
        if (speed >= length)
            return fmt::format("{:.1f} {}", speed / length, name);
    }
    return fmt::format("{:.3f} seconds", speed);
}

class text_lines {
public:
    void add(std::string_view label, std::string_view value) {
        fmt::format_to(std::back_inserter(text_), "{:<16} {}\n", label, value);
    }

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    std::string text_;
};

void add_outages(text_lines& lines, const sim::outage_counts& counts) {
    lines.add("true outages",
              fmt::format("{}: {} detected, {} missed", grouped(counts.obliged),
                          grouped(counts.obliged_detected), grouped(counts.missed())));
    if (counts.excused > 0)
        lines.add("excused outages",
                  fmt::format("{}: {} detected; they were too short, or the client's own host was "
                              "disturbed",
                              grouped(counts.excused), grouped(counts.excused_detected)));
    lines.add(
        "false positives",
        counts.false_positives == 0
            ? std::string{"0"}
            : fmt::format(
                  "{}: lost or damaged packets made enough checks in a row fail, and others would "
                  "have succeeded meanwhile",
                  grouped(counts.false_positives)));
}

void add_latencies(text_lines& lines, const simulation_report& report) {
    const latency_sample& all = report.latencies;
    const std::string bound =
        fmt::format("bound {}; {} where connections are refused",
                    readable(report.bound.black_holed), readable(report.bound.refused));
    if (all.count() == 0)
        return lines.add("detection", "none; " + bound);
    lines.add("detection",
              fmt::format("median {}, p99 {}, worst {}; {}", readable(all.quantile(0.5)),
                          readable(all.quantile(0.99)), readable(all.worst()), bound));
    if (report.outages.beyond_bound > 0)
        lines.add(
            "beyond the bound",
            fmt::format("{}: the bound is for a client whose host runs and whose clock is "
                        "neither fast nor slow, so pause, suspend, drift and swing may exceed "
                        "it",
                        grouped(report.outages.beyond_bound)));
}

} // namespace

double simulation_report::speed() const noexcept {
    constexpr double shortest = 1e-6;
    return simulated_s / std::max(seconds, shortest);
}

std::string report_text(const simulation_report& report) {
    text_lines lines;
    const auto worlds = static_cast<std::uint64_t>(report.worlds);
    const std::string seeds = worlds == 1 ? fmt::format("seed {}", report.first_seed)
                                          : fmt::format("seeds {} to {}", report.first_seed,
                                                        report.first_seed + worlds - 1);
    lines.add("simulated",
              fmt::format("{} of {} with {}, {}, in {:.3g} s: {} a second",
                          counted(worlds, "world"), concise(report.length),
                          counted(static_cast<std::uint64_t>(report.targets), "target"), seeds,
                          report.seconds, speed_text(report.speed())));
    lines.add("checks",
              fmt::format("{}: {} failed, {} were inconclusive", grouped(report.checks),
                          grouped(report.checks_failed), grouped(report.checks_inconclusive)));
    add_outages(lines, report.outages);
    add_latencies(lines, report);
    lines.add("digest", sim::digest_text(report.digest));
    return lines.text();
}

std::string report_json(const simulation_report& report) {
    json_line line;
    line.add_text("event", "summary");
    line.add_integer("seed", report.first_seed);
    line.add_integer("runs", report.worlds);
    line.add_integer("targets", report.targets);
    line.add_number("simulated_s", report.simulated_s);
    line.add_number("simulated_s_per_s", report.speed());
    line.add_integer("checks", report.checks);
    line.add_integer("checks_failed", report.checks_failed);
    line.add_integer("checks_inconclusive", report.checks_inconclusive);
    line.add_integer("outages_true", report.outages.obliged);
    line.add_integer("outages_detected", report.outages.obliged_detected);
    line.add_integer("outages_missed", report.outages.missed());
    line.add_integer("outages_excused", report.outages.excused);
    line.add_integer("outages_excused_detected", report.outages.excused_detected);
    line.add_integer("false_positives", report.outages.false_positives);
    line.add_integer("told_again", report.outages.reported_again);
    line.add_integer("detections", report.latencies.count());
    line.add_milliseconds("latency_median_ms", report.latencies.quantile(0.5));
    line.add_milliseconds("latency_p99_ms", report.latencies.quantile(0.99));
    line.add_milliseconds("latency_worst_ms", report.latencies.worst());
    line.add_milliseconds("bound_ms", report.bound.black_holed);
    line.add_milliseconds("bound_refused_ms", report.bound.refused);
    line.add_integer("beyond_bound", report.outages.beyond_bound);
    line.add_integer("rules_broken", report.broken ? 1 : 0);
    line.add_text("digest", sim::digest_text(report.digest));
    return std::move(line).finish();
}

} // namespace forest::cli
