// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_ROUTE_CHECK_HPP
#define FOREST_CORE_ROUTE_CHECK_HPP

#include <forest/core/error.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

// The values of a check that an application adds to its health route (B28: the route's own checks).

namespace forest::inline FOREST_FORM {

/// The result of a check. A warning is healthy, but somebody should look.
enum class check_status : std::uint8_t { pass, warn, fail };

/// Returns `"pass"`, `"warn"` or `"fail"`, as in a document of `application/health+json`.
[[nodiscard]] constexpr std::string_view name(check_status status) noexcept {
    switch (status) {
    case check_status::pass: return "pass";
    case check_status::warn: return "warn";
    case check_status::fail: return "fail";
    }
    return {};
}

/// What a check has found. Converts from a `bool`: true is a pass, false is a failure.
///
/// The text is for the people who look after the server: only authenticated callers receive it.
/// Bytes after the first `output_bytes_max` are not sent.
struct check_result {
    static constexpr std::size_t output_bytes_max = 1024;

    check_result() noexcept = default;

    // No conversion from a pointer: a text is no result.
    template <std::same_as<bool> Bool>
    check_result(Bool passed) noexcept : status{passed ? check_status::pass : check_status::fail} {}

    check_result(check_status found, std::string text) noexcept
        : status{found}, output{std::move(text)} {}

    [[nodiscard]] static check_result pass() noexcept { return {}; }
    [[nodiscard]] static check_result warn(std::string text) noexcept {
        return {check_status::warn, std::move(text)};
    }
    [[nodiscard]] static check_result fail(std::string text) noexcept {
        return {check_status::fail, std::move(text)};
    }

    check_status status = check_status::pass;
    std::string output{};
};

/// How a route runs a check.
struct check_options {
    /// How long a run may take. After that the check is reported as failed until its result comes.
    /// A request waits for no longer than this, so it should be shorter than the timeout of the
    /// clients. Greater than 0, at most `options::duration_max`.
    duration deadline = std::chrono::seconds{2};

    /// How long a result is used, counted from the end of the run. A request that comes later
    /// starts a new run. 0: each request starts one, unless one is under way. At most
    /// `options::duration_max`.
    duration cache_for = std::chrono::seconds{10};

    /// Returns an error that names the member out of its range.
    [[nodiscard]] std::error_code validate() const noexcept {
        if (deadline <= duration::zero() || deadline > options::duration_max)
            return errc::invalid_check_deadline;
        if (cache_for < duration::zero() || cache_for > options::duration_max)
            return errc::invalid_check_cache_for;
        return {};
    }
};

} // namespace forest::inline FOREST_FORM

#endif
