// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_IO_IMPL_STEP_HANDLER_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_IO_IMPL_STEP_HANDLER_IPP

#include <forest/adapters/asio/detail/io/step_handler.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL void next_step::drop(const std::shared_ptr<void>&) noexcept {}

FOREST_DECL step_handler::step_handler(std::shared_ptr<void> owner, handler_memory& memory,
                                       next_step& step, std::uint64_t number) noexcept
    : owner_{std::move(owner)}, memory_{&memory}, step_{&step}, number_{number} {}

FOREST_DECL step_handler::step_handler(step_handler&& other) noexcept
    : owner_{std::move(other.owner_)},
      memory_{other.memory_},
      step_{std::exchange(other.step_, nullptr)},
      number_{other.number_} {}

FOREST_DECL step_handler::~step_handler() {
    if (step_ != nullptr)
        step_->drop(owner_);
}

FOREST_DECL void step_handler::operator()(const std::error_code& ec) {
    std::exchange(step_, nullptr)->take(owner_, number_, ec);
}

FOREST_DECL void post_step(const asio::any_io_executor& executor, step_handler handler) {
    post_owned(executor, std::move(handler));
}

} // namespace forest::inline FOREST_FORM::detail

#endif
