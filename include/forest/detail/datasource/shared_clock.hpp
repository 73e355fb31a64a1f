// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_DATASOURCE_SHARED_CLOCK_HPP
#define FOREST_DETAIL_DATASOURCE_SHARED_CLOCK_HPP

#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/clock.hpp>

#include <memory>
#include <utility>

// One clock for several loops that end together. It is needed because some clocks cannot be copied.

namespace forest::inline FOREST_FORM::detail {

/// Copies share the clock and its waits: `cancel()` of one copy ends the waits of all. Models
/// `clock`.
template <clock Clock>
class shared_clock {
public:
    explicit shared_clock(Clock clock) : clock_{std::make_shared<Clock>(std::move(clock))} {}

    [[nodiscard]] wall_time now() const { return std::as_const(*clock_).now(); }
    [[nodiscard]] steady_time steady_now() const { return std::as_const(*clock_).steady_now(); }

    template <typename Handler>
    void async_wait(duration delay, Handler&& handler) {
        clock_->async_wait(delay, std::forward<Handler>(handler));
    }

    void cancel() { clock_->cancel(); }

private:
    std::shared_ptr<Clock> clock_;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
