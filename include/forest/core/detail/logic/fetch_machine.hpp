// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_FETCH_MACHINE_HPP
#define FOREST_CORE_DETAIL_LOGIC_FETCH_MACHINE_HPP

#include <forest/core/options.hpp>
#include <forest/core/time.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>

// When a datasource fetches its schema (B31), decided without doing it. A fetch is owed from the
// start, again from each recovery, and when a content has to come again (B36), until one has ended
// well; it is tried while the server answers its checks, and never beside another one.

namespace forest::detail {

/// What has happened to a datasource: an input of its fetch_machine.
enum class fetch_input : std::uint8_t {
    started,         ///< once, and first
    recovered,       ///< the server came back from an outage
    check_succeeded, ///< a health check did, or showed that an agent answers
    check_failed,    ///< one that counts
    woke,            ///< the wait asked for has ended
    fetched,         ///< the fetch asked for ended with the schema
    failed,          ///< it ended without one
    polled,          ///< a health check was a poll of the schema, and has brought it
};

/// What the driver has to do next.
struct fetch_action {
    enum class kind : std::uint8_t {
        none,  ///< nothing; a wait or fetch asked for before goes on
        fetch, ///< fetch, then step with `fetched` or `failed`; a pending wait is void
        wait,  ///< wait for `delay`, then step with `woke`
    };

    kind what = kind::none;
    duration delay = duration::zero(); ///< for `wait`; greater than 0
};

/// One datasource's state. A value; not thread-safe.
template <std::regular_invocable<int, duration> Backoff>
class fetch_machine {
public:
    /// `interval` is that of the health checks, to which the backoff relates its answer.
    fetch_machine(const Backoff& backoff, duration interval) noexcept
        : backoff_{backoff}, interval_{interval} {}

    /// `again`, for `fetched` and `polled`: after how long the schema has to be fetched once more;
    /// 0 if there is no need.
    [[nodiscard]] fetch_action step(fetch_input input, steady_time now,
                                    duration again = duration::zero()) noexcept {
        switch (input) {
        case fetch_input::started: return fetch();
        case fetch_input::recovered:
            answering_ = true;
            failures_ = 0;
            // An answer under way may be from before the outage.
            owed_again_ = phase_ == phase::fetching;
            return owed_again_ ? fetch_action{} : fetch();
        case fetch_input::check_succeeded:
            answering_ = true;
            return phase_ == phase::parked ? fetch() : fetch_action{};
        case fetch_input::check_failed: answering_ = false; return {};
        case fetch_input::woke:
            if (phase_ != phase::waiting)
                return {};
            if (now < due_)
                return wait_until_due(now);
            return fetch_if_answering();
        case fetch_input::fetched:
            failures_ = 0;
            if (owed_again_)
                return fetch_if_answering();
            return settle(now, again);
        case fetch_input::polled:
            answering_ = true;
            // The fetch under way will know more than the poll that has just ended.
            return phase_ == phase::fetching ? fetch_action{} : settle(now, again);
        case fetch_input::failed:
            if (owed_again_)
                return fetch_if_answering();
            failures_ = failures_ == failures_max ? failures_ : failures_ + 1;
            return answering_ ? retry(now) : park();
        }
        return {};
    }

private:
    enum class phase : std::uint8_t {
        settled, // nothing is owed
        fetching,
        waiting, // for the time of the next fetch
        parked,  // until a check succeeds
    };

    fetch_action fetch() noexcept {
        phase_ = phase::fetching;
        owed_again_ = false;
        return {.what = fetch_action::kind::fetch};
    }

    fetch_action fetch_if_answering() noexcept { return answering_ ? fetch() : park(); }

    fetch_action park() noexcept {
        phase_ = phase::parked;
        return {};
    }

    fetch_action settle(steady_time now, duration again) noexcept {
        if (again == duration::zero()) {
            phase_ = phase::settled;
            return {};
        }
        // A wait that ends before then is let go on, so that polls do not begin one each.
        const bool pending = phase_ == phase::waiting && wakes_at_ <= now + again;
        phase_ = phase::waiting;
        due_ = now + again;
        return pending ? fetch_action{} : wait_until_due(now);
    }

    fetch_action retry(steady_time now) noexcept {
        const duration delay = backoff_(failures_, interval_);
        phase_ = phase::waiting;
        due_ = now + std::clamp<duration>(delay, delay_min, options::duration_max);
        return wait_until_due(now);
    }

    fetch_action wait_until_due(steady_time now) noexcept {
        wakes_at_ = due_;
        return {.what = fetch_action::kind::wait, .delay = due_ - now};
    }

    static constexpr duration delay_min = std::chrono::milliseconds{1};
    static constexpr int failures_max = std::numeric_limits<int>::max();

    [[no_unique_address]] Backoff backoff_;
    duration interval_;
    steady_time due_{};      // of the next fetch, while waiting
    steady_time wakes_at_{}; // when the wait ends that was asked for last
    int failures_ = 0;       // of fetches, consecutive
    phase phase_ = phase::settled;
    bool answering_ = false;  // the last check succeeded
    bool owed_again_ = false; // the server came back while a fetch was under way
};

} // namespace forest::detail

#endif
