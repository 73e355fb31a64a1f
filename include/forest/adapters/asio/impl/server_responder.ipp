// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_IMPL_SERVER_RESPONDER_IPP
#define FOREST_ADAPTERS_ASIO_IMPL_SERVER_RESPONDER_IPP

#include <forest/adapters/asio/detail/server/answer_slot.hpp>
#include <forest/adapters/asio/server_responder.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace forest::inline FOREST_FORM {

FOREST_DECL server_responder::server_responder(std::shared_ptr<detail::answer_slot> slot,
                                               std::uint64_t request) noexcept
    : slot_{std::move(slot)}, request_{request} {}

FOREST_DECL server_responder::server_responder(server_responder&&) noexcept = default;

FOREST_DECL server_responder::server_responder(const server_responder& other) noexcept
    : slot_{other.slot_}, request_{other.request_} {
    if (slot_ == nullptr)
        return;
    const std::lock_guard lock{*slot_->mutex};
    if (slot_->request == request_)
        ++slot_->holders;
}

FOREST_DECL server_responder& server_responder::operator=(server_responder other) noexcept {
    slot_.swap(other.slot_);
    std::swap(request_, other.request_);
    return *this;
}

FOREST_DECL server_responder::~server_responder() {
    if (slot_ == nullptr)
        return;
    const std::lock_guard lock{*slot_->mutex};
    if (slot_->request == request_ && --slot_->holders == 0 && slot_->connection != nullptr)
        slot_->connection->answer_error(detail::unanswered_status);
}

FOREST_DECL void server_responder::operator()(const response& answer) const {
    if (slot_ == nullptr)
        return;
    const std::lock_guard lock{*slot_->mutex};
    if (slot_->request == request_ && slot_->connection != nullptr)
        slot_->connection->answer(answer);
}

FOREST_DECL bool
server_responder::hold(detail::unique_function<void(hold_end)> on_end) const noexcept {
    if (slot_ == nullptr)
        return false;
    const std::lock_guard lock{*slot_->mutex};
    return slot_->request == request_ && slot_->connection != nullptr &&
           slot_->connection->hold(std::move(on_end));
}

} // namespace forest::inline FOREST_FORM

#endif
