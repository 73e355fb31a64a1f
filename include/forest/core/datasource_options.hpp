// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DATASOURCE_OPTIONS_HPP
#define FOREST_CORE_DATASOURCE_OPTIONS_HPP

#include <forest/core/backoff.hpp>
#include <forest/core/datasource_mode.hpp>
#include <forest/core/detection.hpp>
#include <forest/core/error.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/form.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

// The options of a datasource (B35: their names and defaults).

namespace forest::inline FOREST_FORM {

/// The option of a datasource that is out of its range.
enum class datasource_errc {
    invalid_uri = 1,
    invalid_introspection,
    invalid_health_check_interval,
    invalid_health_check_failure_threshold,
    invalid_health_check_success_threshold,
    invalid_health_check_timeout,
    invalid_schema_poll,
    invalid_schema_timeout,
    invalid_schema_bytes_max,
    invalid_mode,
    invalid_schema_settle,
};

namespace detail {

class datasource_category_type final : public option_category {
public:
    const char* name() const noexcept override { return "forest.datasource"; }
    std::string_view identifier(int value) const noexcept override;
    std::string message(int value) const override;
};

inline constinit const never_destroyed<datasource_category_type> datasource_category_object;

} // namespace detail

[[nodiscard]] FOREST_DECL std::error_code make_error_code(datasource_errc code) noexcept;

} // namespace forest::inline FOREST_FORM

template <>
struct std::is_error_code_enum<forest::datasource_errc> : std::true_type {};

namespace forest::inline FOREST_FORM {

/// The options of a datasource.
struct datasource_options {
    /// The base URL of the server. The paths below are appended to it. It may have a path itself,
    /// for example behind a proxy; any `/` at its end is removed. Required.
    std::string uri{};

    /// The same secret that the server has. Required, unless you pass a signer.
    std::string auth_secret{};

    /// A schema as JSON text. The datasource begins with it if the first fetch of the schema fails
    /// (B30). If the text is empty, the datasource begins without collections.
    std::string introspection{};

    /// The route that is polled to find out whether the server is well (B33: the choice of the
    /// route). In the mode `automatic`, the schema is polled instead if the server has sent its
    /// schema but answers 404 or 405 to a health check.
    datasource_mode mode = datasource_mode::automatic;

    /// The time from the start of one check to the start of the next. Greater than 0.
    duration health_check_interval = options{}.interval;

    /// Consecutive failed checks that make the server down. At least 1. Polls of the schema count
    /// in the same way.
    int health_check_failure_threshold = options{}.failure_threshold;

    /// Consecutive successful checks that end an outage. At least 1. Polls of the schema count in
    /// the same way.
    int health_check_success_threshold = options{}.success_threshold;

    /// One deadline for a whole check. Greater than 0.
    duration health_check_timeout = options{}.timeout;

    /// The time from the start of one poll of the schema to the start of the next, while the schema
    /// is polled. 1 s to 3600 s. Empty: `health_check_interval`, but at least 1 s.
    std::optional<duration> schema_poll{};

    /// One deadline for fetching the schema, from resolving to the last byte. Greater than 0. The
    /// default is longer than for a check, because a schema may have megabytes.
    duration schema_timeout = std::chrono::seconds{30};

    /// The size of the largest accepted schema. The fetch of a larger one fails with
    /// `errc::response_too_large`, and the known schema is kept. 1 byte to 1 GiB. The memory for
    /// reading a schema is up to four times its size, and more if the text consists of short names
    /// only.
    std::size_t schema_bytes_max = std::size_t{16} << 20U;

    /// A schema that was the known one less than this time ago is accepted only if a second fetch,
    /// after this time, returns it again (B36: contents that alternate). Without this rule,
    /// replicas of two versions would make the application reload again and again. At least 0; with
    /// 0 every schema is accepted at once.
    duration schema_settle = std::chrono::seconds{60};

