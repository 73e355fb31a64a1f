// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_SCHEMA_SETTLING_HPP
#define FOREST_CORE_DETAIL_LOGIC_SCHEMA_SETTLING_HPP

#include <forest/core/time.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

// When a content that a server has served is taken over (B36), decided without doing it. During a
// rolling deployment two replicas serve the old content and the new one in turn, and the
// application must not reload at each answer.

namespace forest::detail {

/// What to do with a content that was served.
struct settling_action {
    enum class kind : std::uint8_t {
        unchanged, ///< nothing: it is the known one
        hold,      ///< nothing yet: it was the known one a moment ago, and has to come again
        take_over, ///< have the application reload, then `commit` it
    };

    kind what = kind::unchanged;
    duration again = duration::zero(); ///< when to fetch again; 0: no need
};

/// The contents of one datasource: the known one, and those that were known shortly before. A
/// content is what `schema_content` returns. A value; not thread-safe.
class schema_settling {
public:
    /// How many contents besides the known one are remembered. A server that serves more than that
    /// in turn makes the application reload for each.
    static constexpr std::size_t formers_max = 4;

    /// A content that was the known one within `settle` is taken over only if it is served again
    /// `settle` later, and the known one is not served in between. 0 takes over at once.
    explicit schema_settling(duration settle) noexcept : settle_{settle} {}

    /// Empty before the first commit.
    [[nodiscard]] const std::string& known() const noexcept { return known_; }

    /// The server has served `content`.
    [[nodiscard]] settling_action served(std::string_view content, steady_time now) noexcept {
        if (content == known_)
            return served_known();
        forget(now);
        former* const found = find(content);
        if (found == nullptr) {
            held_ = none;
            return {.what = settling_action::kind::take_over};
        }
        const auto place = static_cast<std::size_t>(found - formers_.data());
        if (held_ != place) {
            held_ = place;
            held_since_ = now;
        }
        // While the server serves both in turn, the next time may be as far away as two fetches,
        // which take their time, too.
        found->until = now + 3 * settle_;
        const duration passed = now - held_since_;
        if (passed >= settle_)
            return {.what = settling_action::kind::take_over};
        return {.what = settling_action::kind::hold, .again = settle_ - passed};
    }

    /// The server has said that the known content is still its own. If another one was held, it is
    /// dropped; since the server serves both, one more fetch finds out which one stays.
    [[nodiscard]] settling_action served_known() noexcept {
        const bool contested = std::exchange(held_, none) != none;
        return {.what = settling_action::kind::unchanged,
                .again = contested ? settle_ : duration::zero()};
    }

    /// The application has taken over `content`, which is the known one from now on.
    void commit(std::string content, steady_time now) noexcept {
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

    /// Frees the contents that have not been known or served for so long that they count as new.
    void forget(steady_time now) noexcept {
        for (std::size_t place = count_; place-- > 0;) {
            if (formers_[place].until < now)
                erase(place);
        }
    }

private:
    struct former {
        std::string content{};
        steady_time until{};
    };

    static constexpr std::size_t none = formers_max;

    [[nodiscard]] former* find(std::string_view content) noexcept {
        const auto end = formers_.begin() + static_cast<std::ptrdiff_t>(count_);
        const auto found = std::find_if(formers_.begin(), end, [content](const former& each) {
            return each.content == content;
        });
        return found == end ? nullptr : &*found;
    }

    [[nodiscard]] std::size_t oldest() const noexcept {
        const auto before = [](const former& left, const former& right) {
            return left.until < right.until;
        };
        return static_cast<std::size_t>(std::min_element(formers_.begin(), formers_.end(), before) -
                                        formers_.begin());
    }

    void erase(std::size_t place) noexcept {
        if (held_ == place)
            held_ = none;
        else if (held_ == count_ - 1)
            held_ = place;
        --count_;
        if (place != count_)
            formers_[place] = std::move(formers_[count_]);
        formers_[count_] = {};
    }

    duration settle_;
    std::string known_;
    std::array<former, formers_max> formers_{};
    std::size_t count_ = 0;
    std::size_t held_ = none; // which of them may be taken over when it is served again
    steady_time held_since_{};
};

} // namespace forest::detail

#endif
