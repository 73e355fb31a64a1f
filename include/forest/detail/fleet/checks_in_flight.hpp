// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_FLEET_CHECKS_IN_FLIGHT_HPP
#define FOREST_DETAIL_FLEET_CHECKS_IN_FLIGHT_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/logic/check_watch.hpp>
#include <forest/core/detail/logic/hold_state.hpp>
#include <forest/core/target_id.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/core/verdict.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

// The requests of a fleet that are in flight, one or two for each check. Each has a transport;
// targets that wait have none. Transports and requests are used again. So their number is the
// largest number of checks that were ever in flight at a time.

namespace forest::inline FOREST_FORM::detail {

/// Transports and requests, each for one check at a time. Not thread-safe.
template <transport Transport>
class checks_in_flight {
public:
    struct check {
        check(Transport carrier, std::uint32_t place)
            : transport{std::move(carrier)}, number{place} {}

        Transport transport;
        request get;
        target_id id{}; // the target; 0 if no target waits for the end
        unsigned connections_paid = 0;
        const std::uint32_t number;
        check_watch watch;
        check* beside = nullptr; // the other request of the same check, while both are in flight
        std::optional<verdict> outcome; // of the other request, which has ended
        bool decided = false;           // the outcome is that of a complete answer
        bool gave_up = false;           // the request is cancelled: the check has had its time
        bool is_signed = false;         // the request
        bool held = false;              // counted as held
        hold_seconds offer{};           // with the outcome
    };

    explicit checks_in_flight(unique_function<Transport()> source) : source_{std::move(source)} {}

    /// Returns the number of checks in flight, including abandoned checks that have not ended.
    [[nodiscard]] int count() const noexcept {
        return static_cast<int>(checks_.size() - idle_.size());
    }

    /// Returns the number of checks in flight that may be held.
    [[nodiscard]] int held() const noexcept { return held_; }

    /// The check in flight may be held for `hold`. Its watch has begun.
    FOREST_COLD void hold(check& begun, hold_seconds hold) noexcept {
        begun.watch.hold(hold);
        begun.held = true;
        ++held_;
    }

    /// The hold of a check is over, because it has ended.
    FOREST_COLD void end_hold(check& ended) noexcept {
        ended.held = false;
        --held_;
    }

    /// Returns whether a check that begins now is known to find a kept connection.
    [[nodiscard]] bool keeps_connection_to(const url& location) const noexcept {
        if constexpr (connection_keeper<Transport>)
            return !checks_.empty() && checks_.front()->transport.keeps_connection_to(location);
        else
            return false;
    }

    /// Begins a check of `subject`. Its URL moves to the request, and `prepare` completes its
    /// request, and sets `is_signed`. `handler` takes the check and the reply; it
    /// has to end the check. Exceptions of the policies are passed on; then no check has begun.
    template <typename Target, typename Prepare, typename Handler>
    check& begin(Target& subject, duration timeout, const Prepare& prepare, Handler handler) {
        check& begun = vacant(subject.id);
        begun.get.target = std::move(subject.location);
        begun.get.fresh_connection = subject.fresh_connection;
        subject.check = begun.number;
        try {
            get(begun, timeout, prepare, std::move(handler));
        } catch (...) {
            end(begun, &subject);
            throw;
        }
        return begun;
    }

    /// Begins a second request beside `first`. The arguments and exceptions are those of `begin`.
    template <typename Prepare, typename Handler>
    void begin_beside(check& first, duration timeout, const Prepare& prepare, Handler handler) {
        check& begun = vacant(first.id);
        begun.watch = first.watch;
        try {
            begun.get.target = first.get.target;
            begun.get.fresh_connection = true;
            get(begun, timeout, prepare, std::move(handler));
        } catch (...) {
            release(begun);
            throw;
        }
        begun.beside = &first;
        first.beside = &begun;
    }

    /// Ends a check, and moves the URL back to `subject`. `subject` is null if it was removed.
    template <typename Target>
    void end(check& ended, Target* subject) noexcept {
        if (subject != nullptr) {
            subject->location = std::move(ended.get.target);
            subject->check = Target::no_check;
        }
        release(ended);
    }

    /// Ends one of two requests, which has this outcome and this offer to hold. If the outcome is
    /// decided, the other request is cancelled.
    template <typename Target>
    void end_beside(check& ended, Target& subject, const verdict& outcome, bool decided,
                    hold_seconds offer) {
        check& other = *ended.beside;
        other.beside = nullptr;
        other.offer = offer;
        other.outcome = outcome;
        other.decided = decided;
        subject.check = other.number;
        release(ended);
        if (decided)
            other.transport.cancel();
    }

    /// Cancels the check of a removed target.
    template <typename Target>
    void abandon(Target& removed) {
        check& abandoned = *checks_[removed.check];
        removed.check = Target::no_check;
        if (check* const other = std::exchange(abandoned.beside, nullptr)) {
            other->beside = nullptr;
            cancel(*other);
        }
        cancel(abandoned);
    }

    /// Calls `visit` for each request in flight, except for those that were abandoned. `visit` may
    /// begin others.
    template <typename Visit>
    void for_each(const Visit& visit) {
        for (std::size_t index = 0; index < checks_.size(); ++index)
            if (checks_[index] != nullptr && checks_[index]->id != target_id{})
                visit(*checks_[index]);
    }

    /// Returns the check of a target that has one in flight.
    template <typename Target>
    [[nodiscard]] const check& of(const Target& subject) const noexcept {
        assert(subject.in_flight());
        return *checks_[subject.check];
    }

    /// Cancels all checks.
    void cancel() {
        for (const auto& each : checks_)
            if (each != nullptr)
                each->transport.cancel();
    }

    /// Destroys the transports that have no check in flight. No check may begin after that.
    void drop_idle() noexcept {
        source_ = {};
        while (!idle_.empty()) {
            const std::uint32_t number = idle_.back()->number;
            idle_.pop_back();
            checks_[number].reset();
        }
    }

private:
    // Throws what `source_` throws.
    check& vacant(target_id id) {
        if (idle_.empty()) {
            idle_.reserve(checks_.size() + 1); // so that `end` never fails
            checks_.push_back(
                std::make_unique<check>(source_(), static_cast<std::uint32_t>(checks_.size())));
            idle_.push_back(checks_.back().get());
        }
        check& begun = *idle_.back();
        idle_.pop_back();
        begun.id = id;
        begun.get.fields.clear();
        begun.connections_paid = 0;
        begun.outcome.reset();
        begun.decided = begun.gave_up = false;
        return begun;
    }

    template <typename Prepare, typename Handler>
    static void get(check& begun, duration timeout, const Prepare& prepare, Handler handler) {
        prepare(begun);
        begun.transport.async_get(begun.get, timeout,
                                  [handler = std::move(handler), &begun](const reply& answer) {
                                      handler(begun, answer);
                                  });
    }

    void release(check& ended) noexcept {
        ended.id = {};
        ended.beside = nullptr;
        idle_.push_back(&ended);
    }

    static void cancel(check& abandoned) {
        abandoned.id = {};
        abandoned.transport.cancel();
    }

    unique_function<Transport()> source_;
    std::vector<std::unique_ptr<check>> checks_;
    std::vector<check*> idle_;
    int held_ = 0;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
