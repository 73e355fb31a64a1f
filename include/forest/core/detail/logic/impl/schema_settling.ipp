// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_IMPL_SCHEMA_SETTLING_IPP
#define FOREST_CORE_DETAIL_LOGIC_IMPL_SCHEMA_SETTLING_IPP

#include <forest/core/detail/logic/schema_settling.hpp>

#include <algorithm>
#include <utility>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL settling_action schema_settling::served(std::string_view content,
                                                    steady_time now) noexcept {
    if (content == known_)
        return served_known();
    forget(now);
    former* const found = find(content);
    if (found == nullptr) {
        held_ = none;
        return {.kind = settling_action_kind::take_over};
    }
    const auto place = static_cast<std::size_t>(found - formers_.data());
    if (held_ != place) {
        held_ = place;
        held_since_ = now;
    }
    // While the server serves both in turn, the content may return only after two fetches, and
    // the fetches need time, too.
    found->until = now + 3 * settle_;
    const duration passed = now - held_since_;
    if (passed >= settle_)
        return {.kind = settling_action_kind::take_over};
    return {.kind = settling_action_kind::hold, .again = settle_ - passed};
}

FOREST_DECL settling_action schema_settling::served_known() noexcept {
    const bool contested = std::exchange(held_, none) != none;
    return {.kind = settling_action_kind::unchanged,
            .again = contested ? settle_ : duration::zero()};
}

FOREST_DECL void schema_settling::commit(std::string content, steady_time now) noexcept {
    forget(now);
    if (former* const found = find(content); found != nullptr)
        erase(static_cast<std::size_t>(found - formers_.data()));
    known_.swap(content);
    held_ = none;
    if (settle_ == duration::zero() || content.empty())
        return;
    if (count_ == formers_max)
        erase(oldest());
    formers_[count_++] = {std::move(content), now + settle_};
}

FOREST_DECL void schema_settling::forget(steady_time now) noexcept {
    for (std::size_t place = count_; place-- > 0;) {
        if (formers_[place].until < now)
            erase(place);
    }
}

FOREST_DECL auto schema_settling::find(std::string_view content) noexcept -> former* {
    const auto end = formers_.begin() + static_cast<std::ptrdiff_t>(count_);
    const auto found = std::find_if(
        formers_.begin(), end, [content](const former& each) { return each.content == content; });
    return found == end ? nullptr : &*found;
}

FOREST_DECL std::size_t schema_settling::oldest() const noexcept {
    const auto before = [](const former& left, const former& right) {
        return left.until < right.until;
    };
    return static_cast<std::size_t>(std::min_element(formers_.begin(), formers_.end(), before) -
                                    formers_.begin());
}

FOREST_DECL void schema_settling::erase(std::size_t place) noexcept {
    if (held_ == place)
        held_ = none;
    else if (held_ == count_ - 1)
        held_ = place;
    --count_;
    if (place != count_)
        formers_[place] = std::move(formers_[count_]);
    formers_[count_] = {};
}

} // namespace forest::inline FOREST_FORM::detail

#endif