    /// The first check is delayed by a random part of this duration, with a uniform distribution.
    /// This spreads the checks of several datasources.
    duration initial_delay_max = options{}.initial_delay_max;

    /// Each delay is made longer or shorter by a random amount, at most by this share of the delay.
    /// From 0 to 0.5.
    double interval_jitter = options{}.interval_jitter;

    /// The longest tolerated delay of a wake-up. After a longer delay a failed check is
    /// inconclusive (B12).
    duration stall_tolerance = options{}.stall_tolerance;

    /// How long the server may hold its answers to a check and to a request for the schema until
    /// there is something to report, if it offers that (B43, B51). 0: nothing is held. Else from
    /// 1 s to `options::hold_max`, and at most the interval of the checks.
    duration hold = options{}.hold;

    /// The delays after failures that follow the sudden end of a held check; see
    /// `options::confirm_after`.
    confirm_delays confirm_after{};

    /// The interval at which other clients poll the schema by default.
    static constexpr duration schema_poll_default = std::chrono::seconds{600};

    static constexpr std::string_view health_path = "/forest/health";
    static constexpr std::string_view schema_path = "/forest/rpc-schema";

    /// Returns the options for the route that is polled at the start: the schema in the mode
    /// `schema_poll`, otherwise the health route.
    [[nodiscard]] constexpr options polling() const noexcept {
        return mode == datasource_mode::schema_poll
                   ? schema_polling()
                   : polled_every(health_check_interval, health_check_timeout);
    }

    /// Returns the options for polling the schema. They apply in the mode `schema_poll`, and in the
    /// mode `automatic` while the server has no health route.
    [[nodiscard]] constexpr options schema_polling() const noexcept {
        return polled_every(schema_poll.value_or(std::max(schema_poll_min, health_check_interval)),
                            schema_timeout);
    }

    /// Makes the URL of one route from `uri` and `path`, which is `health_path` or `schema_path`.
    /// If `uri` is wrong, returns the error of `url::parse` or `invalid_uri`, and does not change
    /// `result`.
    [[nodiscard]] std::error_code parse_url(std::string_view path, url& result) const;

    /// Returns an error that names the first member that is out of its range. For `uri` it can also
    /// be an `errc` of `url::parse`; for the last five members it is the `errc` of
    /// `options::validate`.
    [[nodiscard]] std::error_code validate() const;

private:
    static constexpr duration schema_poll_min = std::chrono::seconds{1};

    [[nodiscard]] constexpr options polled_every(duration interval,
                                                 duration timeout) const noexcept {
        return {.interval = interval,
                .timeout = timeout,
                .failure_threshold = health_check_failure_threshold,
                .success_threshold = health_check_success_threshold,
                .initial_delay_max = initial_delay_max,
                .interval_jitter = interval_jitter,
                .stall_tolerance = stall_tolerance,
                .hold = std::min(hold, interval),
                .confirm_after = confirm_after};
    }

    // Validates the options of a check. Returns errors that name the members of this struct.
    [[nodiscard]] std::error_code validate_checks() const noexcept;
};

/// Returns the worst case for a datasource: that of the polled route or, in the mode `automatic`,
/// the larger one of both routes. This is a constant expression only if std::string can be used in
/// one. With clang 19 and the library of g++ 12 that is not yet possible.
///
///     static_assert(forest::worst_case_detection(
///         forest::datasource_options{.schema_timeout = 5s}).black_holed <= 1min);
template <std::same_as<datasource_options> Options, // A braced list means `options`.
          std::regular_invocable<int, duration> Backoff = exponential_backoff>
[[nodiscard]] constexpr detection_bound worst_case_detection(const Options& settings,
                                                             const Backoff& backoff = {}) {
    const detection_bound polled = worst_case_detection(settings.polling(), backoff);
    if (settings.mode != datasource_mode::automatic)
        return polled;
    return larger(polled, worst_case_detection(settings.schema_polling(), backoff));
}

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/impl/datasource_options.ipp>
#endif

#endif
