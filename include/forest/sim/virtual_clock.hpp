// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_VIRTUAL_CLOCK_HPP
#define FOREST_SIM_VIRTUAL_CLOCK_HPP

#include <forest/core/error.hpp>
#include <forest/core/time.hpp>
#include <forest/core/unique_function.hpp>
#include <forest/policy/clock.hpp>
#include <forest/sim/event_queue.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

// The clock of a simulated host: exact, and as fast as the events allow.

namespace forest::sim {

/// Tells the time of an event_queue and wakes by it. A copy shares the wall clock, as programs on
/// one host do, but has waits of its own, so that each client cancels only what it asked for.
/// Models `clock`.
class virtual_clock {
public:
    /// The wall clock that a simulation begins with: 2026-01-01T00:00:00Z.
    static constexpr wall_time epoch{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};

    explicit virtual_clock(event_queue& queue)
        : queue_{&queue}, wall_offset_{std::make_shared<std::chrono::milliseconds>()},
          waits_{std::make_shared<waits>()} {}

    virtual_clock(const virtual_clock& other)
        : queue_{other.queue_}, wall_offset_{other.wall_offset_}, waits_{
                                                                      std::make_shared<waits>()} {}

    virtual_clock(virtual_clock&&) noexcept = default;
    virtual_clock& operator=(const virtual_clock&) = delete;
    virtual_clock& operator=(virtual_clock&&) = delete;
    ~virtual_clock() = default;

    [[nodiscard]] wall_time now() const {
        return epoch + *wall_offset_ +
               std::chrono::floor<wall_time::duration>(steady_now().time_since_epoch());
    }

    [[nodiscard]] steady_time steady_now() const { return queue_->now(); }

    /// The timeline that the clock is on.
    [[nodiscard]] event_queue& queue() const noexcept { return *queue_; }

    /// Steps the wall clock, as an administrator or NTP would; the steady clock takes no notice
    /// (B17).
    void step_wall(std::chrono::milliseconds by) { *wall_offset_ += by; }

    template <typename Handler>
    void async_wait(duration delay, Handler&& handler) {
        const std::uint64_t id = waits_->next_id++;
        waits_->pending.push_back({id, std::forward<Handler>(handler)});
        queue_->after(delay, [waits = waits_, id] { waits->finish(id); });
    }

    void cancel() {
        // The queue owns the handlers from here, and what they hold is freed even if it never runs
        // again.
        for (wait& each : std::exchange(waits_->pending, {}))
            queue_->after({}, [handler = std::move(each.handler)]() mutable {
                handler(make_error_code(errc::operation_canceled));
            });
    }

    /// How many waits of this clock are pending.
    [[nodiscard]] std::size_t pending() const noexcept { return waits_->pending.size(); }

private:
    struct wait {
        std::uint64_t id;
        unique_function<void(std::error_code)> handler;
    };

    struct waits {
        void finish(std::uint64_t id) {
            const auto found = std::find_if(pending.begin(), pending.end(),
                                            [id](const wait& each) { return each.id == id; });
            if (found == pending.end()) // It was cancelled.
                return;
            auto handler = std::move(found->handler);
            pending.erase(found);
            handler(std::error_code{});
        }

        std::vector<wait> pending;
        std::uint64_t next_id = 0;
    };

    event_queue* queue_;
    std::shared_ptr<std::chrono::milliseconds> wall_offset_;
    std::shared_ptr<waits> waits_;
};

static_assert(clock<virtual_clock>);

} // namespace forest::sim

#endif
