// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_EVENT_HPP
#define FOREST_CORE_EVENT_HPP

#include <forest/core/error.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/schema_source.hpp>
#include <forest/core/target_id.hpp>
#include <forest/core/verdict.hpp>
#include <forest/form.hpp>

#include <cstdint>
#include <string_view>

// The events that a client reports to its observers. All kinds of events have the same struct. So
// an observer is one function, and a new kind of event does not break it.

namespace forest::inline FOREST_FORM {

class schema; // in core/schema.hpp

/// The known state of a target.
enum class target_status : std::uint8_t {
    unknown, ///< no verdict yet
    up,
    suspect, ///< at least one failure since the last success, but not down
    down,
};

/// What happened.
enum class event_kind : std::uint8_t {
    started,
    check_started,
    check_succeeded,
    check_failed,
    check_inconclusive, ///< failed because this process lacked time, descriptors or a name service
                        ///< (B12)
    server_down,
    server_up,
    callback_failed, ///< a callback threw; `event::detail` has its text
    stopping,
    stopped,

    // The following events come only from a datasource.
    schema_loaded,        ///< the first schema; `event::source` says where it came from (B30)
    schema_unchanged,     ///< the server still has the schema that is known (B31)
    schema_reloaded,      ///< the server has another schema, and the application has accepted it
    schema_failed,        ///< the schema could not be fetched; `event::check` has the reason
    health_route_missing, ///< the server has no health route, and its schema is polled instead
                          ///< (B33)

    // The following events come only with a probe that knows degraded servers.
    server_degraded, ///< a successful check has the first warning; `verdict::degraded` is set
    degraded_ended,  ///< a successful check has no warning any more
};

/// The level at which an event should be logged.
enum class severity : std::uint8_t { debug, info, warning, error };

/// One event. All pointers and views are valid only during the call that delivers the event.
struct event {
    event_kind kind{};
    std::string_view target{}; ///< the URL
    std::string_view path{};   ///< of the request of `check`, like `/forest/health`; else empty
    target_status status{};    ///< the status of the target after this event
    int attempt = 0;           ///< checks since the last success, from 1 (B10); 0 outside checks
    int failures = 0;          ///< consecutive failures so far
    int failure_threshold = 0; ///< the number of failures that makes the target down
    const verdict* check =
        nullptr; ///< set for the result of a check and events that follow from it
    const forest::outage* outage = nullptr; ///< set for server_down and server_up
    std::string_view detail{};              ///< the exception of a callback as text, or advice
    const forest::schema* schema = nullptr; ///< the known schema, in events about schemas
    schema_source source{};                 ///< where that schema came from
    target_id id{};                         ///< the target in a fleet; 0 in a client
    /// The target is down, and `server_down` was reported before this event. A further failure
    /// changes nothing.
    bool during_outage = false;

    /// The number of checks in a row that were inconclusive because this process was late or the
    /// name service did not answer (B12), including this one. After `doubt_max` such checks,
    /// further ones count: with `check_failed`, a number above 0 is the reason why it counts.
    int doubts = 0;
};

/// Returns whether this is the first check in a row for which the name service did not answer. The
/// later checks of the same row report nothing new.
[[nodiscard]] FOREST_DECL bool begins_doubt(const event& happened) noexcept;

/// Returns a hint for the user if the server answered the check of the event with 404 or 405.
/// Otherwise returns an empty text.
[[nodiscard]] FOREST_DECL std::string_view missing_route_hint(const event& happened) noexcept;

/// The text of `event::detail` with `health_route_missing`.
inline constexpr std::string_view health_route_missing_hint =
    "its schema is polled instead; no Ruby or Node agent has the route yet: choose the mode "
    "schema_poll, or serve GET /forest/health on the server; the route is tried every hour";

/// The text of `event::detail` with `schema_unchanged` if the server has returned to a schema that
/// was the known one a short time ago (B36: such a schema must come twice).
inline constexpr std::string_view schema_held_hint =
    "the server serves an earlier schema, which is taken over if it stays";

[[nodiscard]] constexpr std::string_view name(target_status status) noexcept {
    switch (status) {
    case target_status::unknown: return "unknown";
    case target_status::up: return "up";
    case target_status::suspect: return "suspect";
    case target_status::down: return "down";
    }
    return {};
}

[[nodiscard]] constexpr std::string_view name(event_kind kind) noexcept {
    switch (kind) {
    case event_kind::started: return "started";
    case event_kind::check_started: return "check_started";
    case event_kind::check_succeeded: return "check_succeeded";
    case event_kind::check_failed: return "check_failed";
    case event_kind::check_inconclusive: return "check_inconclusive";
    case event_kind::server_down: return "server_down";
    case event_kind::server_up: return "server_up";
    case event_kind::callback_failed: return "callback_failed";
    case event_kind::stopping: return "stopping";
    case event_kind::stopped: return "stopped";
    case event_kind::schema_loaded: return "schema_loaded";
    case event_kind::schema_unchanged: return "schema_unchanged";
    case event_kind::schema_reloaded: return "schema_reloaded";
    case event_kind::schema_failed: return "schema_failed";
    case event_kind::health_route_missing: return "health_route_missing";
    case event_kind::server_degraded: return "server_degraded";
    case event_kind::degraded_ended: return "degraded_ended";
    }
    return {};
}

/// Returns whether events of this kind are about the schema of a datasource.
[[nodiscard]] constexpr bool is_of_schema(event_kind kind) noexcept {
    return event_kind::schema_loaded <= kind && kind <= event_kind::schema_failed;
}

/// Returns the level at which an event is logged. Changes of the status have at least the level
/// info; routine events have the level debug. Below the threshold, a connection that is lost,
/// refused or timed out is routine. During an outage, every further failure is routine. The first
/// refused signature is never routine.
[[nodiscard]] FOREST_DECL severity severity_of(const event& happened) noexcept;

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/impl/event.ipp>
#endif

#endif
