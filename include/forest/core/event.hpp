// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_EVENT_HPP
#define FOREST_CORE_EVENT_HPP

#include <forest/core/error.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/schema.hpp>
#include <forest/core/target_id.hpp>
#include <forest/core/verdict.hpp>

#include <cstdint>
#include <string_view>

// What a client reports to its observers: one struct for all events, so that an observer is one
// function and a new event breaks no observer.

namespace forest {

/// What is known of a target.
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
    check_inconclusive, ///< failed for want of time, descriptors or a name service (B12)
    server_down,
    server_up,
    callback_failed, ///< a callback threw; `event::detail` says what
    stopping,
    stopped,

    // Of a datasource only.
    schema_loaded,    ///< the first schema; `event::source` says where it came from (B30)
    schema_unchanged, ///< the server still has the schema that is known (B31)
    schema_reloaded,  ///< the server's schema had changed, and the application has taken it over
    schema_failed,    ///< the schema could not be had; `event::check` says why
    health_route_missing, ///< the server has no health route, and its schema is polled instead
                          ///< (B33)
};

/// How loudly an event should be logged.
enum class severity : std::uint8_t { debug, info, warning, error };

/// One event. All pointers and views are valid during the call that delivers it, and no longer.
struct event {
    event_kind kind{};
    std::string_view target{}; ///< the URL
    std::string_view path{};   ///< what `check` asked for there: `/forest/health`; else empty
    target_status status{};    ///< of the target, after this event
    int attempt = 0;           ///< checks since the last success, from 1 (B10); 0 outside checks
    int failures = 0;          ///< consecutive failures so far
    int failure_threshold = 0; ///< how many make the target down
    const verdict* check = nullptr; ///< set for the outcome of a check and for what follows from it
    const forest::outage* outage = nullptr; ///< set for server_down and server_up
    std::string_view detail{};              ///< what a callback threw, or what to do
    const forest::schema* schema = nullptr; ///< the known schema, in events about schemas
    schema_source source{};                 ///< where it came from
    target_id id{};                         ///< of a fleet's target; 0 for a client's
    /// The target is down, and `server_down` was reported before this event. A failure that comes
    /// now changes nothing.
    bool during_outage = false;

    /// For how many checks in a row, the present one included, the name service has not answered
    /// (B12); those that count as `resolve_failed` after `doubt_max` are not counted here.
    int doubts = 0;
};

/// Whether the name service has just begun not to answer: the first such check in a row says so,
/// and those that follow say nothing new.
[[nodiscard]] inline bool begins_doubt(const event& happened) noexcept {
    return happened.kind == event_kind::check_inconclusive && happened.check != nullptr &&
           happened.check->error == errc::resolver_unavailable && happened.doubts <= 1;
}

/// A hint for a server that answers an event's check with 404 or 405. Empty when the event has no
/// such answer.
[[nodiscard]] inline std::string_view missing_route_hint(const event& happened) noexcept {
    if (happened.check == nullptr || happened.check->error != errc::unexpected_status ||
        !is_route_missing(happened.check->status))
        return {};
    return happened.path.ends_with("/rpc-schema")
               ? "check the URL, and that an agent answers there"
               : "check the URL, or serve that route; no Ruby or Node agent has a health route so "
                 "far, and a datasource (master) polls its schema instead, once it can fetch that";
}

/// The text of `event::detail` with `health_route_missing`.
inline constexpr std::string_view health_route_missing_hint =
    "its schema is polled instead; no Ruby or Node agent has the route so far: choose the mode "
    "schema_poll to say so, or serve GET /forest/health on the server, which is tried every hour";

/// The text of `event::detail` with `schema_unchanged` when the server has served a schema that was
/// the known schema a moment ago (B36: a schema that goes back).
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
    }
    return {};
}

/// Whether the event is about a datasource's schema.
[[nodiscard]] constexpr bool is_of_schema(event_kind kind) noexcept {
    return event_kind::schema_loaded <= kind && kind <= event_kind::schema_failed;
}

/// The level at which an event is logged: transitions at info and above, routine at debug. A
/// connection that is lost, refused or timed out below the threshold is routine, and so is every
/// further failure during an outage; the first refused signature never is.
[[nodiscard]] inline severity severity_of(const event& happened) noexcept {
    switch (happened.kind) {
    case event_kind::check_failed: {
        // Beyond the threshold the target is down, also when the event does not say so.
        if (happened.during_outage || happened.failures > happened.failure_threshold)
            return severity::debug;
        const std::error_code error = happened.check ? happened.check->error : std::error_code{};
        const bool routine = error == errc::connection_lost || error == errc::connection_refused ||
                             error == errc::timed_out;
        return routine && happened.failures < happened.failure_threshold ? severity::debug
                                                                         : severity::warning;
    }
    case event_kind::check_inconclusive: // Nobody else says that the name service is in trouble.
        return begins_doubt(happened) ? severity::warning : severity::debug;
    case event_kind::server_down: return severity::warning;
    case event_kind::server_up:
    case event_kind::schema_reloaded: return severity::info;
    case event_kind::schema_loaded:
        return happened.source == schema_source::server ? severity::info : severity::warning;
    case event_kind::schema_failed:
        return happened.during_outage ? severity::debug : severity::warning;
    case event_kind::health_route_missing: return severity::warning;
    case event_kind::callback_failed: return severity::error;
    default: return severity::debug;
    }
}

} // namespace forest

#endif
