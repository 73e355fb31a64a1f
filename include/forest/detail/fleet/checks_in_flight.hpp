// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_FLEET_CHECKS_IN_FLIGHT_HPP
#define FOREST_DETAIL_FLEET_CHECKS_IN_FLIGHT_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/target_id.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

// The checks of a fleet that are in flight. Each has a transport and a request; targets that wait
// have none. Transports and requests are used again. So their number is the largest number of
// checks that were ever in flight at a time.

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
    };

    explicit checks_in_flight(unique_function<Transport()> source) : source_{std::move(source)} {}

    /// Returns the number of checks in flight, including abandoned checks that have not ended.
    [[nodiscard]] int count() const noexcept {
        return static_cast<int>(checks_.size() - idle_.size());
    }

    /// Returns whether a check that begins now is known to find a kept connection.
    [[nodiscard]] bool keeps_connection_to(const url& location) const noexcept {
        if constexpr (connection_keeper<Transport>)
            return !checks_.empty() && checks_.front()->transport.keeps_connection_to(location);
        else
            return false;
    }

    /// Begins a check of `subject`. Its URL moves to the request, and `prepare` completes the
    /// request. `handler` takes the check and the reply; it has to end the check. Exceptions of the
    /// policies are passed on; then no check has begun.
    template <typename Target, typename Prepare, typename Handler>
    check& begin(Target& subject, duration timeout, const Prepare& prepare, Handler handler) {
        check& begun = take(subject);
        try {
            prepare(begun.get);
            begun.transport.async_get(begun.get, timeout,
                                      [handler = std::move(handler), &begun](const reply& answer) {
                                          handler(begun, answer);
                                      });
        } catch (...) {
            end(begun, &subject);
            throw;
        }
        return begun;
    }

    /// Ends a check, and moves the URL back to `subject`. `subject` is null if it was removed.
    template <typename Target>
    void end(check& ended, Target* subject) noexcept {
        if (subject != nullptr) {
            subject->location = std::move(ended.get.target);
            subject->check = Target::no_check;
        }
        ended.id = {};
        idle_.push_back(&ended);
    }

    /// Cancels the check of a removed target.
    template <typename Target>
    void abandon(Target& removed) {
        check& abandoned = *checks_[removed.check];
        abandoned.id = {};
        removed.check = Target::no_check;
        abandoned.transport.cancel();
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
    template <typename Target>
    check& take(Target& subject) {
        if (idle_.empty()) {
            idle_.reserve(checks_.size() + 1); // so that `end` never fails
            checks_.push_back(
                std::make_unique<check>(source_(), static_cast<std::uint32_t>(checks_.size())));
            idle_.push_back(checks_.back().get());
        }
        check& begun = *idle_.back();
        idle_.pop_back();
        begun.id = subject.id;
        begun.get.target = std::move(subject.location);
        begun.get.fields.clear();
        begun.get.fresh_connection = subject.fresh_connection;
        begun.connections_paid = 0;
        subject.check = begun.number;
        return begun;
    }

    unique_function<Transport()> source_;
    std::vector<std::unique_ptr<check>> checks_;
    std::vector<check*> idle_;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
