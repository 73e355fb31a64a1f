// SPDX-License-Identifier: BSL-1.0

// Draws what a check and a target cost against the number of targets. Reads lines of four fields,
// who, targets, microseconds of CPU a check, bytes a target, from standard input; a field of `-`
// was not measured.

#include "../study/drawing.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using study::area;
using study::drawing;
using study::mark;
using study::point;

struct measured {
    std::string who;
    double targets = 0;
    std::optional<double> microseconds;
    std::optional<double> bytes;
};

// The two colours of a drawing have the names of the two schedules of the study.
struct line_style {
    std::string_view who;
    std::string_view kind;
};
constexpr std::array<line_style, 2> lines{{{"forest", "exponential"}, {"HAProxy", "fixed"}}};

std::optional<double> read_number(const std::string& text) {
    if (text == "-")
        return std::nullopt;
    const double value = std::stod(text);
    if (!(value > 0))
        throw std::invalid_argument{"not a number above 0: " + text};
    return value;
}

std::vector<measured> read(std::istream& in) {
    std::vector<measured> all;
    for (std::string line; std::getline(in, line);) {
        std::istringstream fields{line};
        measured one;
        std::string microseconds;
        std::string bytes;
        if (!(fields >> one.who >> one.targets >> microseconds >> bytes) || one.targets <= 0)
            throw std::invalid_argument{"not understood: " + line};
        one.microseconds = read_number(microseconds);
        one.bytes = read_number(bytes);
        all.push_back(one);
    }
    if (all.empty())
        throw std::invalid_argument{"nothing to draw"};
    return all;
}

std::string grouped(double value) {
    std::string digits = study::fixed(value, 0);
    for (std::size_t from_end = 3; from_end < digits.size(); from_end += 4)
        digits.insert(digits.size() - from_end, 1, ' ');
    return digits;
}

/// A panel of a picture: one quantity, on logarithmic axes.
class panel {
public:
    panel(double left, std::string_view title, std::optional<double> measured::* quantity)
        : left_{left}, title_{title}, quantity_{quantity} {}

    void draw(drawing& canvas, const std::vector<measured>& all) const {
        constexpr double width = 320;
        const std::vector<double> values = values_of(all);
        if (values.empty())
            return;
        const auto [least, most] = std::minmax_element(values.begin(), values.end());
        const std::vector<mark> marks = marks_around(*least, *most);
        const area in{{75, 133'000, left_, left_ + width, true},
                      {marks.front().value, marks.back().value, 384, 92, true}};
        canvas.text({left_, 80}, title_, "soft");
        in.draw_horizontal(
            canvas, {{100, "100"}, {1000, "1 000"}, {10'000, "10 000"}, {100'000, "100 000"}});
        in.draw_vertical(canvas, marks);
        for (const line_style& style : lines) {
            std::vector<point> through;
            for (const measured& each : all)
                if (each.who == style.who && each.*quantity_)
                    through.push_back(in.at(each.targets, *(each.*quantity_)));
            if (through.empty())
                continue;
            canvas.path(through, style.kind);
            for (const point& each : through)
                canvas.dot(each, 3.5, std::string{style.kind} + " found");
        }
    }

private:
    [[nodiscard]] std::vector<double> values_of(const std::vector<measured>& all) const {
        std::vector<double> values;
        for (const measured& each : all)
            if (each.*quantity_)
                values.push_back(*(each.*quantity_));
        return values;
    }

    // 1, 2 and 5 times the powers of ten, from below the least to above the most.
    static std::vector<mark> marks_around(double least, double most) {
        std::vector<double> steps;
        for (double power = 0.1; power < 1e9; power *= 10)
            for (const double times : {1.0, 2.0, 5.0})
                steps.push_back(times * power);
        const auto first =
            std::max(steps.begin(), std::lower_bound(steps.begin(), steps.end(), least) - 1);
        const auto last = std::upper_bound(first + 1, steps.end(), most);
        std::vector<mark> marks;
        for (auto each = first; each != steps.end() && each <= last; ++each)
            marks.push_back({*each, *each < 1 ? study::fixed(*each, 1) : grouped(*each)});
        return marks;
    }

    double left_;
    std::string_view title_;
    std::optional<double> measured::* quantity_;
};

std::string picture(const std::vector<measured>& all, std::string_view interval) {
    drawing canvas{840, 440,
                   "What a check and a target cost, each target once in " + std::string{interval}};
    double left = 0;
    for (const line_style& style : lines) {
        canvas.path({{left, 38}, {left + 28, 38}}, style.kind);
        canvas.text({left + 34, 42}, style.who, style.kind);
        left += 120;
    }
    panel{70, "CPU of a check, µs", &measured::microseconds}.draw(canvas, all);
    panel{490, "resident memory of a target, bytes", &measured::bytes}.draw(canvas, all);
    canvas.text({230, 424}, "targets", "middle");
    canvas.text({650, 424}, "targets", "middle");
    return canvas.finished();
}

} // namespace

int main(int count, char** arguments) {
    if (count != 3) {
        std::fputs("usage: plot INTERVAL FILE <NUMBERS\n", stderr);
        return 2;
    }
    try {
        std::ofstream out{arguments[2], std::ios::binary};
        out << picture(read(std::cin), arguments[1]) << std::flush;
        if (!out)
            throw std::runtime_error{std::string{arguments[2]} + " cannot be written"};
        return EXIT_SUCCESS;
    } catch (const std::exception& failed) {
        std::fprintf(stderr, "plot: %s\n", failed.what());
        return EXIT_FAILURE;
    }
}
