// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_POLLED_ROUTE_HPP
#define FOREST_CORE_DETAIL_LOGIC_POLLED_ROUTE_HPP

#include <forest/core/datasource_mode.hpp>
#include <forest/core/error.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>

// Decides which of its server's routes a datasource polls (B33: the choice of the route), without
// I/O. No released Ruby or Node agent has a health route, and then its schema is polled instead.

namespace forest::detail {

/// What the driver of a polled_route has to do next.
enum class route_action : std::uint8_t {
    none,
    wait, ///< wait for `polled_route::retry_interval`, then call `woke`; a wait before is void
    try_health, ///< perform one health check, then call `tried`
};

/// The choice of one datasource. A value; not thread-safe.
class polled_route {
public:
    /// While the schema is polled for want of a health route, that route is tried this often, and
    /// after each recovery.
    static constexpr duration retry_interval = std::chrono::hours{1};

    explicit polled_route(datasource_mode mode) noexcept
        : mode_{mode},
          polls_schema_{mode == datasource_mode::schema_poll},
          first_fetch_{mode == datasource_mode::automatic} {}

    /// What the next check asks for.
    [[nodiscard]] bool polls_schema() const noexcept { return polls_schema_; }

    /// The server has answered a signed request for its schema: from now on a missing health route
    /// is no failure.
    void schema_came() noexcept { schema_came_ = true; }

    /// The first fetch of the schema has ended, well or not.
    void fetched() noexcept { first_fetch_ = false; }

    /// Whether this answer to a health check can be judged only when the first fetch of the schema
    /// has ended.
    [[nodiscard]] bool awaits_schema(const verdict& result) const noexcept {
        return first_fetch_ && is_route_missing(result.status);
    }

    /// A health check has ended so. Returns whether the route is missing, and then the schema is
    /// polled from now on, and the answer says nothing of the server's health.
    [[nodiscard]] bool checked(const verdict& result) noexcept {
        missing_ = mode_ == datasource_mode::automatic && is_route_missing(result.status);
        polls_schema_ = polls_schema_ || (missing_ && schema_came_);
        return missing_ && schema_came_;
    }

    /// Whether the change to the schema waits only for a first schema: the server answers, and the
    /// last health check showed that it has no health route.
    [[nodiscard]] bool needs_schema() const noexcept { return missing_ && !schema_came_; }

    /// `checked` has returned true, and that has been reported.
    [[nodiscard]] route_action went_over() noexcept {
        return searches() ? route_action::wait : route_action::none;
    }

    /// The server came back from an outage.
    [[nodiscard]] route_action recovered() noexcept {
        // The answer under way may be from before the outage.
        owed_again_ = trying_;
        return trying_ ? route_action::none : try_health();
    }

    /// The wait asked for has ended.
    [[nodiscard]] route_action woke() noexcept {
        return trying_ ? route_action::none : try_health();
    }

    /// The health check asked for has ended so. If the server has the route, it is polled from now
    /// on; a failure does not count.
    [[nodiscard]] route_action tried(const verdict& result) noexcept {
        trying_ = false;
        const bool again = std::exchange(owed_again_, false);
        if (result.healthy() || result.error == errc::stopping) {
            polls_schema_ = false;
            return route_action::none;
        }
        return again ? try_health() : route_action::wait;
    }

private:
    [[nodiscard]] bool searches() const noexcept {
        return mode_ == datasource_mode::automatic && polls_schema_;
    }

    route_action try_health() noexcept {
        if (!searches())
            return route_action::none;
        trying_ = true;
        return route_action::try_health;
    }

    datasource_mode mode_;
    bool polls_schema_;
    bool first_fetch_; // is under way, and matters
    bool schema_came_ = false;
    bool missing_ = false;    // said the last health check, but for those that are tried
    bool trying_ = false;     // a health check beside the polls is under way
    bool owed_again_ = false; // the server came back meanwhile
};

} // namespace forest::detail

#endif
