// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_FETCH_MACHINE_HPP
#define FOREST_CORE_DETAIL_LOGIC_FETCH_MACHINE_HPP

#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>

// Decides when a datasource fetches its schema (B31: after a recovery), and does not fetch itself.
// A fetch is needed at the start, after each recovery, and when a content has to come a second time
// (B36: contents that alternate). It is repeated until it succeeds. A fetch begins only while the
// server answers its checks, and only one runs at a time.

namespace forest::inline FOREST_FORM::detail {

/// An input of a fetch_machine: what has happened to its datasource.
enum class fetch_input : std::uint8_t {
    started,         ///< the first input; it comes once
    recovered,       ///< the server came back from an outage
    check_succeeded, ///< a health check succeeded, or showed that an agent answers
    check_failed,    ///< a health check failed, and the failure counts
    woke,            ///< the requested wait has ended
    fetched,         ///< the requested fetch has ended with the schema
    failed,          ///< the requested fetch has ended without a schema
    polled,          ///< another request, such as a check, has ended with the schema
    hinted,          ///< a held request for the schema has ended without one (B51)
};

/// What the driver has to do.
enum class fetch_action_kind : std::uint8_t {
    none,  ///< nothing; an earlier wait or fetch continues
    fetch, ///< fetch, then step with `fetched` or `failed`; a pending wait is void
    wait,  ///< wait for `delay`, then step with `woke`
};

/// What the driver has to do next.
struct fetch_action {
    fetch_action_kind kind = fetch_action_kind::none;
    duration delay = duration::zero(); ///< for `wait`; greater than 0
};

/// One datasource's state. A value; not thread-safe.
template <std::regular_invocable<int, duration> Backoff>
class fetch_machine {
public:
    /// `interval` is the interval of the health checks. It is an argument of the backoff.
    fetch_machine(const Backoff& backoff, duration interval) noexcept
        : backoff_{backoff}, interval_{interval} {}

    /// `again` is for `fetched` and `polled`: the time after which the schema has to be fetched
    /// once more, or 0 if that is not necessary.
    [[nodiscard]] fetch_action step(fetch_input input, steady_time now,
                                    duration again = duration::zero()) noexcept {
        switch (input) {
        case fetch_input::started: return fetch();
        case fetch_input::recovered:
            answering_ = true;
            failures_ = 0;
            // The answer of a running fetch may be from before the outage.
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
            // A running fetch will return a newer schema than the poll that has just ended.
            return phase_ == phase::fetching ? fetch_action{} : settle(now, again);
        case fetch_input::hinted:
            return phase_ == phase::settled ? fetch_if_answering() : fetch_action{};
        case fetch_input::failed:
            if (owed_again_)
                return fetch_if_answering();
            failures_ = failures_ == failures_max ? failures_ : failures_ + 1;
            return answering_ ? retry(now) : park();
        }
        return {};
    }

    /// Returns whether no fetch is needed, under way or planned.
    [[nodiscard]] bool settled() const noexcept { return phase_ == phase::settled; }

private:
    enum class phase : std::uint8_t {
        settled, // no fetch is needed
        fetching,
        waiting, // for the next fetch
        parked,  // until a check succeeds
    };

    fetch_action fetch() noexcept {
        phase_ = phase::fetching;
        owed_again_ = false;
        return {.kind = fetch_action_kind::fetch};
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
        // A running wait that ends earlier continues, so that not every poll begins a wait.
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
        return {.kind = fetch_action_kind::wait, .delay = due_ - now};
    }

    static constexpr duration delay_min = std::chrono::milliseconds{1};
    static constexpr int failures_max = std::numeric_limits<int>::max();

    [[no_unique_address]] Backoff backoff_;
    duration interval_;
    steady_time due_{};      // of the next fetch, while waiting
    steady_time wakes_at_{}; // the end of the last requested wait
    int failures_ = 0;       // consecutive failed fetches
    phase phase_ = phase::settled;
    bool answering_ = false;  // the last check succeeded
    bool owed_again_ = false; // the server came back while a fetch was under way
};

} // namespace forest::inline FOREST_FORM::detail

#endif
