// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_IMPL_ASIO_SERIALIZER_IPP
#define FOREST_ADAPTERS_ASIO_IMPL_ASIO_SERIALIZER_IPP

#include <forest/adapters/asio/asio_serializer.hpp>

namespace forest::inline FOREST_FORM {

FOREST_DECL void asio_serializer::run(detail::serial_task& task,
                                      std::shared_ptr<void> owner) const {
    {
        const std::lock_guard lock{state_->mutex};
        if (state_->busy)
            return state_->waiting.push(task, std::move(owner));
        state_->busy = true;
    }
    const turn mine{state_};
    task.perform();
}

FOREST_DECL void asio_serializer::post(detail::serial_task& task,
                                       std::shared_ptr<void> owner) const {
    {
        const std::lock_guard lock{state_->mutex};
        state_->waiting.push(task, std::move(owner));
        if (std::exchange(state_->busy, true))
            return;
    }
    if (detail::finds_memory([this] { return state_->give(state_); }))
        return;
    // Perhaps the turn is never given. Then the waiting tasks would keep their owners alive,
    // and an owner may own this serializer.
    for (auto dropped = state_->next(); dropped.task != nullptr; dropped = state_->next())
        dropped.task->abandon();
}

FOREST_DECL detail::task_queue::entry asio_serializer::state::next() noexcept {
    const std::lock_guard lock{mutex};
    busy = !waiting.empty();
    return busy ? waiting.pop() : detail::task_queue::entry{};
}

FOREST_DECL void asio_serializer::state::take(const std::shared_ptr<void>& owner, std::uint64_t,
                                              const std::error_code&) {
    const detail::task_queue::entry first = next();
    if (first.task == nullptr)
        return;
    const turn mine{std::static_pointer_cast<state>(owner)};
    first.task->perform();
}

FOREST_DECL void asio_serializer::state::drop(const std::shared_ptr<void>& owner) noexcept {
    if (giver == std::this_thread::get_id())
        return; // The executor has refused the turn, so the giver still has it.
    const detail::task_queue::entry dropped = next();
    if (dropped.task == nullptr)
        return;
    dropped.task->abandon();
    pass_on(owner);
}

FOREST_DECL bool asio_serializer::state::give(const std::shared_ptr<void>& owner) noexcept {
    auto self = std::this_thread::get_id();
    giver = self;
    bool taken = true;
    try {
        detail::post_step(executor, detail::step_handler{owner, memory, *this});
    } catch (...) {
        taken = false;
    }
    giver.compare_exchange_strong(self, std::thread::id{});
    return taken;
}

FOREST_DECL void asio_serializer::state::pass_on(const std::shared_ptr<void>& owner) noexcept {
    for (;;) {
        {
            const std::lock_guard lock{mutex};
            busy = !waiting.empty();
            if (!busy)
                return;
        }
        if (give(owner))
            return;
        // An executor that is not one of Asio may lack memory. This thread is one of the
        // executor's threads, and the turn is over. So the next task may run here.
        try {
            if (const auto first = next(); first.task != nullptr)
                first.task->perform();
        } catch (...) { // A destructor cannot report the exception.
        }
    }
}

} // namespace forest::inline FOREST_FORM

#endif
