// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_IMPL_BACKGROUND_IPP
#define FOREST_ADAPTERS_ASIO_IMPL_BACKGROUND_IPP

#include <forest/adapters/asio/background.hpp>
#include <forest/adapters/posix/fork_mark.hpp>

#include <asio/executor_work_guard.hpp>

#include <memory>
#include <thread>

namespace forest::inline FOREST_FORM {

struct background::state {
    fork_mark made;
    asio::io_context context{1};
    asio::executor_work_guard<executor_type> work{context.get_executor()};
    std::thread thread{[this] { context.run(); }};
};

FOREST_DECL background::background() : state_{std::make_unique<state>()} {}

FOREST_DECL background::~background() {
    if (state_->made.in_child()) {
        // The thread does not exist here, and may have held a lock of the context for ever.
        (void)state_.release();
        return;
    }
    state_->context.stop();
    state_->thread.join();
}

FOREST_DECL background::executor_type background::get_executor() noexcept {
    return state_->context.get_executor();
}

} // namespace forest::inline FOREST_FORM

#endif
