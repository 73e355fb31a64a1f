// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_FLEET_CHECKS_IN_FLIGHT_HPP
#define FOREST_DETAIL_FLEET_CHECKS_IN_FLIGHT_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/target_id.hpp>
#include <forest/core/url.hpp>
#include <forest/policy/transport.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

// The checks of a fleet that are in flight. A transport and a request exist for each, and no more
// than there ever were at a time; targets that wait have none.

namespace forest::detail {

/// Transports that are taken for one check at a time. Not thread-safe.
template <transport Transport>
class checks_in_flight {
public:
    struct flight {
        flight(Transport by, std::uint32_t place) : transport{std::move(by)}, number{place} {}

        Transport transport;
        request what;
        target_id of{}; // 0 when nobody waits for its end
        unsigned connections_paid = 0;
        const std::uint32_t number;
    };

    explicit checks_in_flight(unique_function<Transport()> source) : source_{std::move(source)} {}

    /// How many are in flight, those that were abandoned but have not yet ended among them.
    [[nodiscard]] int count() const noexcept {
        return static_cast<int>(flights_.size() - idle_.size());
    }

    /// Whether a check that begins now is known to find a kept connection.
    [[nodiscard]] bool keeps_connection_to(const url& where) const noexcept {
        if constexpr (connection_keeper<Transport>)
            return !flights_.empty() && flights_.front()->transport.keeps_connection_to(where);
        else
            return false;
    }

    /// Begins a check of `one`, whose URL it borrows, with a request that `prepare` completes.
    /// `handler` takes the flight, which it has to end, and the reply. What the policies throw is
    /// passed on, and nothing has begun then.
    template <typename Target, typename Prepare, typename Handler>
    flight& begin(Target& one, const Prepare& prepare, Handler handler) {
        flight& begun = take(one);
        try {
            prepare(begun.what);
            begun.transport.async_get(begun.what, one.machine.options().timeout,
                                      [handler = std::move(handler), &begun](const reply& answer) {
                                          handler(begun, answer);
                                      });
        } catch (...) {
            end(begun, &one);
            throw;
        }
        return begun;
    }

    /// Gives back what `one`, which is null when it is gone, had lent.
    template <typename Target>
    void end(flight& ended, Target* one) noexcept {
        if (one != nullptr) {
            one->where = std::move(ended.what.target);
            one->flight = Target::no_flight;
        }
        ended.of = {};
        idle_.push_back(&ended);
    }

    /// Cancels the check of a target that goes away.
    template <typename Target>
    void abandon(Target& gone) {
        flight& of_it = *flights_[gone.flight];
        of_it.of = {};
        gone.flight = Target::no_flight;
        of_it.transport.cancel();
    }

    template <typename Target>
    [[nodiscard]] const flight& of(const Target& one) const noexcept {
        assert(one.in_flight());
        return *flights_[one.flight];
    }

    /// Cancels all.
    void cancel() {
        for (const auto& each : flights_)
            if (each != nullptr)
                each->transport.cancel();
    }

    /// Destroys the transports that have no check in flight; no check is begun after that.
    void drop_idle() noexcept {
        source_ = {};
        while (!idle_.empty()) {
            const std::uint32_t number = idle_.back()->number;
            idle_.pop_back();
            flights_[number].reset();
        }
    }

private:
    // One for `one`. Throws what making a transport throws.
    template <typename Target>
    flight& take(Target& one) {
        if (idle_.empty()) {
            idle_.reserve(flights_.size() + 1); // so that to end one never fails
            flights_.push_back(
                std::make_unique<flight>(source_(), static_cast<std::uint32_t>(flights_.size())));
            idle_.push_back(flights_.back().get());
        }
        flight& begun = *idle_.back();
        idle_.pop_back();
        begun.of = one.id;
        begun.what.target = std::move(one.where);
        begun.what.fields.clear();
        begun.what.fresh_connection = one.fresh_connection;
        begun.connections_paid = 0;
        one.flight = begun.number;
        return begun;
    }

    unique_function<Transport()> source_;
    std::vector<std::unique_ptr<flight>> flights_;
    std::vector<flight*> idle_;
};

} // namespace forest::detail

#endif
