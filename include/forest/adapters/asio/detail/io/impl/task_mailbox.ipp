// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_IO_IMPL_TASK_MAILBOX_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_IO_IMPL_TASK_MAILBOX_IPP

#include <forest/adapters/asio/detail/io/task_mailbox.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL bool task_mailbox::post(serial_task& task, std::shared_ptr<void> owner) noexcept {
    const std::lock_guard lock{mutex_};
    if (!posted_ && !visit_later(std::move(owner)))
        return false;
    tasks_.push(task, nullptr);
    return true;
}

// Performs one task in each visit, because other work must run, too. If the executor refuses a
// visit, the next task is performed here as well.
FOREST_DECL void task_mailbox::take(const std::shared_ptr<void>& owner, std::uint64_t,
                                    const std::error_code&) {
    bool is_last = false;
    for (bool arrived = true; !is_last; arrived = false) {
        task_queue::entry next;
        {
            const std::lock_guard lock{mutex_};
            if (arrived)
                posted_ = false;
            else if (posted_ || tasks_.empty())
                return;
            next = tasks_.pop();
            is_last = tasks_.empty() || visit_later(owner);
        }
        next.task->perform();
    }
}

FOREST_DECL void task_mailbox::drop(const std::shared_ptr<void>&) noexcept {
    if (giver_ == std::this_thread::get_id()) {
        refused_ = true;
        return;
    }
    while (abandon_next())
        ;
}

FOREST_DECL bool task_mailbox::abandon_next() noexcept {
    task_queue::entry next;
    {
        const std::lock_guard lock{mutex_};
        if (tasks_.empty())
            return false;
        next = tasks_.pop();
    }
    next.task->abandon();
    return true;
}

FOREST_DECL bool task_mailbox::visit_later(std::shared_ptr<void> owner) noexcept {
    giver_ = std::this_thread::get_id();
    refused_ = false;
    try {
        post_step(executor_, step_handler{std::move(owner), memory_, *this});
    } catch (...) { // There is no memory, and the visit was destroyed.
    }
    giver_ = std::thread::id{};
    posted_ = !refused_;
    return posted_;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
