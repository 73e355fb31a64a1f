// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_ROUTES_IMPL_HELD_ANSWERS_IPP
#define FOREST_DETAIL_ROUTES_IMPL_HELD_ANSWERS_IPP

#include <forest/core/detail/logic/hold_fields.hpp>
#include <forest/core/error.hpp>
#include <forest/core/random.hpp>
#include <forest/detail/routes/held_answers.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL std::error_code hold_limits::validate() const noexcept {
    const bool on = hold_max != duration::zero();
    if (on && (hold_max < std::chrono::seconds{1} || hold_max > hold_longest))
        return errc::invalid_hold_max;
    if (held_max == 0)
        return errc::invalid_held_max;
    if (held_per_address_max == 0)
        return errc::invalid_held_per_address_max;
    return {};
}

FOREST_DECL std::chrono::seconds
held_answers::granted(std::chrono::seconds preferred) const noexcept {
    return std::min(preferred, std::chrono::floor<std::chrono::seconds>(limits_.hold_max));
}

FOREST_DECL bool held_answers::has_room(const std::optional<ip_address>& peer) const noexcept {
    if (answers_.size() >= limits_.held_max)
        return false;
    if (!peer)
        return true;
    const auto found = of_address_.find(*peer);
    return found == of_address_.end() || found->second < limits_.held_per_address_max;
}

FOREST_DECL std::optional<held_key> held_answers::add(held_request&& request, steady_time now) {
    if (!has_room(request.peer))
        return std::nullopt;
    const std::uint64_t number = ++last_number_;
    random_generator random{number ^ static_cast<std::uint64_t>(now.time_since_epoch().count())};
    const duration wait = request.wait;
    const auto earlier = duration{static_cast<duration::rep>(
        random.uniform() * static_cast<double>((wait / jitter_part).count()))};
    const held_key place{now + wait - earlier, number};
    const std::optional<ip_address> peer = request.peer;
    const answer_versions only{request.version, request.version};
    const auto counted =
        peer ? of_address_.try_emplace(*peer, std::size_t{0}).first : of_address_.end();
    try {
        answers_.emplace(place, std::move(request));
    } catch (...) {
        if (peer && counted->second == 0)
            of_address_.erase(counted);
        throw;
    }
    if (peer)
        ++counted->second;
    if (answers_.size() == 1)
        seen_ = only;
    else if (seen_ != only)
        seen_.reset();
    return place;
}

FOREST_DECL auto held_answers::take(const held_key& place) noexcept -> map {
    map taken;
    if (const auto found = answers_.find(place); found != answers_.end())
        move(found, taken);
    return taken;
}

FOREST_DECL auto held_answers::take_due(steady_time now) noexcept -> map {
    map taken;
    while (!answers_.empty() && answers_.begin()->first.until <= now)
        move(answers_.begin(), taken);
    return taken;
}

FOREST_DECL auto held_answers::take_changed(const answer_versions& now) noexcept -> map {
    map taken;
    if (seen_ == now)
        return taken;
    for (auto each = answers_.begin(); each != answers_.end();) {
        const auto next = std::next(each);
        if (each->second.has_news(now))
            move(each, taken);
        each = next;
    }
    seen_ = now;
    return taken;
}

FOREST_DECL auto held_answers::take_all() noexcept -> map {
    of_address_.clear();
    return std::exchange(answers_, map{});
}

FOREST_DECL std::optional<steady_time> held_answers::next_due() const noexcept {
    if (answers_.empty())
        return std::nullopt;
    return answers_.begin()->first.until;
}

FOREST_DECL void held_answers::move(map::iterator from, map& to) noexcept {
    if (from->second.peer) {
        const auto counted = of_address_.find(*from->second.peer);
        if (--counted->second == 0)
            of_address_.erase(counted);
    }
    to.insert(to.end(), answers_.extract(from));
}

} // namespace forest::inline FOREST_FORM::detail

#endif
