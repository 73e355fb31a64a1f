// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_FLEET_TARGETS_HPP
#define FOREST_DETAIL_FLEET_TARGETS_HPP

#include <forest/core/detail/container/quad_heap.hpp>
#include <forest/core/detail/container/segmented_vector.hpp>
#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/random.hpp>
#include <forest/core/target_id.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/detail/fleet/origins.hpp>
#include <forest/detail/fleet/rules.hpp>
#include <forest/detail/fleet/shared_signatures.hpp>
#include <forest/policy/backoff.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

// The targets of a fleet, and when each is due. What one costs while nothing happens is what stands
// here, and its URL.

namespace forest::detail {

/// What a target of a fleet waits for.
enum class target_step : std::uint8_t {
    start,  ///< to be begun
    wake,   ///< until it is due
    turn,   ///< until it may begin the check that is due
    check,  ///< until it may begin a check that its machine has asked for already
    answer, ///< the end of its check
    pause,  ///< until memory may have come back, and then as for `check`
};

/// Targets that come and go, found by their ids. Not thread-safe.
template <backoff Backoff>
class fleet_targets {
public:
    using rules = health_rules<Backoff>;
    using target_machine = health_machine<Backoff, std::reference_wrapper<const rules>>;

    struct target {
        target(const rules& by, random_generator random) noexcept : machine{by, random} {}

        target_id id{}; // 0 when the place is free
        target_machine machine;
        url where; // borrowed by the request while a check is in flight
        origin_number server{};
        signer_id signer{};
        std::uint32_t flight = no_flight;
        target_step next = target_step::start;
        bool announced = false; // an event has been told, so the last ones are, too
        bool fresh_connection = false;

        static constexpr std::uint32_t no_flight = UINT32_MAX;

        [[nodiscard]] bool in_flight() const noexcept { return flight != no_flight; }
    };

    struct due_target {
        steady_time when;
        target_id id;
    };

    /// `by` is the backoff of all of them.
    explicit fleet_targets(const Backoff& by) : rules_{by} {}

    /// `chosen` must be valid.
    target& add(url where, const options& chosen, random_generator random, origin_number server,
                signer_id signer) {
        due_.reserve(size() + 1); // so that to wait never fails
        const rules& by = rules_.enter(chosen);
        target_place at{static_cast<std::uint32_t>(places_.size()), 1};
        if (free_.empty()) {
            try {
                places_.emplace_back(by, random);
            } catch (...) {
                rules_.leave(chosen);
                throw;
            }
        } else {
            at = free_.back();
            places_[at.index].machine = target_machine{by, random};
            free_.pop_back();
        }
        target& added = places_[at.index];
        added.where = std::move(where);
        added.server = server;
        added.signer = signer;
        added.next = target_step::start;
        added.announced = false;
        added.id = at.id();
        ++count_of(added);
        return added;
    }

    /// Makes room, so that to remove a target never fails.
    void reserve_removal() {
        if (retired_.size() == retired_.capacity())
            retired_.reserve(2 * retired_.size() + 1);
        if (const std::size_t needed = free_.size() + retired_.size() + 1;
            needed > free_.capacity())
            free_.reserve(needed + needed / 4);
    }

    /// Forgets a target. Its place is used again, and its URL and its rules given back, when
    /// nothing is held that may still look at them.
    void remove(target& gone) {
        const auto old = target_place::of(gone.id);
        reserve_removal();
        stale_ += gone.next == target_step::start || gone.next == target_step::wake ||
                          gone.next == target_step::pause
                      ? 1
                      : 0;
        --count_of(gone);
        gone.id = {};
        retired_.push_back({old.index, old.generation + 1});
        if (held_ == 0)
            reclaim();
        if (stale_ > due_.size() / 2)
            drop_all_stale();
    }

    [[nodiscard]] target* find(target_id id) noexcept {
        return const_cast<target*>(std::as_const(*this).find(id));
    }

    [[nodiscard]] const target* find(target_id id) const noexcept {
        const auto at = target_place::of(id);
        return id != target_id{} && at.index < places_.size() && places_[at.index].id == id
                   ? &places_[at.index]
                   : nullptr;
    }

    template <typename Function>
    void for_each(Function&& function) {
        for (std::size_t index = 0; index < places_.size(); ++index)
            if (places_[index].id != target_id{})
                function(places_[index]);
    }

    template <typename Function>
    void for_each(Function&& function) const {
        for (std::size_t index = 0; index < places_.size(); ++index)
            if (places_[index].id != target_id{})
                function(places_[index]);
    }

    /// While held, what is removed stays where it is.
    void hold() noexcept { ++held_; }
    void release() {
        if (--held_ == 0)
            reclaim();
    }

    // -- When they are due --

    void put_off(const target& one, steady_time until) {
        if (due_.full())
            drop_all_stale();
        due_.push({until, one.id});
    }

    /// Puts off a target that is due, or whose check is asked for already, until there may be
    /// memory again for the line in which it would stand.
    void pause(target& one, steady_time now) {
        one.next = one.next == target_step::check ? target_step::pause : target_step::wake;
        put_off(one, now + shortage_pause);
    }

    /// When the first one is due.
    [[nodiscard]] std::optional<steady_time> next_due() noexcept {
        while (!due_.empty() && find(due_.front().id) == nullptr)
            drop_stale();
        return due_.empty() ? std::nullopt : std::optional{due_.front().when};
    }

    /// One that is due up to and including `until`; null when there is none.
    target* take_due(steady_time until) noexcept {
        const auto next = next_due();
        if (!next || *next > until)
            return nullptr;
        target* const one = find(due_.front().id);
        due_.pop();
        return one;
    }

    // -- How they are --

    [[nodiscard]] std::size_t size() const noexcept {
        return places_.size() - free_.size() - retired_.size();
    }

    /// How many have a status.
    [[nodiscard]] std::size_t count(target_status of) const noexcept {
        return counts_[static_cast<std::size_t>(of)];
    }

    /// To be told when the status of a target has changed.
    void moved(target_status from, target_status to) noexcept {
        --counts_[static_cast<std::size_t>(from)];
        ++counts_[static_cast<std::size_t>(to)];
    }

private:
    static bool sooner(const due_target& left, const due_target& right) noexcept {
        return left.when != right.when ? left.when < right.when : left.id < right.id;
    }

    std::size_t& count_of(const target& one) noexcept {
        return counts_[static_cast<std::size_t>(one.machine.status())];
    }

    void drop_all_stale() {
        due_.erase_if([this](const due_target& each) { return find(each.id) == nullptr; });
        stale_ = 0;
    }

    static constexpr std::chrono::milliseconds shortage_pause{50};

    void drop_stale() noexcept {
        due_.pop();
        --stale_;
    }

    void reclaim() {
        for (const target_place each : retired_) {
            places_[each.index].where = {};
            rules_.leave(places_[each.index].machine.options());
        }
        free_.insert(free_.end(), retired_.begin(), retired_.end());
        retired_.clear();
    }

    fleet_rules<Backoff> rules_;
    segmented_vector<target, 64> places_;
    std::vector<target_place> free_;
    std::vector<target_place> retired_; // removed, but perhaps still looked at
    int held_ = 0;
    quad_heap<due_target, sooner> due_;
    std::size_t stale_ = 0; // entries of `due_` whose target is gone
    std::array<std::size_t, 4> counts_{};
};

} // namespace forest::detail

#endif
