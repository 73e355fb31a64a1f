// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_CHECK_REPORT_HPP
#define FOREST_CORE_CHECK_REPORT_HPP

#include <forest/core/route_check.hpp>
#include <forest/form.hpp>

#include <memory>
#include <utility>

// The object with which a check of a route passes on its result.

namespace forest::inline FOREST_FORM {

namespace detail {

class check_runner;

/// The right to pass on the result of one run. Its destructor passes on a failure if there was no
/// result.
class check_ticket {
public:
    check_ticket(const check_ticket&) = delete;
    check_ticket& operator=(const check_ticket&) = delete;

    virtual void use(check_result&& result) noexcept = 0;

protected:
    check_ticket() = default;
    ~check_ticket() = default;
};

} // namespace detail

/// Takes the result of one run of a check. You may copy it, keep it, and call it from any thread,
/// at once or later, also after the route is gone. Only the first call has an effect. If the last
/// copy is destroyed without a call, the check has failed: "the check was dropped".
///
/// The call may send the answers that wait for it, and so run the callback of `on_answer`. It
/// throws nothing.
class check_report {
public:
    void operator()(check_result result) const noexcept {
        if (ticket_ != nullptr)
            ticket_->use(std::move(result));
    }

private:
    friend class detail::check_runner;

    explicit check_report(std::shared_ptr<detail::check_ticket> ticket) noexcept
        : ticket_{std::move(ticket)} {}

    std::shared_ptr<detail::check_ticket> ticket_; // null after a move
};

} // namespace forest::inline FOREST_FORM

#endif
