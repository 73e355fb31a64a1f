// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_ROUTES_IMPL_CHECK_RUNNER_IPP
#define FOREST_DETAIL_ROUTES_IMPL_CHECK_RUNNER_IPP

#include <forest/core/detail/logic/call_or_report.hpp>
#include <forest/core/error.hpp>
#include <forest/detail/routes/check_runner.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace forest::inline FOREST_FORM::detail {

// Returns a failure with a text, or without one if there is no memory.
FOREST_DECL check_result failure(std::string_view text) noexcept {
    check_result result{false};
    try {
        result.output = text;
    } catch (const std::bad_alloc&) { // It fails without a text.
    }
    return result;
}

FOREST_DECL run_ticket::run_ticket(std::weak_ptr<check_runner> runner,
                                   const check_run& run) noexcept
    : runner_{std::move(runner)}, run_{run} {}

FOREST_DECL run_ticket::~run_ticket() {
    if (!used_)
        use(failure("the check was dropped"));
}

FOREST_DECL void run_ticket::use(check_result&& result) noexcept {
    if (used_.exchange(true))
        return;
    if (const std::shared_ptr<check_runner> owner = runner_.lock())
        owner->finish(run_, std::move(result));
}

FOREST_DECL check_function pooled_check(unique_function<void(unique_function<void()>)> post,
                                        unique_function<check_result()> check) {
    if (!post || !check)
        return {};
    // The pool must not keep the function of a route that is gone, nor call it.
    auto shared = std::make_shared<unique_function<check_result()>>(std::move(check));
    return [post = std::move(post), shared = std::move(shared)](check_report report) mutable {
        post([kept = std::weak_ptr{shared}, report = std::move(report)] {
            const auto function = kept.lock();
            if (function == nullptr)
                return;
            check_result result;
            call_or_report([&] { result = (*function)(); },
                           [&](std::string_view thrown) { result = failure(thrown); });
            report(std::move(result));
        });
    };
}

FOREST_DECL void check_runner::add(std::string name, check_function function,
                                   const check_options& options) {
    if (!function)
        throw std::system_error(make_error_code(errc::check_function_missing), name);
    std::unique_lock lock{mutex_};
    functions_.emplace_back();
    try {
        if (const std::error_code ec = checks_.add(name, options))
            throw std::system_error(ec, name);
    } catch (...) {
        functions_.pop_back();
        throw;
    }
    functions_.back() = std::move(function);
    empty_ = false;
    lock.unlock();
    if (news_)
        news_(false);
}

FOREST_DECL void check_runner::use(route_clock* clock) {
    held_list dropped;
    const std::lock_guard lock{mutex_};
    if (clock_ != nullptr)
        stop_waiting();
    clock_ = clock;
    dropped.swap(held_);
}

FOREST_DECL void check_runner::stop_waiting() noexcept {
    armed_.reset();
    ++wait_;
    try {
        clock_->cancel();
    } catch (const std::bad_alloc&) { // The wait ends later, and does nothing.
    }
}

FOREST_DECL steady_time check_runner::steady_now() const {
    return clock_ != nullptr ? clock_->steady_now() : std::chrono::steady_clock::now();
}

FOREST_DECL wall_time check_runner::wall_now() const {
    return clock_ != nullptr
               ? clock_->now()
               : std::chrono::floor<wall_time::duration>(std::chrono::system_clock::now());
}

FOREST_DECL void check_runner::refresh(duration age_min) {
    std::unique_lock lock{mutex_};
    for (std::size_t check = 0; check < checks_.size(); ++check) {
        const std::optional<check_run> run = checks_.begin(check, steady_now(), age_min);
        if (!run)
            continue;
        check_function& function = functions_[check];
        lock.unlock();
        call(function, *run);
        lock.lock();
        checks_.returned(*run);
    }
}

FOREST_DECL void check_runner::call(check_function& function, const check_run& run) {
    std::shared_ptr<check_ticket> ticket;
    try {
        ticket = std::make_shared<run_ticket>(weak_from_this(), run);
    } catch (const std::bad_alloc&) {
        finish(run, check_result{false});
        return;
    }
    const check_report report{std::move(ticket)};
    call_or_report([&] { function(report); },
                   [&](std::string_view thrown) { report(failure(thrown)); });
}

FOREST_DECL bool check_runner::hold(function_reference<unique_function<void()>()> make) {
    const std::lock_guard lock{mutex_};
    if (clock_ == nullptr)
        return false;
    const steady_time now = steady_now();
    const std::optional<steady_time> until = checks_.waits_until(checks_.last_run(), now);
    if (!until)
        return false;
    try {
        held_.push_back({make(), checks_.last_run(), *until});
    } catch (const std::bad_alloc&) {
        return false;
    }
    if (!arm(now)) {
        held_.pop_back();
        return false;
    }
    return true;
}

FOREST_DECL bool check_runner::arm(steady_time now) noexcept {
    const auto first = std::min_element(
        held_.begin(), held_.end(),
        [](const held_answer& left, const held_answer& right) { return left.until < right.until; });
    if (armed_ && *armed_ <= first->until)
        return true;
    try {
        clock_->wait(first->until - now, weak_from_this(), ++wait_);
    } catch (const std::bad_alloc&) {
        return false;
    }
    armed_ = first->until;
    return true;
}

FOREST_DECL void check_runner::wake(std::uint64_t number) noexcept {
    held_list settled;
    {
        const std::lock_guard lock{mutex_};
        if (number != wait_ || clock_ == nullptr)
            return;
        armed_.reset();
        settled = take_settled(steady_now());
    }
    send(settled);
}

FOREST_DECL check_runner::held_list check_runner::take_settled(steady_time now) noexcept {
    held_list settled;
    for (auto each = held_.begin(); each != held_.end();) {
        const auto next = std::next(each);
        if (const auto until = checks_.waits_until(each->last_run, now))
            each->until = *until; // earlier than before if a run has ended
        else
            settled.splice(settled.end(), held_, each);
        each = next;
    }
    if (held_.empty()) {
        if (armed_)
            stop_waiting();
    } else if (!arm(now)) {
        settled.splice(settled.end(), held_); // They get the results so far.
    }
    return settled;
}

FOREST_DECL void check_runner::send(held_list& answers) noexcept {
    for (held_answer& each : answers) {
        try {
            each.send();
        } catch (...) { // The server sends 500 when the responder is destroyed.
        }
    }
}

FOREST_DECL check_status check_runner::status() const {
    const std::lock_guard lock{mutex_};
    return checks_.status(steady_now());
}

FOREST_DECL check_status check_runner::known() const {
    const std::lock_guard lock{mutex_};
    return checks_.known(steady_now());
}

FOREST_DECL std::optional<steady_time> check_runner::changes_at(duration age_min) const {
    const std::lock_guard lock{mutex_};
    return checks_.changes_at(steady_now(), age_min);
}

FOREST_DECL check_status check_runner::describe(std::string& document, bool healthy,
                                                std::string_view version) const {
    const std::lock_guard lock{mutex_};
    const steady_time now = steady_now();
    document = checks_.document(healthy, version, now, wall_now());
    return checks_.status(now);
}

FOREST_DECL void check_runner::finish(const check_run& run, check_result&& result) noexcept {
    held_list settled;
    {
        const std::lock_guard lock{mutex_};
        const steady_time now = steady_now();
        checks_.finish(run, std::move(result), now, wall_now());
        settled = take_settled(now);
    }
    send(settled);
    if (news_)
        news_(true);
}

} // namespace forest::inline FOREST_FORM::detail

#endif
