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
    if (detail::finds_memory([this] { return turn::give(state_); }))
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

FOREST_DECL asio_serializer::turn::~turn() {
    if (state_ == nullptr)
        return;
    if (given_) {
        if (state_->giver == std::this_thread::get_id())
            return; // The executor has refused the turn, so the giver still has it.
        const auto dropped = state_->next();
        if (dropped.task == nullptr)
            return;
        dropped.task->abandon();
    }
    pass_on();
}

FOREST_DECL void asio_serializer::turn::operator()() {
    given_ = false;
    if (const auto next = state_->next(); next.task != nullptr)
        next.task->perform();
    else
        state_.reset();
}

FOREST_DECL bool asio_serializer::turn::give(const std::shared_ptr<state>& shared) noexcept {
    auto self = std::this_thread::get_id();
    shared->giver = self;
    bool taken = true;
    try {
        turn passed{shared};
        passed.given_ = true;
        detail::post_owned(shared->executor, std::move(passed));
    } catch (...) {
        taken = false;
    }
    shared->giver.compare_exchange_strong(self, std::thread::id{});
    return taken;
}

FOREST_DECL void asio_serializer::turn::pass_on() noexcept {
    for (;;) {
        {
            const std::lock_guard lock{state_->mutex};
            state_->busy = !state_->waiting.empty();
            if (!state_->busy)
                return;
        }
        if (give(state_))
            return;
        // An executor that is not one of Asio may lack memory. This thread is one of the
        // executor's threads, and the turn is over. So the next task may run here.
        try {
            if (const auto next = state_->next(); next.task != nullptr)
                next.task->perform();
        } catch (...) { // A destructor cannot report the exception.
        }
    }
}

} // namespace forest::inline FOREST_FORM

#endif
