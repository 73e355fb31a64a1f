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

inline std::string kind_of(schedule timing) {
    return name(timing);
}

/// Which colour is which schedule, side by side from `at` on.
inline void draw_legend(drawing& picture, point at) {
    for (const schedule timing : schedules) {
        picture.path({{at.x, at.y - 4}, {at.x + 28, at.y - 4}}, kind_of(timing));
        picture.text({at.x + 34, at.y}, kind_of(timing), kind_of(timing));
        at.x += 140;
    }
}

/// How soon 99 of 100 crashes are reported against how often there is a false alarm, for three
/// networks.
inline std::string trade_off(const findings& results) {
    constexpr std::array shown{10, 50, 200};
    constexpr double width = 228;
    drawing picture{840, 440, "How soon a crash is reported, and how many false alarms there are"};
    draw_legend(picture, {0, 42});
    picture.text({320, 42},
                 "1 to 5: failure threshold; hollow: too rare to be measured, calculated", "soft");
    picture.upright({14, 240}, "false alarms a year", "middle");
    for (std::size_t index = 0; index < shown.size(); ++index) {
        const int loss = shown[index];
        const double left = 100 + static_cast<double>(index) * (width + 18);
        const area plot{{0, 190, left, left + width}, {rate_min / 2, rate_max, 384, 92, true}};
        picture.text({left + width / 2, 82},
                     fixed(loss / 10.0, 0) + " % lost: " + fixed(100 * failing_share(loss), 0) +
                         " % of checks fail",
                     "soft middle");
        plot.draw_horizontal(picture, {{0, "0"}, {60, "60"}, {120, "120"}});
        plot.draw_vertical(picture, rate_marks(), index == 0);
        for (const schedule timing : schedules) {
            std::vector<point> line;
            for (int threshold = 1; threshold <= threshold_max; ++threshold) {
                const auto late = results.detection(timing, threshold, loss, death::crash).at(0.99);
                const auto& measured = results.alarms(timing, threshold, loss);
                const double rate = measured.reported > 0
                                        ? measured.per_year()
                                        : expected_alarms(timing, with(threshold), loss);
                line.push_back(plot.at(seconds(late), rate));
            }
            picture.path(line, kind_of(timing));
            for (int threshold = 1; threshold <= threshold_max; ++threshold) {
                const point at = line[static_cast<std::size_t>(threshold - 1)];
                const bool found = results.alarms(timing, threshold, loss).reported > 0;
                picture.dot(at, 4, kind_of(timing) + (found ? " found" : ""));
                const bool exponential = timing == schedule::exponential;
                picture.text({at.x + (exponential ? -9 : 9), at.y + (exponential ? 9 : -3)},
                             std::to_string(threshold),
                             kind_of(timing) + (exponential ? " end" : ""));
            }
        }
    }
    picture.text({100 + 1.5 * width + 18, 424}, "within so many seconds 99 of 100 crashes are told",
                 "middle");
    return picture.finished();
}

/// False alarms by loss.
inline std::string false_alarms_by_loss(const findings& results) {
    drawing picture{760, 460, "False alarms of a client that checks every 30 s"};
    const area plot{{0, 20.6, 100, 640}, {rate_min / 2, rate_max, 400, 92, true}};
    draw_legend(picture, {0, 42});
    picture.text({320, 42}, "dots: measured; lines: calculated", "soft");
    picture.upright({14, 246}, "false alarms a year", "middle");
    picture.text({370, 444}, "messages that are lost, and checks that fail therefore", "middle");
    std::vector<mark> marks;
    for (const int percent : {0, 5, 10, 15, 20})
        marks.push_back(
            {static_cast<double>(percent), std::to_string(percent) + " % / " +
                                               fixed(100 * failing_share(10 * percent), 0) + " %"});
    plot.draw_horizontal(picture, marks);
    plot.draw_vertical(picture, rate_marks());
    for (int threshold = 1; threshold <= threshold_max; ++threshold) {
        for (const schedule timing : schedules) {
            const auto rate = [&](int loss) {
                return expected_alarms(timing, with(threshold), loss);
            };
            std::vector<point> line;
            for (int loss = 1; loss <= losses.back(); ++loss) {
                if (rate(loss) >= rate_min)
                    line.push_back(plot.at(loss / 10.0, rate(loss)));
            }
            picture.path(line, kind_of(timing) + " thin");
            for (const int loss : losses) {
                const auto& measured = results.alarms(timing, threshold, loss);
                if (measured.reported > 0)
                    picture.dot(plot.at(loss / 10.0, measured.per_year()), 3,
                                kind_of(timing) + " found");
            }
        }
        picture.text(
            {650,
             plot.y(expected_alarms(schedule::exponential, with(threshold), losses.back())) + 7},
            "threshold " + std::to_string(threshold),
            threshold == default_threshold ? "strong" : "");
    }
    return picture.finished();
}

