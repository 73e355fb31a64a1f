// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_IMPL_PENDING_GET_IPP
#define FOREST_ADAPTERS_ASIO_IMPL_PENDING_GET_IPP

#include <forest/adapters/asio/pending_get.hpp>
#include <forest/core/options.hpp>

#include <algorithm>
#include <cassert>
#include <new>
#include <system_error>
#include <utility>

namespace forest::inline FOREST_FORM {

// Calls the handler, and keeps alive what the reply points into.
struct pending_get::ending {
    std::shared_ptr<pending_get> self;
    detail::unique_function<void(const reply&)> handler;
    reply answer;
    std::vector<char> memory;

    void operator()() {
        handler(answer);
        const lock held{self->mutex_};
        self->give_back(memory);
    }
};

FOREST_DECL FOREST_COLD pending_get::pending_get(const asio_serializer& serializer,
                                                 std::mutex& mutex)
    : serializer_{serializer}, mutex_{mutex}, timer_{serializer.get_executor()} {}

FOREST_DECL void pending_get::open(const request& http_request, duration timeout,
                                   detail::unique_function<void(const reply&)>&& handler) {
    assert(state_ == state::idle); // One GET at a time.
    started_ = clock::now();
    deadline_ = started_ + std::clamp(timeout, duration::zero(), options::duration_max);
    wait_until(deadline_);
    handler_ = std::move(handler);
    http_request_ = &http_request;
    result_ = {};
    result_.connections_opened = 0;
    state_ = state::pending;
}

FOREST_DECL void pending_get::wait_until(clock::time_point time) {
    timer_.expires_at(std::min(time, deadline_));
    timer_.async_wait([self = shared_from_this()](const std::error_code&) { self->timer_ended(); });
    ++waits_;
}

FOREST_DECL void pending_get::end(errc why) noexcept {
    state_ = state::ended;
    result_.error = why == errc{} ? std::error_code{} : make_error_code(why);
    result_.timings.total = clock::now() - started_;
    timer_.cancel();
}

FOREST_DECL void pending_get::timer_ended() {
    lock held{mutex_};
    --waits_;
    if (state_ == state::pending)
        woke(clock::now());
    if (state_ == state::ended)
        return deliver(held);
    if (state_ == state::idle || waits_ > 0)
        return;
    try {
        wait_until(deadline_);
    } catch (const std::bad_alloc&) {
        // What was begun is given up, as at the deadline.
        woke(clock::time_point::max());
        result_.error = errc::local_resources_exhausted;
        deliver(held);
    }
}

FOREST_DECL void pending_get::deliver(lock& held) {
    ending last{shared_from_this(), std::move(handler_), result_, {}};
    last.memory = take_answer(last.answer);
    state_ = state::idle;
    held.unlock();
    serializer_.run(std::move(last));
}

} // namespace forest::inline FOREST_FORM

#endif
