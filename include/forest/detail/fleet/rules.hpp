// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_FLEET_RULES_HPP
#define FOREST_DETAIL_FLEET_RULES_HPP

#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/backoff.hpp>

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <unordered_set>

// The options of the targets of a fleet, once for all that have the same: a fleet of any size has
// few different ones, and they would be a third of what a target costs.

namespace forest::detail {

/// The rules that are in use. Not thread-safe.
template <backoff Backoff>
class fleet_rules {
public:
    using rules = health_rules<Backoff>;

    /// `by` is the backoff of all of them.
    explicit fleet_rules(const Backoff& by) : backoff_{by} {}

    /// Those with the options `chosen`, which must be valid. They live until all who entered have
    /// left.
    [[nodiscard]] const rules& enter(const options& chosen) {
        auto found = all_.find(chosen);
        if (found == all_.end())
            found = all_.emplace(chosen, backoff_).first;
        ++found->users;
        return found->of;
    }

    void leave(const options& chosen) noexcept {
        const auto found = all_.find(chosen);
        assert(found != all_.end());
        if (--found->users == 0)
            all_.erase(found);
    }

    /// How many are kept.
    [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }

private:
    struct shared {
        shared(const options& chosen, const Backoff& by) : of{chosen, by} {}

        rules of;
        mutable std::size_t users = 0; // not what they are compared by
    };

    static const options& key(const options& of) noexcept { return of; }
    static const options& key(const shared& of) noexcept { return of.of.options; }

    static auto parts(const options& of) noexcept {
        return std::tuple{of.interval,          of.timeout,
                          of.failure_threshold, of.success_threshold,
                          of.initial_delay_max, std::bit_cast<std::uint64_t>(of.interval_jitter),
                          of.stall_tolerance,   of.doubt_max};
    }

    struct equal {
        using is_transparent = void;
        bool operator()(const auto& left, const auto& right) const noexcept {
            return parts(key(left)) == parts(key(right));
        }
    };

    struct hash {
        using is_transparent = void;
        std::size_t operator()(const auto& of) const noexcept {
            std::uint64_t result = 0;
            const auto add = [&result](auto part) {
                if constexpr (requires { part.count(); })
                    result ^= static_cast<std::uint64_t>(part.count());
                else
                    result ^= static_cast<std::uint64_t>(part);
                result *= 0x9e3779b97f4a7c15U;
                result ^= result >> 32U;
            };
            std::apply([&](auto... each) { (add(each), ...); }, parts(key(of)));
            return result;
        }
    };

    const Backoff backoff_;
    std::unordered_set<shared, hash, equal> all_; // which stay where they are
};

} // namespace forest::detail

#endif
