// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_ROUTES_ROUTE_CHECKS_HPP
#define FOREST_DETAIL_ROUTES_ROUTE_CHECKS_HPP

#include <forest/core/route_check.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

// The decisions about the checks of a route (B28), without I/O and without a clock: which check has
// to run, whether a request has to wait, and what the answer is.

namespace forest::inline FOREST_FORM::detail {

/// One run of a check. The numbers of the runs of a route increase, across its checks.
struct check_run {
    std::size_t check = 0;
    std::uint64_t number = 0;
};

/// The checks of a route and their last results. A check never runs twice at a time. All times that
/// are passed in are of one clock. Not thread-safe.
class route_checks {
public:
    static constexpr std::size_t name_bytes_max = 128;

    /// Adds a check. Returns `errc::check_name_invalid`, or the error of the options; then nothing
    /// has changed.
    std::error_code add(std::string name, const check_options& options);

    [[nodiscard]] std::size_t size() const noexcept { return checks_.size(); }

    /// Begins a run of that check if its last result is too old and no run is under way. The run is
    /// under way until it has a result and its function has returned. A result that is younger than
    /// `age_min` is never too old.
    std::optional<check_run> begin(std::size_t check, steady_time now,
                                   duration age_min = duration::zero()) noexcept;

    /// The function that begins the run has returned.
    void returned(const check_run& run) noexcept { checks_[run.check].inside = false; }

    /// Takes the result of a run, in time or late. Only the first result of a run counts.
    void finish(const check_run& run, check_result&& result, steady_time now,
                wall_time wall_now) noexcept;

    /// The number of the last run that has begun. A request that comes now waits for the runs up to
    /// this one.
    [[nodiscard]] std::uint64_t last_run() const noexcept { return last_run_; }

    /// Returns when the last run of those up to `last` exceeds its deadline. Nothing if each of
    /// them has a result or has exceeded its deadline: then the answer has not to wait any more.
    [[nodiscard]] std::optional<steady_time> waits_until(std::uint64_t last,
                                                         steady_time now) const noexcept;

    /// The worst of all results; `pass` without a check.
    [[nodiscard]] check_status status(steady_time now) const noexcept;

    /// Like `status`, but without the checks of which nothing is known yet: their first run is
    /// within its deadline, or has not begun.
    [[nodiscard]] check_status known(steady_time now) const noexcept;

    /// Returns when `known` may change by time alone, or the next run is due. A result that is
    /// younger than `age_min` is not repeated. Nothing without a check.
    [[nodiscard]] std::optional<steady_time> changes_at(steady_time now,
                                                        duration age_min) const noexcept;

    /// The document in the shape of `application/health+json`
    /// (draft-inadarei-api-health-check-06). Its status is `fail` if the application is not
    /// healthy, whatever the checks have found.
    [[nodiscard]] std::string document(bool healthy, std::string_view version, steady_time now,
                                       wall_time wall_now) const;

private:
    struct entry {
        std::string name;
        check_options options;
        check_result result;                // of the last run that ended
        std::optional<steady_time> ended;   // when that was
        wall_time ended_at{};               // the same moment, as the document has it
        duration took{};                    // by that run
        std::optional<steady_time> started; // the run that is under way
        std::uint64_t run = 0;              // the number of the last run
        bool inside = false;                // the function that begins the run has not returned

        [[nodiscard]] bool is_due(steady_time now, duration age_min) const noexcept;
        [[nodiscard]] bool is_overdue(steady_time now) const noexcept;
        [[nodiscard]] check_status status(steady_time now) const noexcept;
    };

    // Cuts a text to its limit, between two characters.
    static void shorten(std::string& text) noexcept;

    // Returns `2 s` or `250 ms`.
    static std::string span(duration length);

    static void append(std::string& text, const entry& check, steady_time now, wall_time wall_now);

    std::vector<entry> checks_;
    std::uint64_t last_run_ = 0;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/detail/routes/impl/route_checks.ipp>
#endif

#endif