/// From the soonest to the latest, with the median, and the bound that was promised.
inline std::string detection_by_threshold(const findings& results) {
    drawing picture{760, 480, "How soon the end of a server is reported, without loss"};
    draw_legend(picture, {0, 42});
    picture.text({290, 42}, "bar: soonest to latest; gap: median; line: worst_case_detection",
                 "soft");
    picture.text({370, 468}, "from the end of the server to on_server_down", "middle");
    const scale x{0, 186, 100, 720};
    const area plot{x, {0, 1, 430, 70}};
    std::vector<mark> marks;
    for (const int each : {0, 30, 60, 90, 120, 150, 180})
        marks.push_back(
            {static_cast<double>(each), std::to_string(each) + (each == 180 ? " s" : "")});
    plot.draw_horizontal(picture, marks);
    double top = 76;
    for (const death how : {death::crash, death::black_hole}) {
        picture.text({0, top + 14}, how == death::crash ? "refused" : "black-holed", "");
        top += 20;
        for (int threshold = 1; threshold <= threshold_max; ++threshold) {
            picture.text({90, top + 17}, std::to_string(threshold),
                         threshold == default_threshold ? "strong end" : "end");
            for (const schedule timing : schedules) {
                const auto& measured = results.detection(timing, threshold, 0, how);
                const double promised = x(seconds(bound_of(timing, with(threshold), how)));
                picture.bar({x(seconds(measured.least())), top + 1},
                            {x(seconds(measured.worst())), top + 11}, kind_of(timing));
                const double middle = x(seconds(measured.median()));
                picture.bar({middle - 1.5, top + 1}, {middle + 1.5, top + 11}, "gap");
                picture.line({promised, top - 1}, {promised, top + 13}, "bound");
                top += 12;
            }
            top += 6;
        }
        top += 8;
    }
    picture.text({0, 446}, "threshold", "soft");
    return picture.finished();
}

/// Which restarts are taken for an outage.
inline std::string restarts_by_length(const findings& results) {
    drawing picture{760, 400, "Which restarts are reported as an outage"};
    const area plot{{0, 160, 100, 720}, {-4, 104, 340, 86}};
    draw_legend(picture, {0, 42});
    picture.text({320, 42}, "1 to 5: failure threshold; with 1 there is no backoff", "soft");
    picture.upright({14, 218}, "share that is reported", "middle");
    picture.text({410, 384}, "length of the restart, during which connections are refused",
                 "middle");
    std::vector<mark> marks;
    for (const int each : {30, 60, 90, 120, 150})
        marks.push_back(
            {static_cast<double>(each), std::to_string(each) + (each == 150 ? " s" : "")});
    plot.draw_horizontal(picture, marks);
    plot.draw_vertical(picture, {{0, "0 %"}, {50, "50 %"}, {100, "100 %"}});
    for (const schedule timing : schedules) {
        for (int threshold = 1; threshold <= threshold_max; ++threshold) {
            const std::vector<double>& shares = results.restarts(timing, threshold);
            std::vector<point> line;
            for (std::size_t index = 0; index < shares.size(); ++index) {
                const double length = seconds(restart_step) * static_cast<double>(index + 1);
                if (shares[index] <= 0.0)
                    line.clear(); // No shorter one is reported, either.
                line.push_back(plot.at(length, 100 * shares[index]));
                if (shares[index] >= 1.0)
                    break;
            }
            const bool exponential = timing == schedule::exponential;
            const bool usual = threshold == default_threshold;
            picture.path(line, kind_of(timing) + (usual ? " strong" : ""));
            if (exponential)
                picture.text({line.back().x - (threshold == 1 ? 7 : 0), line.back().y - 8},
                             std::to_string(threshold),
                             kind_of(timing) + (usual ? " middle strong" : " middle"));
            else if (threshold > 1) // That of 1 lies on the other.
                picture.text({line.front().x + 20, line.front().y - 8}, std::to_string(threshold),
                             kind_of(timing) + (usual ? " middle strong" : " middle"));
        }
    }
    return picture.finished();
}

} // namespace study

#endif
