// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_POLLED_ROUTE_HPP
#define FOREST_CORE_DETAIL_LOGIC_POLLED_ROUTE_HPP

#include <forest/core/datasource_mode.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>
#include <forest/form.hpp>

#include <chrono>
#include <cstdint>

// Decides which route of its server a datasource polls (B33: the choice of the route), without I/O.
// No released Ruby or Node agent has a health route. For such an agent the schema is polled
// instead.

namespace forest::inline FOREST_FORM::detail {

/// What the driver of a polled_route has to do next.
enum class route_action : std::uint8_t {
    none,
    wait, ///< wait for `polled_route::retry_interval`, then call `woke`; an earlier wait is void
    try_health, ///< perform one health check, then call `tried`
};

/// The choice of one datasource. A value; not thread-safe.
class polled_route {
public:
    /// How often the health route is tried while the schema is polled. It is also tried after each
    /// recovery.
    static constexpr duration retry_interval = std::chrono::hours{1};

    explicit polled_route(datasource_mode mode) noexcept;

    /// Returns whether the next check polls the schema.
    [[nodiscard]] bool polls_schema() const noexcept { return polls_schema_; }

    /// The server has answered a signed request for its schema: from now on a missing health route
    /// is no failure.
    void schema_came() noexcept { schema_came_ = true; }

    /// The first fetch of the schema has ended, with success or not.
    void fetched() noexcept { first_fetch_ = false; }

    /// Returns whether this answer to a health check can be judged only after the end of the first
    /// fetch of the schema.
    [[nodiscard]] bool awaits_schema(const verdict& result) const noexcept {
        return first_fetch_ && is_route_missing(result.status);
    }

    /// A health check has ended with `result`. Returns whether the route is missing. If it is, the
    /// schema is polled from now on, and the answer says nothing about the health of the server.
    [[nodiscard]] bool checked(const verdict& result) noexcept;

    /// Returns whether the change to the schema route waits only for a first schema: the server
    /// answers, and the last health check showed that it has no health route.
    [[nodiscard]] bool needs_schema() const noexcept { return missing_ && !schema_came_; }

    /// `checked` has found that the route is missing, and this has been reported.
    [[nodiscard]] route_action went_over() noexcept {
        return searches() ? route_action::wait : route_action::none;
    }

    /// The server came back from an outage.
    [[nodiscard]] route_action recovered() noexcept;

    /// The requested wait has ended.
    [[nodiscard]] route_action woke() noexcept {
        return trying_ ? route_action::none : try_health();
    }

    /// The requested health check has ended with `result`. If the server has the route, the route
    /// is polled from now on. A failure does not count.
    [[nodiscard]] route_action tried(const verdict& result) noexcept;

private:
    [[nodiscard]] bool searches() const noexcept {
        return mode_ == datasource_mode::automatic && polls_schema_;
    }

    route_action try_health() noexcept;

    datasource_mode mode_;
    bool polls_schema_;
    bool first_fetch_; // the first fetch is running, and its end matters
    bool schema_came_ = false;
    bool missing_ = false;    // found by the last health check; tries do not count
    bool trying_ = false;     // a health check beside the polls is under way
    bool owed_again_ = false; // the server came back during that check
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/detail/logic/impl/polled_route.ipp>
#endif

#endif
