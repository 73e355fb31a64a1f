// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_RULES_CLIENT_RULES_HPP
#define FOREST_SIM_RULES_CLIENT_RULES_HPP

#include <forest/core/detail/logic/check_watch.hpp>
#include <forest/core/detail/logic/timestamp_sequence.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/rules/client_view.hpp>
#include <forest/sim/trace/violation.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

// The rules for one client in a simulated world. They compute from the options and from the events
// so far what has to happen next. They know the truth about the world, but not how the client
// works.

namespace forest::inline FOREST_FORM::sim {

/// Compares one client with the rules B1–B3, B6–B10, B12 and B14 and with the truth. Pass every
/// event of the client, in order. The comparison continues after a violation, but only the first
/// violation is kept. Not thread-safe.
class client_rules {
public:
    using backoff_function = std::function<duration(int, duration)>;

    /// `client` is the name of the client in violations. `settings` and `backoff` are those of the
    /// client.
    client_rules(std::string client, const options& settings, backoff_function backoff,
                 client_view view);

    /// The client reported an event.
    void reported(const event& happened);

    /// A callback for the beginning or the end of an outage was called. The calls have to agree
    /// with the events.
    void called_down();
    void called_up();

    /// The application has stopped the client, and the call has returned.
    void stopped() { stopped_ = true; }

    /// A request was sent while `in_flight` others were in flight. A check may have a second one
    /// after half of its timeout.
    void sent(int in_flight);

    /// Call it when nothing was disturbed for so long that the client must know the truth. `well`
    /// means that all checks succeed. `rested` means that nothing was disturbed for another
    /// `longest_round`.
    void settle(target_status status, bool well, bool rested);

    [[nodiscard]] const std::optional<violation>& found() const noexcept { return found_; }

private:
    void violated(std::string rule, std::string explanation);

    void require(bool holds, const char* rule, const char* explanation) {
        if (!holds)
            violated(rule, explanation);
    }

    static bool is_of_checks(event_kind kind) noexcept;

    // The client reports an event, and then calls its callback, before anything else happens.
    void require_calls();

    void started(const event& happened);

    bool must_succeed() const { return view_.must_succeed() && view_.accepted(signed_as_); }

    // Returns whether the world was the same from the beginning of the check to its end.
    bool constant() const;

    void end_check();

    void succeeded(const event& happened);

    void failed(const event& happened);

    // Returns whether the client was certainly late: the wake-up for the check was later than
    // tolerated, or its end.
    bool doubtful() const;

    // Returns whether the client may have been late, at any wake-up of the check.
    bool may_be_late() const;

    // Returns whether the host was disturbed shortly before the check. A wait of the watch over
    // checks may have begun then, and ends late in this check. The client cannot know that.
    bool was_disturbed_before() const;

    void doubted(const event& happened);

    // Returns whether the present check may have more time than usual.
    bool patient() const { return doubts_ > 0 && doubts_ >= options_.doubt_max; }

    void went_down(const event& happened, bool owed);

    void came_back(const event& happened, bool owed);

    // The next check is due `delay` after `start`; with a jitter the exact time is unknown. A check
    // that is overdue is due now, and the schedule continues from it.
    void scheduled(steady_time start, duration delay);

    // The rounding error when a duration is converted to the time of a drifting clock and back.
    static constexpr duration rounding = std::chrono::microseconds{1};

    std::string client_;
    options options_;
    backoff_function backoff_;
    client_view view_;
    std::optional<violation> found_;
    std::optional<event_kind> expected_; // the event that has to be next
    std::optional<steady_time> due_;
    std::optional<steady_time> latest_; // the deadline of the check's next step, in timer time
    forest::detail::timestamp_sequence timestamps_; // the same sequence as in the client
    wall_time signed_as_{};
    steady_time began_{};
    steady_time first_failed_at_{};
    duration late_{};
    bool certain_ = true;       // due_ is exact
    bool exact_ = true;         // when the check began, timers ended when due
    bool inconclusive_ = false; // the last check was
    bool checking_ = false;
    bool down_ = false;
    bool stopped_ = false;
    bool succeeds_ = false; // a check that began at the same time as the current one must succeed
    bool fails_ = false;    // a check that began at the same time must fail
    std::uint64_t rate_changes_ = 0; // when the check began
    std::uint64_t changes_at_begin_ = 0;
    std::uint64_t host_changes_ = 0;
    std::optional<steady_time> disturbed_at_; // when a check first noticed it
    int doubts_ = 0;                          // checks in a row that were inconclusive
    int attempts_ = 0;
    int failures_ = 0;
    int successes_ = 0;
    std::uint64_t last_outage_ = 0;
    outage outage_{};
    std::uint64_t downs_ = 0;
    std::uint64_t ups_ = 0;
    std::uint64_t down_calls_ = 0;
    std::uint64_t up_calls_ = 0;
};

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/rules/impl/client_rules.ipp>
#endif

#endif
