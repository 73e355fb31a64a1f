// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_RULES_OUTAGE_COUNTER_HPP
#define FOREST_SIM_RULES_OUTAGE_COUNTER_HPP

#include <forest/core/detection.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>

// Compares the true outages of a target with those that its client reported. docs/tool.md defines
// the words.

namespace forest::inline FOREST_FORM::sim {

/// How many true outages of targets were detected, and how many reports were right.
struct outage_counts {
    std::uint64_t obliged = 0;          ///< true outages that the rules require to be detected
    std::uint64_t obliged_detected = 0; ///< those of them that were detected
    std::uint64_t excused = 0;          ///< all other true outages
    std::uint64_t excused_detected = 0; ///< those of them that were detected
    std::uint64_t false_positives = 0;  ///< downs that were reported without an outage
    std::uint64_t reported_again = 0;   ///< downs of an outage that was reported before
    std::uint64_t beyond_bound = 0;     ///< detections that took longer than promised

    [[nodiscard]] std::uint64_t missed() const noexcept { return obliged - obliged_detected; }

    outage_counts& operator+=(const outage_counts& other) noexcept;

    friend bool operator==(const outage_counts&, const outage_counts&) = default;
};

/// What a reported server_down means.
enum class down_meaning : std::uint8_t {
    detection,      ///< an outage is detected
    again,          ///< the same outage as before: a check had succeeded by chance, or late
    false_positive, ///< there is no outage
};

/// The truth about a target at one moment.
struct target_state {
    bool down = false;        ///< a check that begins now must fail
    bool client_sound = true; ///< the client's host runs, and its steady clock has the right rate
    std::uint64_t host_changes = 0; ///< counts the disturbances of the client's host
};

namespace detail {

struct true_outage {
    duration began{};
    duration ended{};
    bool ongoing = true;
    bool client_sound = true; ///< when it began
    bool detected = false;    ///< the client reported the server as down during the outage
    duration disturbed_at = duration::max(); ///< when the client's host was first disturbed
    std::uint64_t host_changes = 0;
    std::optional<duration> latency{};
};

} // namespace detail

/// Counts the outages of one target, and those that its client reported. Pass it the truth whenever
/// the truth may have changed, and the reports of the client, in order. All times are since the
/// beginning of the simulation. Not thread-safe.
class outage_counter {
public:
    /// An outage that lasts as long as the worst case of `bound` has to be detected.
    explicit outage_counter(const detection_bound& bound) noexcept : bound_{bound.black_holed} {}

    /// Takes the truth at `now`.
    void update(duration now, const target_state& state);

    /// The server was restarted at `now`: all checks in flight fail, and later checks need not
    /// fail.
    void strike(duration now, const target_state& state);

    /// A check that began in an outage has succeeded. So that outage has ended, and the rest is a
    /// new outage.
    void interrupt(duration now, const target_state& state);

    void check_began(duration now) noexcept { check_began_ = now; }

    void check_succeeded() noexcept { failing_since_.reset(); }

    /// The client reported a failure that counts.
    void check_failed() noexcept {
        if (!failing_since_)
            failing_since_ = check_began_;
    }

    /// The client reported server_down. The report is about the last outage if a failed check
    /// overlaps that outage.
    down_meaning down_reported(duration now);

    /// The time from the beginning of the last outage until the report.
    [[nodiscard]] duration latency() const noexcept;

    /// The client reported server_up. A check that was in flight when an outage began may still end
    /// the previous outage.
    void up_reported() noexcept;

    /// The simulation ends. An outage that has not ended yet ends, too.
    void finish(duration now);

    /// The counts so far; complete after `finish`.
    [[nodiscard]] const outage_counts& counts() const noexcept { return counts_; }

    /// Whether the last truth was an outage.
    [[nodiscard]] bool ongoing() const noexcept { return last_ && last_->ongoing; }

    /// Returns when the first required detection became overdue (B4: an outage is detected within
    /// the promised bound); empty if there was none.
    [[nodiscard]] const std::optional<duration>& overdue() const noexcept { return overdue_; }

private:
    // If an outage begins at the moment at which another one ends, both are the same outage.
    void begin(duration now, const target_state& state);

    void end(duration now);

    // The last outage is counted only when the next one begins, because a check that was in flight
    // at its end may still detect it.
    void count();

    duration bound_;
    std::optional<detail::true_outage> last_;
    bool reported_down_ = false;
    duration check_began_{};
    std::optional<duration> failing_since_; // the beginning of the first check that failed
    outage_counts counts_;
    std::optional<duration> overdue_;
};

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/rules/impl/outage_counter.ipp>
#endif

#endif
