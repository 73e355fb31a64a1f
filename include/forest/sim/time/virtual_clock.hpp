// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_TIME_VIRTUAL_CLOCK_HPP
#define FOREST_SIM_TIME_VIRTUAL_CLOCK_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/error.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/clock.hpp>
#include <forest/sim/time/event_queue.hpp>
#include <forest/sim/time/host.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

// The clock of a simulated host, as programs see it: as right as the host's clocks are, and as fast
// as the events allow.

namespace forest::sim {

/// Tells the time of a host and wakes by it. A copy shares the host, as programs on one host do,
/// but has waits of its own, so that each client cancels only what it asked for. Models `clock`.
class virtual_clock {
public:
    /// The wall clock that a simulation begins with: 2026-01-01T00:00:00Z.
    static constexpr wall_time epoch = host::epoch;

    /// The clock of a host that has no other business.
    explicit virtual_clock(event_queue& queue) : virtual_clock{std::make_shared<host>(queue)} {}

    /// The clock of `on`, which must outlive it and all its waits.
    explicit virtual_clock(host& on)
        : virtual_clock{std::shared_ptr<host>{std::shared_ptr<void>{}, &on}} {}

    virtual_clock(const virtual_clock& other) : virtual_clock{other.waits_->on} {}

    virtual_clock(virtual_clock&&) noexcept = default;
    virtual_clock& operator=(const virtual_clock&) = delete;
    virtual_clock& operator=(virtual_clock&&) = delete;
    ~virtual_clock() = default;

    [[nodiscard]] wall_time now() const { return waits_->on->now(); }

    [[nodiscard]] steady_time steady_now() const { return waits_->on->steady_now(); }

    /// The timeline that the clock is on.
    [[nodiscard]] event_queue& queue() const noexcept { return waits_->on->queue(); }

    /// Steps the wall clock of the host, as an administrator or NTP would; the steady clock takes
    /// no notice (B17).
    void step_wall(std::chrono::milliseconds by) { waits_->on->step_wall(by); }

    /// A delay beyond `options::duration_max` ends when that has passed.
    template <typename Handler>
    void async_wait(duration delay, Handler&& handler) {
        const duration length = std::clamp(delay, duration::zero(), options::duration_max);
        const std::uint64_t id = waits_->next_id++;
        waits_->pending.push_back(
            {id, waits_->on->timer_now() + length, std::forward<Handler>(handler)});
        schedule(waits_, id, length);
    }

    /// On a host that stands still, the handlers are called when it goes on.
    void cancel() {
        // The queue owns the handlers from here, and what they hold is freed even if it never runs
        // again.
        for (wait& each : std::exchange(waits_->pending, {}))
            queue().after({}, [on = waits_->on, handler = std::move(each.handler)]() mutable {
                on->when_running([handler = std::move(handler)]() mutable {
                    handler(make_error_code(errc::operation_canceled));
                });
            });
    }

    /// How many waits of this clock are pending.
    [[nodiscard]] std::size_t pending() const noexcept { return waits_->pending.size(); }

private:
    struct wait {
        std::uint64_t id;
        steady_time due; // by the clock of timers
        forest::detail::unique_function<void(std::error_code)> handler;
    };

    struct waits {
        explicit waits(std::shared_ptr<host> of) : on{std::move(of)} {}

        std::shared_ptr<host> on;
        std::vector<wait> pending;
        std::uint64_t next_id = 0;
    };

    explicit virtual_clock(std::shared_ptr<host> on)
        : waits_{std::make_shared<waits>(std::move(on))} {}

    static void schedule(const std::shared_ptr<waits>& of, std::uint64_t id, duration length) {
        // `of` alone would be captured as a constant, and copied wherever it ought to be moved.
        of->on->queue().after(of->on->true_span(length), [of = of, id]() mutable {
            host& on = *of->on;
            on.when_running([of = std::move(of), id] { finish(of, id); });
        });
    }

    // A clock that is not exact may be asked to wake twice for one deadline, a nanosecond apart. So
    // whichever comes first ends all that was due before, and what was asked before.
    static void finish(const std::shared_ptr<waits>& of, std::uint64_t id) {
        const auto found = std::find_if(of->pending.begin(), of->pending.end(),
                                        [id](const wait& each) { return each.id == id; });
        if (found == of->pending.end()) // It was cancelled, or has ended with another.
            return;
        // The clock has gone more slowly than when the wait began, or stood still.
        if (const duration left = found->due - of->on->timer_now(); left > duration::zero())
            return schedule(of, id, left);
        const auto next = std::min_element(of->pending.begin(), of->pending.end(), sooner);
        const bool last = next->id == id;
        auto handler = std::move(next->handler);
        of->pending.erase(next);
        if (!last) // Behind what it may have to wait for, if the handler stops the host.
            of->on->queue().after({}, [of = of, id]() mutable {
                host& on = *of->on;
                on.when_running([of = std::move(of), id] { finish(of, id); });
            });
        handler(std::error_code{});
    }

    static bool sooner(const wait& left, const wait& right) noexcept {
        return left.due != right.due ? left.due < right.due : left.id < right.id;
    }

    std::shared_ptr<waits> waits_;
};

static_assert(clock<virtual_clock>);

} // namespace forest::sim

#endif
