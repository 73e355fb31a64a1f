// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_BENCHMARKS_STUDY_TABLES_HPP
#define FOREST_BENCHMARKS_STUDY_TABLES_HPP

#include "drawing.hpp"
#include "findings.hpp"

#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

// The numbers of the study as tables in Markdown.

namespace study {

/// One row.
[[nodiscard]] inline std::string row(const std::vector<std::string>& cells) {
    std::string text = "|";
    for (const std::string& each : cells)
        text += " " + each + " |";
    return text + "\n";
}

/// The head of a table, and the rule below it.
[[nodiscard]] inline std::string head(const std::vector<std::string>& cells) {
    std::string text = row(cells) + "|";
    for (std::size_t index = 0; index < cells.size(); ++index)
        text += "---|";
    return text + "\n";
}

/// With three digits at most, and the thousands apart.
[[nodiscard]] inline std::string rate(double value) {
    if (value < 100)
        return value < 0.0005 ? "0" : fixed(value, value < 0.01 ? 3 : value < 1 ? 2 : value < 10);
    double step = 1;
    while (value / step >= 1000)
        step *= 10;
    const std::string digits = fixed(std::round(value / step) * step, 0);
    std::string text;
    for (std::size_t left = digits.size(); left > 0; --left) {
        if (left % 3 == 0 && left < digits.size())
            text += ' ';
        text += digits[digits.size() - left];
    }
    return text;
}

[[nodiscard]] inline std::string in_seconds(duration span) {
    return fixed(seconds(span), 1);
}

[[nodiscard]] inline std::string of_whole(duration span) {
    return fixed(seconds(span), 0);
}

/// False alarms a year: measured, and calculated.
[[nodiscard]] inline std::string alarm_table(const findings& results) {
    std::vector<std::string> titles{"schedule", "threshold"};
    for (const int loss : losses)
        titles.push_back(fixed(loss / 10.0, loss % 10 == 0 ? 0 : 1) + " %");
    std::string text = head(titles);
    std::vector<std::string> failing{"checks that fail", ""};
    for (const int loss : losses)
        failing.push_back(fixed(100 * failing_share(loss), 0) + " %");
    text += row(failing);
    for (const schedule timing : schedules) {
        for (int threshold = 1; threshold <= threshold_max; ++threshold) {
            std::vector<std::string> cells{name(timing), std::to_string(threshold)};
            for (const int loss : losses) {
                const std::string expected = rate(expected_alarms(timing, with(threshold), loss));
                cells.push_back(rate(results.alarms(timing, threshold, loss).per_year()) +
                                (loss == 0 ? "" : " (" + expected + ")"));
            }
            text += row(cells);
        }
    }
    return text;
}

/// How long a false alarm lasts.
[[nodiscard]] inline std::string length_table(const findings& results) {
    std::vector<std::string> titles{"mean length of a false outage"};
    constexpr std::array shown{20, 50, 100, 200};
    for (const int loss : shown)
        titles.push_back(fixed(loss / 10.0, 0) + " %");
    std::string text = head(titles);
    for (const schedule timing : schedules) {
        std::vector<std::string> cells{std::string{name(timing)} + ", threshold " +
                                       std::to_string(default_threshold)};
        for (const int loss : shown)
            cells.push_back(
                fixed(results.alarms(timing, default_threshold, loss).mean_length(), 0) + " s");
        text += row(cells);
    }
    return text;
}

/// Latencies without loss, and the bounds.
[[nodiscard]] inline std::string detection_table(const findings& results) {
    std::string text = head({"schedule", "threshold", "refused: median", "p99", "worst", "bound",
                             "black-holed: median", "p99", "worst", "bound"});
    for (const schedule timing : schedules) {
        for (int threshold = 1; threshold <= threshold_max; ++threshold) {
            std::vector<std::string> cells{name(timing), std::to_string(threshold)};
            for (const death how : {death::crash, death::black_hole}) {
                const latencies& measured = results.detection(timing, threshold, 0, how);
                for (const duration each : {measured.median(), measured.at(0.99), measured.worst()})
                    cells.push_back(in_seconds(each));
                cells.push_back(of_whole(bound_of(timing, with(threshold), how)));
            }
            text += row(cells);
        }
    }
    return text;
}

/// Latencies with loss, for the default threshold.
[[nodiscard]] inline std::string lossy_table(const findings& results) {
    std::string text =
        head({"schedule", "loss", "median", "p99", "worst", "bound", "already taken to be down"});
    for (const schedule timing : schedules) {
        for (const int loss : {0, 10, 50, 100, 200}) {
            const latencies& measured =
                results.detection(timing, default_threshold, loss, death::crash);
            const auto all = measured.sorted.size() + measured.already;
            text +=
                row({name(timing), fixed(loss / 10.0, 0) + " %", in_seconds(measured.median()),
                     in_seconds(measured.at(0.99)), in_seconds(measured.worst()),
                     of_whole(bound_of(timing, with(default_threshold),
                                       loss == 0 ? death::crash : death::black_hole)),
                     fixed(100.0 * static_cast<double>(measured.already) / static_cast<double>(all),
                           1) +
                         " %"});
        }
    }
    return text;
}

/// Intervals, for the default schedule and threshold.
[[nodiscard]] inline std::string interval_table(const findings& results) {
    std::string text = head({"interval", "checks a second of 1000 clients", "median", "p99",
                             "worst", "bound, refused", "bound, black-holed",
                             "false alarms a year with 1 % loss, calculated"});
    for (const duration interval : intervals) {
        const options settings = with(default_threshold, interval);
        const latencies& measured = results.detection_every(interval);
        const detection_bound bound = bound_of(schedule::exponential, settings);
        text +=
            row({of_whole(interval) + " s", fixed(1000.0 / seconds(interval), 0),
                 in_seconds(measured.median()), in_seconds(measured.at(0.99)),
                 in_seconds(measured.worst()), of_whole(bound.refused), of_whole(bound.black_holed),
                 rate(expected_alarms(schedule::exponential, settings, usual_loss))});
    }
    return text;
}

} // namespace study

#endif
