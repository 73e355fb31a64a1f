// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_IMPL_NAME_BOOK_IPP
#define FOREST_CORE_DETAIL_LOGIC_IMPL_NAME_BOOK_IPP

#include <forest/core/detail/container/owner.hpp>
#include <forest/core/detail/logic/name_book.hpp>

#include <algorithm>
#include <functional>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL FOREST_COLD name_book::name_book(const resolver_limits& limits) noexcept
    : limits_{limits} {}

FOREST_DECL FOREST_COLD name_book::~name_book() {
    while (newest_ != nullptr)
        erase(*newest_);
    if (rows_ != &first_row_)
        delete[] rows_;
}

FOREST_DECL bool name_book::has_next() const noexcept {
    return has_next_local() ||
           (others_.first != nullptr && running_ < limits_.lookups_max + limits_.hanging_max);
}

FOREST_DECL FOREST_COLD void name_book::lose_patience(name_waiter& waiter) noexcept {
    if (waiter.entry_ != nullptr)
        ++statistics_.last_good;
    leave(waiter);
}

FOREST_DECL FOREST_COLD void name_book::leave(name_waiter& waiter) noexcept {
    entry* const known = std::exchange(waiter.entry_, nullptr);
    if (known == nullptr)
        return;
    (waiter.before_ != nullptr ? waiter.before_->behind_ : known->first) = waiter.behind_;
    if (waiter.behind_ != nullptr)
        waiter.behind_->before_ = waiter.before_;
    waiter.before_ = waiter.behind_ = nullptr;
}

FOREST_DECL FOREST_COLD auto name_book::next() noexcept -> entry* {
    if (!has_next())
        return nullptr;
    const bool local = has_next_local();
    ++statistics_.lookups;
    entry& begun = (local ? local_ : others_).take();
    begun.lookup = entry::progress::running;
    ++(local ? running_local_ : running_);
    return &begun;
}

FOREST_DECL FOREST_COLD void name_book::answered(entry& known, std::error_code error,
                                                 std::span<const ip_address> addresses,
                                                 std::optional<duration> lifetime,
                                                 steady_time now) noexcept {
    --(known.local ? running_local_ : running_);
    known.lookup = entry::progress::none;
    addresses = addresses.first(std::min(addresses.size(), limits_.addresses_max));
    if (!error && addresses.empty())
        error = errc::resolve_failed;
    known.failure = {};
    if (!error) {
        error = keep(known, addresses, lifetime, now);
        if (!error)
            addresses = known.addresses.all();
    } else if (error == errc::resolve_failed) {
        known.addresses.clear(); // The new answer makes the older addresses invalid.
        known.failure = error;
        ++statistics_.not_found;
    } else if (error != errc::local_resources_exhausted) {
        error = known.failure = errc::resolver_unavailable;
        ++statistics_.unavailable;
    }
    known.failure_until = now + limits_.failure_lifetime;
    while (name_waiter* const waiter = known.first) {
        leave(*waiter);
        hand_over(*waiter, error, addresses);
        if (waiter->error == errc::resolver_unavailable && !waiter->addresses.empty())
            ++statistics_.last_good;
        waiter->answered();
    }
}

FOREST_DECL FOREST_COLD void name_book::forget_waiters() noexcept {
    for (entry* each = oldest_; each != nullptr; each = each->newer)
        while (each->first != nullptr)
            leave(*each->first);
}

FOREST_DECL FOREST_COLD void name_book::queue_of_entries::push(entry& queued) noexcept {
    queued.next_queued = nullptr;
    (last != nullptr ? last->next_queued : first) = &queued;
    last = &queued;
}

FOREST_DECL FOREST_COLD auto name_book::queue_of_entries::take() noexcept -> entry& {
    entry& taken = *first;
    first = taken.next_queued;
    if (first == nullptr)
        last = nullptr;
    return taken;
}

FOREST_DECL bool name_book::has_next_local() const noexcept {
    return local_.first != nullptr && running_local_ < limits_.local_max;
}

FOREST_DECL name_state name_book::fail(name_waiter& waiter, std::error_code why,
                                       bool has_last_good) noexcept {
    waiter.error = why;
    if (!has_last_good)
        return name_state::failed;
    ++statistics_.last_good;
    return name_state::last_good;
}

FOREST_DECL FOREST_COLD void name_book::queue(entry& known, bool local, steady_time now) noexcept {
    known.local = local;
    known.asked_at = now;
    known.lookup = entry::progress::queued;
    (local ? local_ : others_).push(known);
}

FOREST_DECL FOREST_COLD void name_book::link(entry& known, name_waiter& waiter) noexcept {
    waiter.entry_ = &known;
    waiter.before_ = nullptr;
    waiter.behind_ = std::exchange(known.first, &waiter);
    if (waiter.behind_ != nullptr)
        waiter.behind_->before_ = &waiter;
}

