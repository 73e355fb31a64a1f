// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_ASIO_CLOCK_HPP
#define FOREST_ADAPTERS_ASIO_ASIO_CLOCK_HPP

#include <forest/adapters/asio/executor.hpp>
#include <forest/core/error.hpp>
#include <forest/core/time.hpp>
#include <forest/core/unique_function.hpp>
#include <forest/policy/clock.hpp>

#include <asio/basic_waitable_timer.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <ctime>
#endif

// Real time on an Asio executor. One timer serves all waits of a clock, in the order of their
// deadlines and, where these are equal, in the order in which they were asked for, which Asio's own
// timers do not promise.

namespace forest {

/// Tells real time and wakes on a strand of the executor given. Copies share the strand and the
/// waits. Models `clock`; all members may be called from any thread. The execution context must
/// outlive the clock.
class asio_clock {
public:
    /// Makes a strand of its own on the executor.
    explicit asio_clock(asio::any_io_executor executor)
        : asio_clock{asio::make_strand(std::move(executor))} {}

    explicit asio_clock(asio_executor executor)
        : state_{std::make_shared<state>(std::move(executor))} {}

    /// The strand on which handlers run.
    [[nodiscard]] const asio_executor& get_executor() const noexcept { return state_->executor; }

    [[nodiscard]] wall_time now() const {
        return std::chrono::floor<wall_time::duration>(std::chrono::system_clock::now());
    }

    /// On Linux the clock that goes on while the machine is suspended, so that a suspended laptop
    /// notices (B12); the timer itself does not, and comes late.
    [[nodiscard]] steady_time steady_now() const {
#if defined(CLOCK_BOOTTIME)
        std::timespec now{};
        if (::clock_gettime(CLOCK_BOOTTIME, &now) == 0)
            return steady_time{std::chrono::seconds{now.tv_sec} +
                               std::chrono::nanoseconds{now.tv_nsec}};
#endif
        return std::chrono::steady_clock::now();
    }

    template <typename Handler>
    void async_wait(duration delay, Handler&& handler) {
        const std::lock_guard lock{state_->mutex};
        const auto deadline = state::timer_clock::now() + std::max(delay, duration::zero());
        const bool earliest =
            state_->push({deadline, state_->next_sequence++, std::forward<Handler>(handler)});
        if (earliest)
            state_->arm();
    }

    void cancel() {
        const std::lock_guard lock{state_->mutex};
        // Moved into the executor, which then owns what the handlers hold, whether or not it ever
        // runs again.
        for (wait& each : std::exchange(state_->waits, {}))
            asio::post(state_->executor, [handler = std::move(each.handler)]() mutable {
                handler(make_error_code(errc::operation_canceled));
            });
        state_->timer.cancel();
    }

private:
    struct wait {
        std::chrono::steady_clock::time_point deadline;
        std::uint64_t sequence;
        unique_function<void(std::error_code)> handler;
    };

    struct state : std::enable_shared_from_this<state> {
        using timer_clock = std::chrono::steady_clock;

        explicit state(asio_executor on) : executor{std::move(on)}, timer{executor} {}

        static bool later(const wait& left, const wait& right) noexcept {
            return left.deadline != right.deadline ? left.deadline > right.deadline
                                                   : left.sequence > right.sequence;
        }

        // Whether the new wait is the first to end.
        bool push(wait&& fresh) {
            const std::uint64_t sequence = fresh.sequence;
            waits.push_back(std::move(fresh));
            std::push_heap(waits.begin(), waits.end(), later);
            return waits.front().sequence == sequence;
        }

        void arm() {
            timer.expires_at(waits.front().deadline);
            timer.async_wait([self = this->shared_from_this()](std::error_code ec) {
                if (!ec)
                    self->wake();
            });
        }

        // Ends what is due, one handler at a time and outside the lock. What handlers ask for
        // meanwhile waits for its turn on the executor.
        void wake() {
            const auto now = timer_clock::now();
            for (;;) {
                std::unique_lock lock{mutex};
                if (waits.empty())
                    return;
                if (waits.front().deadline > now)
                    return arm();
                std::pop_heap(waits.begin(), waits.end(), later);
                auto handler = std::move(waits.back().handler);
                waits.pop_back();
                lock.unlock();
                handler(std::error_code{});
            }
        }

        asio_executor executor;
        std::mutex mutex;
        asio::basic_waitable_timer<timer_clock, asio::wait_traits<timer_clock>, asio_executor>
            timer;
        std::vector<wait> waits;
        std::uint64_t next_sequence = 0;
    };

    std::shared_ptr<state> state_;
};

static_assert(clock<asio_clock>);

} // namespace forest

#endif
