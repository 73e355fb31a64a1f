// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_SIMULATE_TIMELINE_HPP
#define FOREST_EXAMPLES_TOOL_SIMULATE_TIMELINE_HPP

#include <forest/core/event.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/rules/outage_counter.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// The history of a target as far as a picture can show it. A year has a million checks and a
// picture a thousand columns, so only the content of each column is kept.

namespace forest::cli {

/// The content of one column.
struct timeline_column {
    std::array<duration, 4> in_status{}; ///< how long, by target_status
    duration must_fail{};                ///< how long no check could succeed
    std::uint32_t succeeded = 0;         ///< checks
    std::uint32_t failed = 0;
    std::uint32_t inconclusive = 0;
    std::uint32_t downs = 0;           ///< calls of on_server_down
    std::uint32_t ups = 0;             ///< calls of on_server_up
    std::uint32_t false_positives = 0; ///< of the downs
    std::optional<duration> latency{}; ///< the worst of those that are detections
    duration time{};                   ///< how much of the column has passed

    timeline_column& operator+=(const timeline_column& other) noexcept {
        for (std::size_t status = 0; status < in_status.size(); ++status)
            in_status[status] += other.in_status[status];
        must_fail += other.must_fail;
        succeeded += other.succeeded;
        failed += other.failed;
        inconclusive += other.inconclusive;
        downs += other.downs;
        ups += other.ups;
        false_positives += other.false_positives;
        latency = std::max(latency, other.latency);
        time += other.time;
        return *this;
    }
};

/// The history of one target. Report everything to it in order. Times are since the beginning.
class timeline_lane {
public:
    /// As many columns for each lane as the picture is wide.
    static constexpr std::size_t columns_count = 970;

    timeline_lane(std::string name, duration length)
        : name_{std::move(name)},
          width_{(length + duration{columns_count - 1}) / static_cast<std::int64_t>(columns_count)},
          columns_(columns_count) {}

    /// Whether a check that begins now must fail.
    void truth(duration now, bool must_fail) {
        pass(now);
        must_fail_ = must_fail;
    }

    void reported(duration now, const event& happened) {
        pass(now);
        status_ = happened.status;
        timeline_column& in = at(now);
        switch (happened.kind) {
        case event_kind::check_succeeded: ++in.succeeded; break;
        case event_kind::check_failed: ++in.failed; break;
        case event_kind::check_inconclusive: ++in.inconclusive; break;
        case event_kind::server_up: ++in.ups; break;
        default: break;
        }
    }

    /// on_server_down was called.
    void down(duration now, sim::down_meaning meaning, duration latency) {
        timeline_column& in = at(now);
        ++in.downs;
        if (meaning == sim::down_meaning::detection)
            in.latency = std::max(in.latency.value_or(latency), latency);
        if (meaning == sim::down_meaning::false_positive)
            ++in.false_positives;
    }

    /// Time has passed until `now`.
    void pass(duration now) {
        while (passed_ < now) {
            const duration end = std::min(now, (passed_ / width_ + 1) * width_);
            timeline_column& in = at(passed_);
            in.in_status[static_cast<std::size_t>(status_)] += end - passed_;
            in.must_fail += must_fail_ ? end - passed_ : duration::zero();
            in.time += end - passed_;
            passed_ = end;
        }
    }

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const std::vector<timeline_column>& columns() const noexcept { return columns_; }

private:
    // The very end belongs to the last column.
    timeline_column& at(duration moment) {
        return columns_[std::min(static_cast<std::size_t>(moment / width_), columns_count - 1)];
    }

    std::string name_;
    duration width_; // of a column
    std::vector<timeline_column> columns_;
    target_status status_ = target_status::unknown;
    bool must_fail_ = false;
    duration passed_{};
};

} // namespace forest::cli

#endif
