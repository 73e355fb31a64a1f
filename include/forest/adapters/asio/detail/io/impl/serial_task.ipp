// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_IO_IMPL_SERIAL_TASK_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_IO_IMPL_SERIAL_TASK_IPP

#include <forest/adapters/asio/detail/io/serial_task.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL void task_queue::push(serial_task& last, std::shared_ptr<void> owner) noexcept {
    if (std::exchange(last.queued_, true))
        return;
    last.owner_ = std::move(owner);
    last.next_ = nullptr;
    (last_ != nullptr ? last_->next_ : first_) = &last;
    last_ = &last;
}

FOREST_DECL auto task_queue::pop() noexcept -> entry {
    serial_task* const taken = std::exchange(first_, first_->next_);
    if (first_ == nullptr)
        last_ = nullptr;
    taken->queued_ = false;
    return {taken, std::move(taken->owner_)};
}

} // namespace forest::inline FOREST_FORM::detail

#endif
