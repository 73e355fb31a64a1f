// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_SUPPORT_LATE_POLICIES_HPP
#define FOREST_TESTS_SUPPORT_LATE_POLICIES_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/clock.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/time/event_queue.hpp>
#include <forest/sim/time/virtual_clock.hpp>

#include <memory>
#include <system_error>
#include <utility>

// A clock and a transport that come too late to cancel: the completion is on its way already, and
// arrives although it is void. On a real event loop that is what happens when the socket or the
// timer was ready before `cancel` was called, and the handler waits for its turn.

namespace forest::tests {

/// How many completions came after they were cancelled.
struct void_completions {
    int waits = 0;
    int gets = 0;
};

/// A virtual clock with a `cancel` that has no effect: each wait ends when it is due, without an
/// error. Models `clock`, but for that promise.
class late_clock {
public:
    late_clock(sim::event_queue& queue, void_completions& counts)
        : inner_{queue}, counts_{&counts} {}

    [[nodiscard]] wall_time now() const { return inner_.now(); }
    [[nodiscard]] steady_time steady_now() const { return inner_.steady_now(); }

    template <typename Handler>
    void async_wait(duration delay, Handler&& handler) {
        inner_.async_wait(delay, [handler = detail::unique_function<void(std::error_code)>(
                                      std::forward<Handler>(handler)),
                                  counts = counts_, cancels = cancels_,
                                  before = *cancels_](std::error_code) mutable {
            counts->waits += *cancels != before ? 1 : 0;
            handler(std::error_code{});
        });
    }

    void cancel() { ++*cancels_; }

private:
    sim::virtual_clock inner_;
    void_completions* counts_;
    std::shared_ptr<int> cancels_ = std::make_shared<int>(0);
};

static_assert(clock<late_clock>);

/// Any transport, with a `cancel` that has no effect: the reply comes when it would have come.
template <transport Inner>
class late_transport {
public:
    late_transport(Inner inner, void_completions& counts)
        : inner_{std::move(inner)}, counts_{&counts} {}

    template <typename Handler>
    void async_get(const request& get, duration timeout, Handler&& handler) {
        inner_.async_get(
            get, timeout,
            [handler = detail::unique_function<void(const reply&)>(std::forward<Handler>(handler)),
             counts = counts_, cancels = cancels_,
             before = *cancels_](const reply& answer) mutable {
                counts->gets += *cancels != before ? 1 : 0;
                handler(answer);
            });
    }

    void cancel() { ++*cancels_; }

private:
    Inner inner_;
    void_completions* counts_;
    std::shared_ptr<int> cancels_ = std::make_shared<int>(0);
};

} // namespace forest::tests

#endif
