// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_RULES_OUTAGE_LEDGER_HPP
#define FOREST_SIM_RULES_OUTAGE_LEDGER_HPP

#include <forest/core/detection.hpp>
#include <forest/core/time.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>

// Compares what is true of a target with what its client told of it. docs/tool.md defines the
// words.

namespace forest::sim {

/// What came of the true outages of targets, and of what was told.
struct outage_counts {
    std::uint64_t obliged = 0;          ///< true outages in which the rules oblige a detection
    std::uint64_t obliged_detected = 0; ///< of them
    std::uint64_t excused = 0;          ///< true outages in which they do not
    std::uint64_t excused_detected = 0; ///< of them
    std::uint64_t false_positives = 0;  ///< downs that were told of no outage
    std::uint64_t told_again = 0;       ///< downs of an outage that was told before
    std::uint64_t beyond_bound = 0;     ///< detections that took longer than promised

    [[nodiscard]] std::uint64_t missed() const noexcept { return obliged - obliged_detected; }

    outage_counts& operator+=(const outage_counts& other) noexcept {
        obliged += other.obliged;
        obliged_detected += other.obliged_detected;
        excused += other.excused;
        excused_detected += other.excused_detected;
        false_positives += other.false_positives;
        told_again += other.told_again;
        beyond_bound += other.beyond_bound;
        return *this;
    }

    friend bool operator==(const outage_counts&, const outage_counts&) = default;
};

/// What a down that was told says.
enum class down_meaning : std::uint8_t {
    detection,      ///< an outage is detected
    again,          ///< the same as before: a check had succeeded by chance, or late
    false_positive, ///< nothing that is true
};

/// How a target is at a moment.
struct target_state {
    bool down = false;   ///< a check that begins now must fail
    bool watched = true; ///< the client's host runs, and its steady clock is neither fast nor slow
    std::uint64_t host_changes = 0; ///< counts what is done to the client's host
};

namespace detail {

struct true_outage {
    duration began{};
    duration ended{};
    bool ongoing = true;
    bool watched = true;   ///< when it began
    bool detected = false; ///< the client said that it was down, at some moment of it
    duration disturbed_at = duration::max(); ///< something was done to the client's host
    std::uint64_t host_changes = 0;
    std::optional<duration> latency{};
};

} // namespace detail

/// Counts the outages of one target, and which of them its client told of. Feed it the truth
/// whenever it may have changed, and what the client tells, in order. Times are those of the
/// simulation, since its beginning.
class outage_ledger {
public:
    /// An outage that lasts as long as `bound` says of the worst case obliges to a detection.
    explicit outage_ledger(const detection_bound& bound) noexcept : bound_{bound.black_holed} {}

    /// The truth at `now`.
    void observe(duration now, const target_state& state) {
        if (state.down)
            begin(now, state);
        else if (last_ && last_->ongoing)
            end(now);
        if (!last_ || !last_->ongoing)
            return;
        if (state.host_changes != last_->host_changes)
            last_->disturbed_at = std::min(last_->disturbed_at, now);
        if (told_down_)
            last_->detected = true;
    }

    /// All checks under way at `now` fail, and no other need.
    void strike(duration now, const target_state& state) {
        if (last_ && last_->ongoing)
            return;
        target_state struck = state;
        struck.down = true;
        observe(now, struck);
        observe(now, state);
    }

    /// A check that began in an outage has succeeded: what was wrong then has ended, and the rest
    /// is another outage.
    void interrupt(duration now, const target_state& state) {
        if (!ongoing() || check_began_ < last_->began)
            return;
        end(now);
        count();
        observe(now, state);
    }

    void check_began(duration now) noexcept { check_began_ = now; }

    void check_succeeded() noexcept { failing_since_.reset(); }

    /// A failure that counts.
    void check_failed() noexcept {
        if (!failing_since_)
            failing_since_ = check_began_;
    }

    /// It is told of the last outage if that touches any of the checks that failed.
    down_meaning down_told(duration now) {
        told_down_ = true;
        if (!last_ || !(last_->ongoing || last_->ended >= failing_since_.value_or(now))) {
            ++counts_.false_positives;
            return down_meaning::false_positive;
        }
        last_->detected = true;
        if (last_->latency) {
            ++counts_.told_again;
            return down_meaning::again;
        }
        last_->latency = now - last_->began;
        if (*last_->latency > bound_)
            ++counts_.beyond_bound;
        return down_meaning::detection;
    }

    /// From the beginning of the last outage until it was told.
    [[nodiscard]] duration latency() const noexcept {
        return last_ ? last_->latency.value_or(duration::zero()) : duration::zero();
    }

    /// A check that was under way when an outage began may still end the one before.
    void up_told() noexcept {
        told_down_ = false;
        if (last_ && last_->ongoing)
            last_->detected = last_->latency.has_value();
    }

    /// The simulation ends; so does an outage that is under way.
    void finish(duration now) {
        if (last_ && last_->ongoing)
            end(now);
        count();
    }

    /// Complete after `finish`.
    [[nodiscard]] const outage_counts& counts() const noexcept { return counts_; }

    /// Whether an outage is under way, as far as it was observed.
    [[nodiscard]] bool ongoing() const noexcept { return last_ && last_->ongoing; }

    /// When a detection was overdue that the rules oblige, and had not come (B4).
    [[nodiscard]] const std::optional<duration>& overdue() const noexcept { return overdue_; }

private:
    // One that begins the moment another ends is the same one.
    void begin(duration now, const target_state& state) {
        if (last_ && (last_->ongoing || last_->ended == now)) {
            last_->ongoing = true;
            return;
        }
        count();
        last_.emplace();
        last_->began = now;
        last_->watched = state.watched;
        last_->host_changes = state.host_changes;
    }

    void end(duration now) {
        last_->ongoing = false;
        last_->ended = now;
    }

    // What became of the last outage is known when the next one begins: a check that was under way
    // when it ended may have told of it.
    void count() {
        if (!last_)
            return;
        const detail::true_outage& of = *last_;
        const bool obliged = of.watched && std::min(of.ended, of.disturbed_at) - of.began >= bound_;
        if (obliged) {
            ++counts_.obliged;
            counts_.obliged_detected += of.detected ? 1 : 0;
            const bool late = of.latency && *of.latency > bound_;
            if ((!of.detected || late) && !overdue_)
                overdue_ = of.began + bound_;
        } else {
            ++counts_.excused;
            counts_.excused_detected += of.detected ? 1 : 0;
        }
        last_.reset();
    }

    duration bound_;
    std::optional<detail::true_outage> last_;
    bool told_down_ = false;
    duration check_began_{};
    std::optional<duration> failing_since_; // the beginning of the first check that failed
    outage_counts counts_;
    std::optional<duration> overdue_;
};

} // namespace forest::sim

#endif
