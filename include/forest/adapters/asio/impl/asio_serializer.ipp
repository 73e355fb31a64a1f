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
    if (!detail::finds_memory([this] { return state_->give(state_); }))
        state_->abandon_all();
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
    if (giver == std::this_thread::get_id()) {
        denied = std::this_thread::get_id();
        return; // The giver still has the turn.
    }
    const detail::task_queue::entry dropped = next();
    if (dropped.task == nullptr)
        return;
    dropped.task->abandon();
    pass_on(owner);
}

FOREST_DECL bool asio_serializer::state::give(const std::shared_ptr<void>& owner) noexcept {
    const auto self = std::this_thread::get_id();
    giver = self;
    denied = std::thread::id{};
    bool accepted = true;
    try {
        detail::post_step(executor, detail::step_handler{owner, memory, *this});
    } catch (...) {
        accepted = false;
    }
    auto still = self;
    giver.compare_exchange_strong(still, std::thread::id{});
    // A strand destroys what is posted to it while its context ends, and throws nothing.
    if (accepted && denied == self)
        abandon_all();
    return accepted;
}

FOREST_DECL void asio_serializer::state::abandon_all() noexcept {
    for (auto dropped = next(); dropped.task != nullptr; dropped = next())
        dropped.task->abandon();
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
