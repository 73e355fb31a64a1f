// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_ROUTES_CHECK_RUNNER_HPP
#define FOREST_DETAIL_ROUTES_CHECK_RUNNER_HPP

#include <forest/core/check_report.hpp>
#include <forest/core/detail/container/function_reference.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/route_check.hpp>
#include <forest/core/time.hpp>
#include <forest/detail/routes/route_checks.hpp>
#include <forest/detail/routes/route_clock.hpp>
#include <forest/form.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

// Runs the checks of a route as route_checks decides: calls their functions, takes their results
// from any thread, and keeps the answers that wait for them.

namespace forest::inline FOREST_FORM::detail {

using check_function = unique_function<void(check_report)>;

/// Returns a check that runs on a pool: `post` takes a function and calls it on another thread.
/// Empty if one of the two is empty.
[[nodiscard]] FOREST_DECL check_function pooled_check(
    unique_function<void(unique_function<void()>)> post, unique_function<check_result()> check);

/// The checks of one route. All members may be called from any thread. The functions of the
/// application, and the answers, are called outside the lock.
class check_runner final : public route_waiter, public std::enable_shared_from_this<check_runner> {
public:
    check_runner() = default;
    check_runner(const check_runner&) = delete;
    check_runner& operator=(const check_runner&) = delete;
    ~check_runner() = default;

    /// Throws std::system_error with `errc::check_function_missing`, or with an error of
    /// `route_checks::add`; then nothing has changed.
    void add(std::string name, check_function function, const check_options& options);

    [[nodiscard]] bool empty() const noexcept { return empty_; }

    /// The clock that is used from now on. Null: the clock of the system, by which nothing can
    /// wait. Drops the answers that wait.
    void use(route_clock* clock);

    /// Sets what is called after each result, with `true`, and after each new check, with `false`,
    /// on any thread and outside the lock. Call it before the first of them.
    void on_news(unique_function<void(bool)> news) { news_ = std::move(news); }

    /// Begins the runs that are due. A result that is younger than `age_min` is not repeated.
    void refresh(duration age_min = duration::zero());

    /// If one of the runs under way is within its deadline, keeps the answer that `make` returns,
    /// calls it when it need not wait any more, and returns true.
    bool hold(function_reference<unique_function<void()>()> make);

    [[nodiscard]] check_status status() const;

    /// See route_checks::known and route_checks::changes_at.
    [[nodiscard]] check_status known() const;
    [[nodiscard]] std::optional<steady_time> changes_at(duration age_min) const;

    /// Returns the status, and the document that has it; see route_checks::document.
    [[nodiscard]] check_status describe(std::string& document, bool healthy,
                                        std::string_view version) const;

    /// Takes the result of a run.
    void finish(const check_run& run, check_result&& result) noexcept;

    /// A wait of the clock has ended.
    void wake(std::uint64_t number) noexcept override;

private:
    struct held_answer {
        unique_function<void()> send;
        std::uint64_t last_run;
        steady_time until;
    };
    using held_list = std::list<held_answer>;

    [[nodiscard]] steady_time steady_now() const;
    [[nodiscard]] wall_time wall_now() const;

    void call(check_function& function, const check_run& run);

    // Waits for the first deadline of the answers that wait. Returns false if there is no memory
    // for that. Call it with the mutex locked.
    [[nodiscard]] bool arm(steady_time now) noexcept;

    // Call it with the mutex locked.
    void stop_waiting() noexcept;

    // Removes the answers that need not wait any more, and waits for the others. Call it with the
    // mutex locked.
    [[nodiscard]] held_list take_settled(steady_time now) noexcept;

    static void send(held_list& answers) noexcept;

    mutable std::mutex mutex_;
    std::atomic<bool> empty_ = true;
    route_checks checks_;
    std::deque<check_function> functions_; // of each check; a deque does not move them
    route_clock* clock_ = nullptr;
    held_list held_;
    std::uint64_t wait_ = 0;           // the number of the last wait
    std::optional<steady_time> armed_; // when that wait ends
    unique_function<void(bool)> news_;
};

/// The ticket of one run. It does not keep the runner.
class run_ticket final : public check_ticket {
public:
    run_ticket(std::weak_ptr<check_runner> runner, const check_run& run) noexcept;
    ~run_ticket();

    void use(check_result&& result) noexcept override;

private:
    const std::weak_ptr<check_runner> runner_;
    const check_run run_;
    std::atomic<bool> used_ = false;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/detail/routes/impl/check_runner.ipp>
#endif

#endif
