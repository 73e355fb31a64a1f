// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_HOLD_STATE_HPP
#define FOREST_CORE_DETAIL_LOGIC_HOLD_STATE_HPP

#include <forest/core/detail/container/algorithm.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <chrono>
#include <cstdint>
#include <tuple>

// What the client knows about holding by one server: whether it offers that, for how long a check
// may be held, and when the next one may begin. A fleet has one for each target, so it is small.

namespace forest::inline FOREST_FORM::detail {

/// For how long a check may be held, as it is sent: whole seconds, at most 240. 0: it is not held.
using hold_seconds = std::chrono::duration<std::uint8_t>;

/// The memory of a health_machine about held checks (B43 to B47). It only decides. All calls take
/// the options of the target, whose `hold` is not 0. A value; not thread-safe.
///
/// A held check begins directly after a healthy answer, or not at all. So the time from the last
/// sign of life to its deadline is never longer than with plain checks (B42): `healthy` shortens
/// the offer where it would be.
///
/// Early answers are bounded by tokens (B45). A held check that begins before the interval is over
/// takes one of two tokens. A check that took a third of the interval gives one back, and the end
/// of the interval gives back both. So a server that answers at once gets three checks in an
/// interval, and one that holds for at least a third of it is never left unheld.
class hold_state {
public:
    /// A check begins. Returns for how long its answer may be held; 0 for a plain check.
    constexpr hold_seconds begin(const options& settings) noexcept {
        asked_ = goes_on_ ? most(settings) : std::uint8_t{};
        goes_on_ = false;
        return asked();
    }

    /// Returns whether the present check may be held.
    [[nodiscard]] constexpr bool held() const noexcept { return asked_ != 0 && !follows_hint_; }

    /// Returns for how long the present check may be held. Until a check that follows a hint has
    /// begun, this is the value of the held one.
    [[nodiscard]] constexpr hold_seconds asked() const noexcept { return hold_seconds{asked_}; }

    /// Returns whether the present check, or the next one, follows a hint, so that it has only the
    /// rest of the time of the held check (B46).
    [[nodiscard]] constexpr bool follows_hint() const noexcept { return follows_hint_; }

    /// Returns whether failures follow a hint, so that they are confirmed quickly (B46).
    [[nodiscard]] constexpr bool confirms() const noexcept { return confirms_; }

    /// Returns whether many clients may be in the same situation at the same moment, because the
    /// server has released all held checks. What follows is spread (B47).
    [[nodiscard]] constexpr bool spreads() const noexcept { return spreads_; }

    /// The check has ended as healthy after `took`. The server offers to hold the next one for
    /// `offer`; 0 means that it does not.
    constexpr void healthy(const options& settings, hold_seconds offer, duration took) noexcept {
        refill(settings, took);
        if (held()) {
            closes_ = 0;
            if (halvings_ > 0 && ++calm_ == calm_max) {
                halvings_ = decreased(halvings_);
                calm_ = 0;
            }
        }
        // The server may have died after it sent this answer, which was under way for `took` at
        // most, and for the timeout at most. A plain check would begin one interval later.
        const duration room =
            detail::max(settings.interval, settings.timeout) - detail::min(settings.timeout, took);
        offer_ = detail::min(offer.count(), whole_seconds(room));
        asked_ = 0;
        goes_on_ = follows_hint_ = confirms_ = spreads_ = false;
    }

    /// The next check would begin before the end of the interval (`early`), or begins now anyway.
    /// Returns whether it begins at once, as a held one. If not, it begins at the end of the
    /// interval, as a plain one.
    constexpr bool goes_on(bool early) noexcept {
        goes_on_ = offer_ != 0 && (!early || tokens_ > 0);
        if (!goes_on_)
            tokens_ = tokens_max;
        else if (early)
            tokens_ = decreased(tokens_);
        return goes_on_;
    }

