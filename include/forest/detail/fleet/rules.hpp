// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_FLEET_RULES_HPP
#define FOREST_DETAIL_FLEET_RULES_HPP

#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/backoff.hpp>

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <unordered_set>

// The options of the targets of a fleet. Targets with equal options share them: a fleet of any size
// has few different options, and a copy for each target would be a third of its memory.

namespace forest::inline FOREST_FORM::detail {

/// The rules that are in use. Not thread-safe.
template <backoff Backoff>
class fleet_rules {
public:
    using rules = health_rules<Backoff>;

    /// All rules have the same `backoff`.
    explicit fleet_rules(const Backoff& backoff) : backoff_{backoff} {}

    /// Counts a user of the rules with these options, which must be valid, and returns the rules.
    /// They live until `leave` was called as often as `enter`.
    [[nodiscard]] const rules& enter(const options& settings) {
        auto found = all_.find(settings);
        if (found == all_.end())
            found = all_.emplace(settings, backoff_).first;
        ++found->users;
        return found->content;
    }

    void leave(const options& settings) noexcept {
        const auto found = all_.find(settings);
        assert(found != all_.end());
        if (--found->users == 0)
            all_.erase(found);
    }

    /// Returns the number of different rules.
    [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }

private:
    struct shared {
        shared(const options& settings, const Backoff& backoff) : content{settings, backoff} {}

        rules content;
        mutable std::size_t users = 0; // not part of the key
    };

    static const options& key(const options& settings) noexcept { return settings; }
    static const options& key(const shared& entry) noexcept { return entry.content.options; }

    static auto parts(const options& all) noexcept {
        return std::tuple{all.interval,
                          all.timeout,
                          all.failure_threshold,
                          all.success_threshold,
                          all.initial_delay_max,
                          std::bit_cast<std::uint64_t>(all.interval_jitter),
                          all.stall_tolerance,
                          all.doubt_max,
                          all.hold,
                          all.confirm_after.first,
                          all.confirm_after.second,
                          all.confirm_after.third};
    }

    struct equal {
        using is_transparent = void;
        bool operator()(const auto& left, const auto& right) const noexcept {
            return parts(key(left)) == parts(key(right));
        }
    };

    struct hash {
        using is_transparent = void;
        std::size_t operator()(const auto& entry) const noexcept {
            std::uint64_t result = 0;
            const auto add = [&result](auto part) {
                if constexpr (requires { part.count(); })
                    result ^= static_cast<std::uint64_t>(part.count());
                else
                    result ^= static_cast<std::uint64_t>(part);
                result *= 0x9e3779b97f4a7c15U;
                result ^= result >> 32U;
            };
            std::apply([&](auto... each) { (add(each), ...); }, parts(key(entry)));
            return result;
        }
    };

    const Backoff backoff_;
    std::unordered_set<shared, hash, equal> all_; // entries never move
};

} // namespace forest::inline FOREST_FORM::detail

#endif
