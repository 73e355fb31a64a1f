// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_FLEET_TARGETS_HPP
#define FOREST_DETAIL_FLEET_TARGETS_HPP

#include <forest/core/detail/container/quad_heap.hpp>
#include <forest/core/detail/container/segmented_vector.hpp>
#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/detail/logic/hold_state.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/random.hpp>
#include <forest/core/signer_id.hpp>
#include <forest/core/target_id.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/detail/fleet/origins.hpp>
#include <forest/detail/fleet/rules.hpp>
#include <forest/form.hpp>
#include <forest/policy/backoff.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

// The targets of a fleet, and when each is due. An idle target needs memory only for the members
// declared here and for its URL.

namespace forest::inline FOREST_FORM::detail {

/// What a target of a fleet waits for.
enum class target_step : std::uint8_t {
    start,  ///< its first step
    wake,   ///< the moment at which it is due
    permit, ///< permission to begin the check that is due
    check,  ///< permission to begin a check that its machine has requested already
    answer, ///< the end of its check
    pause,  ///< memory; afterwards like `check`
};

/// Targets that are added and removed, and found by their ids. Not thread-safe.
template <backoff Backoff>
class fleet_targets {
public:
    using rules = health_rules<Backoff>;
    using target_machine = health_machine<Backoff, std::reference_wrapper<const rules>>;

    struct target {
        target(const rules& shared, random_generator random) noexcept : machine{shared, random} {}

        target_id id{}; // 0 when the place is free
        target_machine machine;
        url location; // moved to the request while a check is in flight
        origin_number origin{};
        signer_id signer{};
        std::uint32_t check = no_check; // the number of its check in flight
        target_step step = target_step::start;
        bool announced = false; // an event was reported, so the last two events follow
        bool fresh_connection = false;
        hold_seconds hold{}; // of its next check, or of that in flight

        static constexpr std::uint32_t no_check = UINT32_MAX;

        [[nodiscard]] bool in_flight() const noexcept { return check != no_check; }
    };

    struct due_target {
        steady_time when;
        target_id id;
    };

    /// All targets have the same `backoff`.
    explicit fleet_targets(const Backoff& backoff) : rules_{backoff} {}

    /// Adds a target with `settings`, which must be valid.
    target& add(url location, const options& settings, random_generator random,
                origin_number origin, signer_id signer) {
        due_.reserve(size() + 1); // so that `put_off` never fails
        const rules& shared = rules_.enter(settings);
        target_place place{static_cast<std::uint32_t>(places_.size()), 1};
        if (free_.empty()) {
            try {
                places_.emplace_back(shared, random);
            } catch (...) {
                rules_.leave(settings);
                throw;
            }
        } else {
            place = free_.back();
            places_[place.index].machine = target_machine{shared, random};
            free_.pop_back();
        }
        target& added = places_[place.index];
        added.location = std::move(location);
        added.origin = origin;
        added.signer = signer;
        added.step = target_step::start;
        added.announced = false;
        added.id = place.id();
        ++count_of(added);
        return added;
    }

    /// Makes room, so that `remove` never fails.
    void reserve_removal() {
        if (retired_.size() == retired_.capacity())
            retired_.reserve(2 * retired_.size() + 1);
        if (const std::size_t needed = free_.size() + retired_.size() + 1;
            needed > free_.capacity())
            free_.reserve(needed + needed / 4);
    }

    /// Removes a target. Its place, its URL and its rules stay until the last `release`, because
    /// callbacks that are running may still use them.
    void remove(target& gone) {
        const auto old = target_place::of(gone.id);
        reserve_removal();
        stale_ += gone.step == target_step::start || gone.step == target_step::wake ||
                          gone.step == target_step::pause
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
        const auto place = target_place::of(id);
        return id != target_id{} && place.index < places_.size() && places_[place.index].id == id
                   ? &places_[place.index]
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

    /// From `hold` to `release`, removed targets stay in their places.
    void hold() noexcept { ++held_; }
    void release() {
        if (--held_ == 0)
            reclaim();
    }

    // -- When targets are due --

    void put_off(const target& waiting, steady_time due) {
        if (due_.full())
            drop_all_stale();
        due_.push({due, waiting.id});
    }

    /// Makes a target due later, because a queue of the scheduler has no memory for it.
    void pause(target& waiting, steady_time now) {
        waiting.step = waiting.step == target_step::check ? target_step::pause : target_step::wake;
        put_off(waiting, now + shortage_pause);
    }

    /// Returns the moment at which the first target is due.
    [[nodiscard]] std::optional<steady_time> next_due() noexcept {
        while (!due_.empty() && find(due_.front().id) == nullptr)
            drop_stale();
        return due_.empty() ? std::nullopt : std::optional{due_.front().when};
    }

    /// Takes a target that is due at `deadline` or before. Null if there is none.
    target* take_due(steady_time deadline) noexcept {
        const auto next = next_due();
        if (!next || *next > deadline)
            return nullptr;
        target* const due = find(due_.front().id);
        due_.pop();
        return due;
    }

    // -- The status of targets --

    [[nodiscard]] std::size_t size() const noexcept {
        return places_.size() - free_.size() - retired_.size();
    }

    /// Returns the number of targets that have this status.
    [[nodiscard]] std::size_t count(target_status status) const noexcept {
        return counts_[static_cast<std::size_t>(status)];
    }

    /// Called when the status of a target may have changed.
    void status_changed(target_status old_status, target_status new_status) noexcept {
        --counts_[static_cast<std::size_t>(old_status)];
        ++counts_[static_cast<std::size_t>(new_status)];
    }

private:
    static bool sooner(const due_target& left, const due_target& right) noexcept {
        return left.when != right.when ? left.when < right.when : left.id < right.id;
    }

    std::size_t& count_of(const target& counted) noexcept {
        return counts_[static_cast<std::size_t>(counted.machine.status())];
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
            places_[each.index].location = {};
            rules_.leave(places_[each.index].machine.options());
        }
        free_.insert(free_.end(), retired_.begin(), retired_.end());
        retired_.clear();
    }

    fleet_rules<Backoff> rules_;
    segmented_vector<target, 64> places_;
    std::vector<target_place> free_;
    std::vector<target_place> retired_; // removed, but perhaps still in use
    int held_ = 0;
    quad_heap<due_target, sooner> due_;
    std::size_t stale_ = 0; // entries of `due_` whose target is gone
    std::array<std::size_t, 4> counts_{};
};

} // namespace forest::inline FOREST_FORM::detail

#endif
