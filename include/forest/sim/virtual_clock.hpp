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

/// Tells the time of an event_queue and wakes by it. Copies share the wall clock and the waits.
/// Models `clock`.
class virtual_clock {
public:
    /// The wall clock that a simulation begins with: 2026-01-01T00:00:00Z.
    static constexpr wall_time epoch{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};

    explicit virtual_clock(event_queue& queue) : state_{std::make_shared<state>(queue)} {}

    [[nodiscard]] wall_time now() const {
        return epoch + state_->wall_offset +
               std::chrono::floor<wall_time::duration>(steady_now().time_since_epoch());
    }

    [[nodiscard]] steady_time steady_now() const { return state_->queue.now(); }

    /// Steps the wall clock, as an administrator or NTP would; the steady clock takes no notice
    /// (B17).
    void step_wall(std::chrono::milliseconds by) { state_->wall_offset += by; }

    template <typename Handler>
    void async_wait(duration delay, Handler&& handler) {
        const std::uint64_t id = state_->next_id++;
        state_->waits.push_back({id, std::forward<Handler>(handler)});
        state_->queue.after(delay, [state = state_, id] { state->finish(id, {}); });
    }

    void cancel() {
        auto canceled = std::exchange(state_->waits, {});
        for (wait& each : canceled)
            state_->queue.after({}, [handler = std::move(each.handler)]() mutable {
                handler(make_error_code(errc::operation_canceled));
            });
    }

    /// How many waits are pending.
    [[nodiscard]] std::size_t pending() const noexcept { return state_->waits.size(); }

private:
    struct wait {
        std::uint64_t id;
        unique_function<void(std::error_code)> handler;
    };

    struct state {
        explicit state(event_queue& on) : queue{on} {}

        void finish(std::uint64_t id, std::error_code ec) {
            const auto found = std::find_if(waits.begin(), waits.end(),
                                            [id](const wait& each) { return each.id == id; });
            if (found == waits.end()) // It was cancelled.
                return;
            auto handler = std::move(found->handler);
            waits.erase(found);
            handler(ec);
        }

        event_queue& queue;
        std::chrono::milliseconds wall_offset{};
        std::uint64_t next_id = 0;
        std::vector<wait> waits;
    };

    std::shared_ptr<state> state_;
};

static_assert(clock<virtual_clock>);

} // namespace forest::sim

#endif
