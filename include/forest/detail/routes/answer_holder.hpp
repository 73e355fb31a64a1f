// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_ROUTES_ANSWER_HOLDER_HPP
#define FOREST_DETAIL_ROUTES_ANSWER_HOLDER_HPP

#include <forest/core/detail/container/function_reference.hpp>
#include <forest/core/ip_address.hpp>
#include <forest/core/time.hpp>
#include <forest/detail/routes/held_answers.hpp>
#include <forest/detail/routes/route_clock.hpp>
#include <forest/form.hpp>
#include <forest/policy/server.hpp>
#include <forest/signed_route.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

// Keeps the responders of the answers that a route holds, as held_answers decides, and waits with
// the clock of the server.

namespace forest::inline FOREST_FORM::detail {

/// The route that holds answers. All members may be called from any thread.
class holding_route {
public:
    /// The present answers. Called under the lock of the holder, so it must not call the holder.
    [[nodiscard]] virtual answer_versions versions() const noexcept = 0;

    /// Returns when `versions` may change by time alone; null if it does not. As above.
    [[nodiscard]] virtual std::optional<steady_time> changes_at() const noexcept = 0;

    /// Does what is due by time while answers are held. Called outside the lock.
    virtual void refresh_held() const = 0;

    /// Sends the present answer to a request that was held. The server may need the connection for
    /// another client: then it is `early`, and the answer offers nothing. Called outside the lock.
    virtual void answer_held(held_request& request, bool early) const = 0;

protected:
    ~holding_route() = default;
};

/// The held answers of one route, which owns this object. All members may be called from any
/// thread.
class answer_holder final : public route_waiter {
public:
    /// `route` owns this object.
    answer_holder(const holding_route& route, const hold_limits& limits) noexcept
        : route_{route}, held_{limits} {}
    answer_holder(const answer_holder&) = delete;
    answer_holder& operator=(const answer_holder&) = delete;
    ~answer_holder() = default;

    /// The clock that is used from now on, and a pointer to this object, which keeps the route. If
    /// the clock is null, nothing is held or offered any more, and the held answers are dropped.
    void use(route_clock* clock, std::weak_ptr<answer_holder> self);

    /// Returns for how long the next answer to that address can be held; null if it cannot.
    [[nodiscard]] std::optional<std::chrono::seconds>
    offer(const std::optional<ip_address>& peer) const;

    /// See held_answers::granted.
    [[nodiscard]] std::chrono::seconds granted(std::chrono::seconds preferred) const noexcept {
        return held_.granted(preferred);
    }

    /// Holds the answer to a request, if there is a place, and if its version is still the present
    /// one. `keep` takes the responder, and gets what the server calls when it ends the hold; it
    /// returns an empty function if the server cannot hold this answer. Returns false if the answer
    /// is not held.
    [[nodiscard]] bool hold(held_request&& request, held_keeper keep);

    /// Something has changed: sends the held answers that are not the present ones.
    void news() noexcept;

    /// Like `news`, and does before what is due by time, if any answer is held.
    void refresh() noexcept;

    void wake(std::uint64_t number) noexcept override;

    [[nodiscard]] std::size_t size() const;

private:
    // The server ends the hold in that place.
    void end(const held_key& place, hold_end why) noexcept;

    // Takes the answers out whose time is over or that have changed, and waits for the others. Call
    // it with the mutex locked.
    [[nodiscard]] held_answers::map take_settled() noexcept;

    // Waits for the next moment at which something is to be done. Returns false if there is no
    // memory for that. Call it with the mutex locked.
    [[nodiscard]] bool arm(steady_time now) noexcept;

    void stop_waiting() noexcept;

    void send(held_answers::map& answers, bool early) const noexcept;

    const holding_route& route_;
    mutable std::mutex mutex_;
    held_answers held_;
    route_clock* clock_ = nullptr;
    std::weak_ptr<answer_holder> self_;
    std::uint64_t wait_ = 0;           // the number of the last wait
    std::optional<steady_time> armed_; // when that wait ends
};

/// Returns null if the route holds no answers. Throws std::system_error with the error of
/// `limits.validate()`.
[[nodiscard]] FOREST_DECL std::unique_ptr<answer_holder> make_holder(const holding_route& route,
                                                                     const hold_limits& limits);

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/detail/routes/impl/answer_holder.ipp>
#endif

#endif
