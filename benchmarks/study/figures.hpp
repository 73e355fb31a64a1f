// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_BENCHMARKS_STUDY_FIGURES_HPP
#define FOREST_BENCHMARKS_STUDY_FIGURES_HPP

#include "drawing.hpp"
#include "findings.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

// The pictures of the study.

namespace study {

/// The least rate that a figure shows, in false alarms a year.
inline constexpr double rate_min = 0.001;
inline constexpr double rate_max = 1'000'000;

inline std::vector<mark> rate_marks() {
    return {{0.01, "0.01"}, {1, "1"}, {100, "100"}, {10'000, "10 000"}, {1'000'000, "1 000 000"}};
}

inline std::string kind_of(schedule by) {
    return name(by);
}

/// Which colour is which schedule, side by side from `at` on.
inline void draw_legend(drawing& on, point at) {
    for (const schedule by : schedules) {
        on.path({{at.x, at.y - 4}, {at.x + 28, at.y - 4}}, kind_of(by));
        on.text({at.x + 34, at.y}, kind_of(by), kind_of(by));
        at.x += 140;
    }
}

/// How soon 99 of 100 crashes are reported against how often there is a false alarm, for three
/// networks.
inline std::string trade_off(const findings& of) {
    constexpr std::array shown{10, 50, 200};
    constexpr double width = 228;
    drawing on{840, 440, "How soon a crash is reported, and how many false alarms there are"};
    draw_legend(on, {0, 42});
    on.text({320, 42}, "1 to 5: failure threshold; hollow: too rare to be measured, calculated",
            "soft");
    on.upright({14, 240}, "false alarms a year", "middle");
    for (std::size_t index = 0; index < shown.size(); ++index) {
        const int loss = shown[index];
        const double left = 100 + static_cast<double>(index) * (width + 18);
        const area in{{0, 190, left, left + width}, {rate_min / 2, rate_max, 384, 92, true}};
        on.text({left + width / 2, 82},
                fixed(loss / 10.0, 0) + " % lost: " + fixed(100 * failing_share(loss), 0) +
                    " % of checks fail",
                "soft middle");
        in.draw_horizontal(on, {{0, "0"}, {60, "60"}, {120, "120"}});
        in.draw_vertical(on, rate_marks(), index == 0);
        for (const schedule by : schedules) {
            std::vector<point> line;
            for (int threshold = 1; threshold <= threshold_max; ++threshold) {
                const auto late = of.detection(by, threshold, loss, death::crash).at(0.99);
                const auto& measured = of.alarms(by, threshold, loss);
                const double rate = measured.told > 0 ? measured.per_year()
                                                      : expected_alarms(by, with(threshold), loss);
                line.push_back(in.at(seconds(late), rate));
            }
            on.path(line, kind_of(by));
            for (int threshold = 1; threshold <= threshold_max; ++threshold) {
                const point at = line[static_cast<std::size_t>(threshold - 1)];
                const bool found = of.alarms(by, threshold, loss).told > 0;
                on.dot(at, 4, kind_of(by) + (found ? " found" : ""));
                const bool exponential = by == schedule::exponential;
                on.text({at.x + (exponential ? -9 : 9), at.y + (exponential ? 9 : -3)},
                        std::to_string(threshold), kind_of(by) + (exponential ? " end" : ""));
            }
        }
    }
    on.text({100 + 1.5 * width + 18, 424}, "within so many seconds 99 of 100 crashes are told",
            "middle");
    return on.finished();
}

/// False alarms by loss.
inline std::string false_alarms_by_loss(const findings& of) {
    drawing on{760, 460, "False alarms of a client that checks every 30 s"};
    const area in{{0, 20.6, 100, 640}, {rate_min / 2, rate_max, 400, 92, true}};
    draw_legend(on, {0, 42});
    on.text({320, 42}, "dots: measured; lines: calculated", "soft");
    on.upright({14, 246}, "false alarms a year", "middle");
    on.text({370, 444}, "messages that are lost, and checks that fail therefore", "middle");
    std::vector<mark> marks;
    for (const int percent : {0, 5, 10, 15, 20})
        marks.push_back(
            {static_cast<double>(percent), std::to_string(percent) + " % / " +
                                               fixed(100 * failing_share(10 * percent), 0) + " %"});
    in.draw_horizontal(on, marks);
    in.draw_vertical(on, rate_marks());
    for (int threshold = 1; threshold <= threshold_max; ++threshold) {
        for (const schedule by : schedules) {
            const auto rate = [&](int loss) { return expected_alarms(by, with(threshold), loss); };
            std::vector<point> line;
            for (int loss = 1; loss <= losses.back(); ++loss) {
                if (rate(loss) >= rate_min)
                    line.push_back(in.at(loss / 10.0, rate(loss)));
            }
            on.path(line, kind_of(by) + " thin");
            for (const int loss : losses) {
                const auto& measured = of.alarms(by, threshold, loss);
                if (measured.told > 0)
                    on.dot(in.at(loss / 10.0, measured.per_year()), 3, kind_of(by) + " found");
            }
        }
        on.text(
            {650, in.y(expected_alarms(schedule::exponential, with(threshold), losses.back())) + 7},
            "threshold " + std::to_string(threshold),
            threshold == default_threshold ? "strong" : "");
    }
    return on.finished();
}

/// From the soonest to the latest, with the median, and the bound that was promised.
inline std::string detection_by_threshold(const findings& of) {
    drawing on{760, 480, "How soon the end of a server is reported, without loss"};
    draw_legend(on, {0, 42});
    on.text({290, 42}, "bar: soonest to latest; gap: median; line: worst_case_detection", "soft");
    on.text({370, 468}, "from the end of the server to on_server_down", "middle");
    const scale x{0, 186, 100, 720};
    const area in{x, {0, 1, 430, 70}};
    std::vector<mark> marks;
    for (const int each : {0, 30, 60, 90, 120, 150, 180})
        marks.push_back(
            {static_cast<double>(each), std::to_string(each) + (each == 180 ? " s" : "")});
    in.draw_horizontal(on, marks);
    double top = 76;
    for (const death how : {death::crash, death::black_hole}) {
        on.text({0, top + 14}, how == death::crash ? "refused" : "black-holed", "");
        top += 20;
        for (int threshold = 1; threshold <= threshold_max; ++threshold) {
            on.text({90, top + 17}, std::to_string(threshold),
                    threshold == default_threshold ? "strong end" : "end");
            for (const schedule by : schedules) {
                const auto& measured = of.detection(by, threshold, 0, how);
                const double promised = x(seconds(bound_of(by, with(threshold), how)));
                on.bar({x(seconds(measured.least())), top + 1},
                       {x(seconds(measured.worst())), top + 11}, kind_of(by));
                const double middle = x(seconds(measured.median()));
                on.bar({middle - 1.5, top + 1}, {middle + 1.5, top + 11}, "gap");
                on.line({promised, top - 1}, {promised, top + 13}, "bound");
                top += 12;
            }
            top += 6;
        }
        top += 8;
    }
    on.text({0, 446}, "threshold", "soft");
    return on.finished();
}

/// Which restarts are taken for an outage.
inline std::string restarts_by_length(const findings& of) {
    drawing on{760, 400, "Which restarts are reported as an outage"};
    const area in{{0, 160, 100, 720}, {-4, 104, 340, 86}};
    draw_legend(on, {0, 42});
    on.text({320, 42}, "1 to 5: failure threshold; with 1 there is no backoff", "soft");
    on.upright({14, 218}, "share that is reported", "middle");
    on.text({410, 384}, "length of the restart, during which connections are refused", "middle");
    std::vector<mark> marks;
    for (const int each : {30, 60, 90, 120, 150})
        marks.push_back(
            {static_cast<double>(each), std::to_string(each) + (each == 150 ? " s" : "")});
    in.draw_horizontal(on, marks);
    in.draw_vertical(on, {{0, "0 %"}, {50, "50 %"}, {100, "100 %"}});
    for (const schedule by : schedules) {
        for (int threshold = 1; threshold <= threshold_max; ++threshold) {
            const std::vector<double>& told = of.restarts(by, threshold);
            std::vector<point> line;
            for (std::size_t index = 0; index < told.size(); ++index) {
                const double length = seconds(restart_step) * static_cast<double>(index + 1);
                if (told[index] <= 0.0)
                    line.clear(); // No shorter one is reported, either.
                line.push_back(in.at(length, 100 * told[index]));
                if (told[index] >= 1.0)
                    break;
            }
            const bool exponential = by == schedule::exponential;
            const bool usual = threshold == default_threshold;
            on.path(line, kind_of(by) + (usual ? " strong" : ""));
            if (exponential)
                on.text({line.back().x - (threshold == 1 ? 7 : 0), line.back().y - 8},
                        std::to_string(threshold),
                        kind_of(by) + (usual ? " middle strong" : " middle"));
            else if (threshold > 1) // That of 1 lies on the other.
                on.text({line.front().x + 20, line.front().y - 8}, std::to_string(threshold),
                        kind_of(by) + (usual ? " middle strong" : " middle"));
        }
    }
    return on.finished();
}

} // namespace study

#endif
