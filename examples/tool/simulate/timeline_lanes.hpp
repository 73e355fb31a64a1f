// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_SIMULATE_TIMELINE_LANES_HPP
#define FOREST_EXAMPLES_TOOL_SIMULATE_TIMELINE_LANES_HPP

#include "svg_text.hpp"
#include "timeline.hpp"
#include "timeline_svg.hpp"

#include <forest/core/event.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/script/fault.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The two ways to draw one target: every fault and call, or only their numbers if there are too
// many.

namespace forest::cli {

inline constexpr double picture_width = 1200;
inline constexpr double plot_left = 200;
inline constexpr double plot_width = timeline_lane::columns_count;
inline constexpr double plot_right = plot_left + plot_width;
inline constexpr double lane_gap = 20;

/// The classes of faults in the style sheet: of a process, of the network, and of time.
inline constexpr std::array<std::string_view, 3> fault_classes{"process", "way", "time"};

[[nodiscard]] constexpr std::size_t class_of(sim::fault_kind kind) noexcept {
    return sim::is_of_link(kind) ? 1 : sim::is_of_time(kind) ? 2 : 0;
}

/// 0 of nothing.
[[nodiscard]] double share_of(duration part, duration whole) noexcept;

/// Two digits are enough for a label: `36 s`, `4.2 min`.
[[nodiscard]] std::string brief(duration span);

/// The common part of both kinds of lanes. The timeline must outlive it.
class lane_frame {
public:
    lane_frame(const timeline& shown, std::size_t index)
        : length_{shown.length}, lane_{&shown.lanes[index]}, number_{index} {}

protected:
    static constexpr auto unknown = static_cast<std::size_t>(target_status::unknown);
    static constexpr auto up = static_cast<std::size_t>(target_status::up);
    static constexpr auto suspect = static_cast<std::size_t>(target_status::suspect);
    static constexpr auto down = static_cast<std::size_t>(target_status::down);

    [[nodiscard]] double x_of(duration moment) const noexcept {
        return plot_left + plot_width * share_of(moment, length_);
    }
    [[nodiscard]] bool concerns(const sim::fault& fault) const noexcept {
        return fault.server == number_;
    }
    [[nodiscard]] const std::vector<timeline_column>& columns() const noexcept {
        return lane_->columns();
    }

    /// How often on_server_down was called.
    [[nodiscard]] std::uint32_t downs() const noexcept;
    /// `19 downs`.
    [[nodiscard]] std::string downs_caption() const;

    void draw_name(svg_text& picture, double top) const;
    static void draw_caption(svg_text& picture, double baseline, std::string_view text);

private:
    duration length_;
    const timeline_lane* lane_;
    std::size_t number_;
};

/// One fault as a box in one of several rows, and where its label is.
struct fault_box {
    enum class place : std::uint8_t { nowhere, inside, right, left };

    double left;
    double width;
    std::string label;
    std::string hint;
    std::string_view kind;
    std::size_t row = 0;
    place labelled = place::nowhere;

    [[nodiscard]] double right() const noexcept { return left + width; }
};

/// Puts each box into the first row with room for the box and its label, or else with room for the
/// box.
class fault_rows {
public:
    static constexpr std::size_t rows_max = 6;

    fault_rows() noexcept { taken_.fill(plot_left - 6); }

    void add(fault_box box);

    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    [[nodiscard]] const std::vector<fault_box>& boxes() const noexcept { return boxes_; }

    /// How many boxes had no room in any row, and overlap others.
    [[nodiscard]] std::size_t crammed() const noexcept { return crammed_; }

private:
    bool put(fault_box& box, double from, double until, fault_box::place label);

    std::array<double, rows_max> taken_; // the end of the used part
    std::size_t count_ = 1;
    std::vector<fault_box> boxes_;
    std::size_t crammed_ = 0;
};

/// A lane that shows each fault and each call.
class detailed_lane : lane_frame {
public:
    detailed_lane(const timeline& shown, std::size_t index);

    /// Whether there are too many faults or calls for such a lane.
    [[nodiscard]] bool too_crowded() const noexcept;

    [[nodiscard]] double height() const noexcept;
    void draw(svg_text& picture, double top) const;

private:
    // One or more calls of on_server_down that are too near to be distinguished, or of
    // on_server_up.
    struct mark {
        double x;
        std::uint32_t downs;               // 0: on_server_up
        std::uint32_t baseless;            // of the downs, those without an outage
        std::optional<duration> latency{}; // the worst of those that are detections
        std::string label{};
        double label_x = 0;
        bool label_ends = false; // at `label_x`; otherwise it begins there

        [[nodiscard]] bool is_down() const noexcept { return downs > 0; }
        [[nodiscard]] std::string count() const;
        [[nodiscard]] double end() const;
    };

    [[nodiscard]] std::vector<mark> find_marks() const;
    void label_marks();
    bool place_label(std::size_t index, double before, double& taken);
    void draw_faults(svg_text& picture, double top) const;
    void draw_marks(svg_text& picture, double top) const;
    void draw_truth(svg_text& picture, double top) const;
    void draw_band(svg_text& picture, double top) const;
    void draw_checks(svg_text& picture, double top) const;

    fault_rows rows_;
    std::vector<mark> marks_;
    bool counts_hidden_ = false; // there is no room for the number of downs of a mark
};

/// A lane in which too much happens: bars of several columns each.
class crowded_lane : lane_frame {
public:
    static constexpr std::size_t bar_columns = 10;

    crowded_lane(const timeline& shown, std::size_t index);

    [[nodiscard]] static double height() noexcept;
    void draw(svg_text& picture, double top) const;

private:
    struct bar {
        std::array<double, fault_classes.size()> faults{};
        timeline_column sum{};

        [[nodiscard]] double checks() const noexcept;
    };

    /// A part of each bar: its kind, and how much of it there is.
    struct layer {
        std::string_view kind;
        double (*value)(const bar&);
        std::string_view noun{}; // of the counted things, for a user who points at them
    };

    [[nodiscard]] double draw_bars(svg_text& picture, double top, std::string_view caption,
                                   std::string_view unit, const std::vector<layer>& layers) const;
    void draw_truth(svg_text& picture, double top, double scale) const;

    std::array<bar, timeline_lane::columns_count / bar_columns> bars_{};
};

} // namespace forest::cli

#endif
