// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_IMPL_ASIO_CLOCK_IPP
#define FOREST_ADAPTERS_ASIO_IMPL_ASIO_CLOCK_IPP

#include <forest/adapters/asio/asio_clock.hpp>

namespace forest::inline FOREST_FORM {

FOREST_DECL wall_time asio_clock::now() const {
    return std::chrono::floor<wall_time::duration>(std::chrono::system_clock::now());
}

FOREST_DECL steady_time asio_clock::steady_now() {
#if defined(CLOCK_BOOTTIME)
    std::timespec now{};
    if (::clock_gettime(CLOCK_BOOTTIME, &now) == 0)
        return steady_time{std::chrono::seconds{now.tv_sec} +
                           std::chrono::nanoseconds{now.tv_nsec}};
#endif
    return std::chrono::steady_clock::now();
}

FOREST_DECL void asio_clock::cancel() {
    bool any = false;
    {
        const std::lock_guard lock{state_->mutex};
        any = state_->canceling.take(state_->waits);
        state_->timer.cancel();
    }
    // The executor then owns the handlers, even if it never runs again. An executor that
    // refuses the task destroys the handlers, which needs the lock.
    if (any)
        state_->serializer.post(state_->canceling, state_);
}

FOREST_DECL void asio_clock::canceling_task::reserve(std::size_t count) {
    if (waits_.capacity() - waits_.size() < count)
        waits_.reserve(waits_.size() + 2 * count);
}

FOREST_DECL bool asio_clock::canceling_task::take(std::vector<wait>& all) noexcept {
    const bool any = !all.empty();
    for (wait& each : all)
        waits_.push_back(std::move(each));
    all.clear();
    return any;
}

FOREST_DECL void asio_clock::canceling_task::perform() {
    for (;;) {
        detail::unique_function<void(std::error_code)> handler;
        {
            const std::lock_guard lock{owner_.mutex};
            if (ended_ == waits_.size()) {
                waits_.clear();
                ended_ = 0;
                return;
            }
            handler = std::move(waits_[ended_++].handler);
        }
        try {
            handler(make_error_code(errc::operation_canceled));
        } catch (...) {
            owner_.serializer.post(*this, owner_.shared_from_this());
            throw;
        }
    }
}

FOREST_DECL void asio_clock::canceling_task::abandon() noexcept {
    std::vector<wait> dropped; // destroyed outside the lock
    const std::lock_guard lock{owner_.mutex};
    dropped.swap(waits_);
    ended_ = 0;
}

FOREST_DECL bool asio_clock::state::later(const wait& left, const wait& right) noexcept {
    return left.deadline != right.deadline ? left.deadline > right.deadline
                                           : left.sequence > right.sequence;
}

FOREST_DECL bool asio_clock::state::push(wait&& begun) {
    const std::uint64_t sequence = begun.sequence;
    canceling.reserve(waits.size() + 1);
    waits.push_back(std::move(begun));
    std::push_heap(waits.begin(), waits.end(), later);
    return waits.front().sequence == sequence;
}

FOREST_DECL void asio_clock::state::arm() {
    if (trying_again)
        return;
    timer.expires_at(waits.front().deadline);
    try {
        timer.async_wait(owned(memory, [](state& self, std::error_code ec) {
            if (!ec)
                self.wake_in_turn();
        }));
    } catch (const std::bad_alloc&) {
        try_again();
    }
}

FOREST_DECL void asio_clock::state::try_again() {
    trying_again = detail::finds_memory([this] {
        try {
            detail::post_owned(serializer.get_executor(),
                               owned(spare_memory, [](state& self) { self.retry(); }));
            return true;
        } catch (const std::bad_alloc&) { // The executor is not one of Asio.
            return false;
        }
    });
    if (!trying_again)
        throw std::bad_alloc{};
}

FOREST_DECL void asio_clock::state::retry() {
    detail::pause_for_memory();
    {
        const std::lock_guard lock{mutex};
        trying_again = false;
    }
    wake_in_turn();
}

FOREST_DECL void asio_clock::state::wake() {
    const auto now = timer_clock::now();
    for (;;) {
        std::unique_lock lock{mutex};
        if (waits.empty())
            return;
        if (waits.front().deadline > now)
            return arm();
        std::pop_heap(waits.begin(), waits.end(), later);
        auto handler = std::move(waits.back().handler);
        waits.pop_back();
        lock.unlock();
        try {
            handler(std::error_code{});
        } catch (...) {
            // If the context is run again after this, the other waits still end.
            lock.lock();
            if (!waits.empty())
                arm();
            throw;
        }
    }
}

} // namespace forest::inline FOREST_FORM

#endif