FOREST_DECL FOREST_COLD std::error_code name_book::keep(entry& known,
                                                        std::span<const ip_address> addresses,
                                                        std::optional<duration> lifetime,
                                                        steady_time now) const noexcept try {
    known.addresses.assign(addresses);
    if (known.has_preferred)
        known.addresses.move_to_front(known.preferred);
    known.expires = now + std::clamp(lifetime.value_or(limits_.answer_lifetime), duration::zero(),
                                     limits_.answer_lifetime_max);
    return {};
} catch (const std::bad_alloc&) { // The last good answer has not changed.
    return errc::local_resources_exhausted;
}

FOREST_DECL FOREST_COLD void name_book::hand_over(name_waiter& waiter, std::error_code error,
                                                  std::span<const ip_address> addresses) noexcept
    try {
    waiter.error = error;
    if (!error)
        waiter.addresses.assign(addresses);
    else if (error != errc::resolver_unavailable)
        waiter.addresses.clear();
} catch (const std::bad_alloc&) {
    waiter.error = errc::local_resources_exhausted;
}

FOREST_DECL auto name_book::row_of(std::uint64_t hash) const noexcept -> entry*& {
    return rows_[hash & (row_count_ - 1)];
}

FOREST_DECL FOREST_COLD void name_book::add_rows() noexcept {
    const std::size_t count = 4 * row_count_;
    auto** const rows = new (std::nothrow) entry* [count] {};
    if (rows == nullptr)
        return;
    if (rows_ != &first_row_)
        delete[] rows_;
    rows_ = rows;
    row_count_ = count;
    for (entry* each = oldest_; each != nullptr; each = each->newer) {
        entry*& row = row_of(each->hash);
        each->next_in_row = row;
        row = each;
    }
}

FOREST_DECL FOREST_COLD void name_book::erase(entry& known) noexcept {
    entry** place = &row_of(known.hash);
    while (*place != &known)
        place = &(*place)->next_in_row;
    *place = known.next_in_row;
    --size_;
    unlink_age(known);
    delete &known;
}

FOREST_DECL auto name_book::find(std::string_view name, std::uint64_t hash) const noexcept
    -> entry* {
    entry* found = row_of(hash);
    while (found != nullptr && (found->hash != hash || found->name != name))
        found = found->next_in_row;
    return found;
}

FOREST_DECL FOREST_COLD void name_book::used(std::string_view name, const ip_address& address,
                                             bool answered) noexcept {
    entry* const known = find(name, std::hash<std::string_view>{}(name));
    if (known == nullptr || !known->addresses.contains(address))
        return;
    if (answered) {
        known->preferred = address;
        known->has_preferred = true;
        known->addresses.move_to_front(address);
    } else if (known->addresses.all().front() == address) {
        known->addresses.move_to_back(address);
        known->preferred = known->addresses.all().front();
        known->has_preferred = true;
    }
}

FOREST_DECL auto name_book::enter(std::string_view name, steady_time now) -> entry& {
    const std::uint64_t hash = std::hash<std::string_view>{}(name);
    entry* entered = find(name, hash);
    if (entered == nullptr) {
        entered = &add(name, hash, now);
    } else {
        unlink_age(*entered);
        link_newest(*entered);
    }
    entered->used_at = now;
    return *entered;
}

FOREST_DECL FOREST_COLD auto name_book::add(std::string_view name, std::uint64_t hash,
                                            steady_time now) -> entry& {
    forget_oldest(now);
    owner<entry> made{new entry};
    made->name = name;
    made->hash = hash;
    if (size_ >= row_count_)
        add_rows();
    entry& added = *made.release();
    entry*& row = row_of(hash);
    added.next_in_row = row;
    row = &added;
    ++size_;
    link_newest(added);
    return added;
}

FOREST_DECL FOREST_COLD void name_book::forget_oldest(steady_time now) noexcept {
    for (int looked_at = 0; looked_at < 2 && oldest_ != nullptr; ++looked_at) {
        entry& oldest = *oldest_;
        if (size_ < limits_.names_max && now - oldest.used_at < limits_.last_good_max)
            return;
        if (oldest.idle()) {
            erase(oldest);
        } else {
            oldest.used_at = now;
            unlink_age(oldest);
            link_newest(oldest);
        }
    }
}

FOREST_DECL void name_book::link_newest(entry& known) noexcept {
    known.older = newest_;
    known.newer = nullptr;
    (newest_ != nullptr ? newest_->newer : oldest_) = &known;
    newest_ = &known;
}

FOREST_DECL void name_book::unlink_age(entry& known) noexcept {
    (known.older != nullptr ? known.older->newer : oldest_) = known.newer;
    (known.newer != nullptr ? known.newer->older : newest_) = known.older;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
