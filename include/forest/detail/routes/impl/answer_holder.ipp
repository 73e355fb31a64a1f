// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_ROUTES_IMPL_ANSWER_HOLDER_IPP
#define FOREST_DETAIL_ROUTES_IMPL_ANSWER_HOLDER_IPP

#include <forest/detail/routes/answer_holder.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <utility>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL void answer_holder::use(route_clock* clock, std::weak_ptr<answer_holder> self) {
    held_answers::map dropped; // destroyed outside the lock
    const std::lock_guard lock{mutex_};
    if (clock_ != nullptr && armed_)
        stop_waiting();
    clock_ = clock;
    self_ = std::move(self);
    dropped = held_.take_all();
}

FOREST_DECL std::optional<std::chrono::seconds>
answer_holder::offer(const std::optional<ip_address>& peer) const {
    const std::lock_guard lock{mutex_};
    if (clock_ == nullptr || !held_.has_room(peer))
        return std::nullopt;
    return held_.granted(std::chrono::seconds::max());
}

FOREST_DECL bool answer_holder::hold(held_request&& request, held_keeper keep) {
    held_answers::map refused; // destroyed outside the lock
    const std::lock_guard lock{mutex_};
    if (clock_ == nullptr || request.has_news(route_.versions()))
        return false;
    const steady_time now = clock_->steady_now();
    const std::optional<held_key> place = held_.add(std::move(request), now);
    if (!place)
        return false;
    // A change that comes now finds the place, because `news` needs the lock.
    try {
        held_request& held = held_.at(*place);
        held.respond = keep([kept = self_, place = *place](hold_end why) {
            if (const std::shared_ptr<answer_holder> holder = kept.lock())
                holder->end(place, why);
        });
        if (held.respond && arm(now))
            return true;
    } catch (const std::bad_alloc&) { // It is not held.
    }
    refused = held_.take(*place);
    return false;
}

FOREST_DECL void answer_holder::news() noexcept {
    held_answers::map settled;
    {
        const std::lock_guard lock{mutex_};
        if (clock_ == nullptr || held_.empty())
            return;
        settled = take_settled();
    }
    send(settled, false);
}

FOREST_DECL void answer_holder::refresh() noexcept {
    if (size() == 0)
        return;
    try {
        route_.refresh_held();
    } catch (const std::bad_alloc&) { // The next moment is soon enough.
    }
    news();
}

FOREST_DECL void answer_holder::wake(std::uint64_t number) noexcept {
    {
        const std::lock_guard lock{mutex_};
        if (number != wait_ || clock_ == nullptr)
            return;
        armed_.reset();
    }
    refresh();
}

FOREST_DECL std::size_t answer_holder::size() const {
    const std::lock_guard lock{mutex_};
    return held_.size();
}

FOREST_DECL void answer_holder::end(const held_key& place, hold_end why) noexcept {
    held_answers::map ended;
    {
        const std::lock_guard lock{mutex_};
        ended = held_.take(place);
        if (held_.empty() && armed_)
            stop_waiting();
    }
    if (why == hold_end::answer_now)
        send(ended, true);
}

FOREST_DECL held_answers::map answer_holder::take_settled() noexcept {
    const steady_time now = clock_->steady_now();
    held_answers::map settled = held_.take_changed(route_.versions());
    held_answers::map due = held_.take_due(now);
    settled.merge(due);
    if (held_.empty()) {
        if (armed_)
            stop_waiting();
    } else if (!arm(now)) {
        held_answers::map rest = held_.take_all(); // They are told early rather than late.
        settled.merge(rest);
    }
    return settled;
}

FOREST_DECL bool answer_holder::arm(steady_time now) noexcept {
    const steady_time due = *held_.next_due();
    const steady_time first = std::min(due, route_.changes_at().value_or(due));
    if (armed_ && *armed_ <= first)
        return true;
    try {
        clock_->wait(std::max(first - now, duration::zero()), self_, ++wait_);
    } catch (const std::bad_alloc&) {
        return false;
    }
    armed_ = first;
    return true;
}

FOREST_DECL void answer_holder::stop_waiting() noexcept {
    armed_.reset();
    ++wait_;
    try {
        clock_->cancel();
    } catch (const std::bad_alloc&) { // The wait ends later, and does nothing.
    }
}

FOREST_DECL void answer_holder::send(held_answers::map& answers, bool early) const noexcept {
    for (auto& [place, request] : answers) {
        try {
            route_.answer_held(request, early);
        } catch (...) { // The server sends 500 when the responder is destroyed.
        }
    }
}

FOREST_DECL std::unique_ptr<answer_holder> make_holder(const holding_route& route,
                                                       const hold_limits& limits) {
    if (const std::error_code ec = limits.validate())
        throw std::system_error(ec);
    if (limits.hold_max == duration::zero())
        return nullptr;
    return std::make_unique<answer_holder>(route, limits);
}

} // namespace forest::inline FOREST_FORM::detail

#endif