    /// The check, which took `took`, has brought another schema. If it was held for a second, it
    /// is not early, and costs no token. A server that serves another schema in each answer, at
    /// once, makes no busy loop.
    constexpr void brought_news(duration took) noexcept {
        if (took >= std::chrono::seconds{1} && tokens_ < tokens_max)
            ++tokens_;
    }

    /// The held check has ended as healthy, but was read late: the next one is a plain one, and
    /// counts instead (B49).
    constexpr void read_late() noexcept { asked_ = 0; }

    /// The check has failed, or is inconclusive: what was offered does not count any more.
    constexpr void failed() noexcept {
        offer_ = asked_ = 0;
        goes_on_ = follows_hint_ = false;
    }

    /// The held check was answered with the announcement of a stop.
    constexpr void farewell() noexcept {
        failed();
        spreads_ = true;
    }

    /// The held check has ended after `took` by a hint. `room`: there is time for a plain check,
    /// which then follows. If two held checks in a row end so, the next ones are half as long.
    constexpr void closed(const options& settings, duration took, bool room) noexcept {
        refill(settings, took);
        const bool early = took < part(settings);
        tokens_ = early ? std::uint8_t{} : decreased(tokens_); // The check that follows takes one.
        if (++closes_ == closes_max) {
            closes_ = 0;
            if (asked_ > 1)
                ++halvings_;
        }
        calm_ = 0;
        const std::uint8_t asked = asked_;
        failed();
        confirms_ = spreads_ = true;
        follows_hint_ = room;
        asked_ = room ? asked : std::uint8_t{};
    }

    /// All data; compare health_machine::state.
    [[nodiscard]] constexpr auto state() const noexcept {
        return std::make_tuple(offer_, asked_, halvings_, closes_, calm_, tokens_, goes_on_,
                               follows_hint_, confirms_, spreads_);
    }

    /// The number of held checks without a hint after which they may be longer again.
    static constexpr std::uint8_t calm_max = 100;

    /// The number of held checks in a row that end by a hint before they become shorter.
    static constexpr std::uint8_t closes_max = 2;

    /// The number of checks that may begin before the end of an interval.
    static constexpr std::uint8_t tokens_max = 2;

private:
    // An early answer comes before this part of the interval.
    static constexpr duration part(const options& settings) noexcept {
        return settings.interval / (tokens_max + 1);
    }

    // The whole seconds of `span`, at most 240.
    static constexpr std::uint8_t whole_seconds(duration span) noexcept {
        return static_cast<std::uint8_t>(
            std::chrono::floor<std::chrono::seconds>(detail::min(span, options::hold_max)).count());
    }

    [[nodiscard]] constexpr std::uint8_t most(const options& settings) const noexcept {
        const std::uint8_t both = detail::min(offer_, whole_seconds(settings.hold));
        return detail::max(static_cast<std::uint8_t>(both >> halvings_), std::uint8_t{1});
    }

    constexpr void refill(const options& settings, duration took) noexcept {
        for (duration left = took; left >= part(settings) && tokens_ < tokens_max;
             left -= part(settings))
            ++tokens_;
    }

    static constexpr std::uint8_t decreased(std::uint8_t count) noexcept {
        return static_cast<std::uint8_t>(count - 1);
    }

    std::uint8_t offer_ = 0; // in seconds; 0: none
    std::uint8_t asked_ = 0; // in seconds; 0: the present check is a plain one
    std::uint8_t calm_ = 0;  // held checks without a hint, while they are shorter
    std::uint8_t halvings_ = 0;
    std::uint8_t closes_ = 0; // held checks in a row that ended by a hint
    std::uint8_t tokens_ = tokens_max;
    bool goes_on_ : 1 = false; // the next check begins at once, as a held one
    bool follows_hint_ : 1 = false;
    bool confirms_ : 1 = false;
    bool spreads_ : 1 = false;
};

static_assert(sizeof(hold_state) <= 8);

} // namespace forest::inline FOREST_FORM::detail

#endif
