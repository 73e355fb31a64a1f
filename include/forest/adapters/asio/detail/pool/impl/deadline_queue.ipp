// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_POOL_IMPL_DEADLINE_QUEUE_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_POOL_IMPL_DEADLINE_QUEUE_IPP

#include <forest/adapters/asio/detail/pool/deadline_queue.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL auto deadline_queue::set(pool_user& user, clock::time_point deadline)
    -> clock::time_point {
    clear(user);
    const clock::rep tick =
        (deadline.time_since_epoch() + tick_ - clock::duration{1}) / tick_; // rounded up
    entries_.push({tick, ++numbers_given_, &user});
    user.deadline = numbers_given_;
    ++valid_;
    return clock::time_point{tick * tick_};
}

FOREST_DECL void deadline_queue::clear(pool_user& user) noexcept {
    if (user.deadline == 0)
        return;
    user.deadline = 0;
    --valid_;
    if (entries_.size() > 2 * valid_ + void_max)
        entries_.erase_if(is_void);
}

FOREST_DECL auto deadline_queue::first() noexcept -> std::optional<clock::time_point> {
    drop_void();
    if (entries_.empty())
        return std::nullopt;
    return clock::time_point{entries_.front().tick * tick_};
}

FOREST_DECL pool_user* deadline_queue::take(clock::time_point now) noexcept {
    const auto end = first();
    if (!end || *end > now)
        return nullptr;
    pool_user* const user = entries_.front().user;
    entries_.pop();
    user->deadline = 0;
    --valid_;
    return user;
}

FOREST_DECL void deadline_queue::drop_void() noexcept {
    while (!entries_.empty() && is_void(entries_.front()))
        entries_.pop();
}

} // namespace forest::inline FOREST_FORM::detail

#endif
