// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SERVER_IMPL_SERVER_PARTY_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SERVER_IMPL_SERVER_PARTY_IPP

#include <forest/adapters/asio/detail/server/server_party.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL void server_party::take_turn(const std::shared_ptr<void>& owner, step_function step,
                                         std::error_code ec, std::uint64_t number) {
    const auto self = std::static_pointer_cast<server_party>(owner);
    self->server_->turns.run([self, step, ec, number] {
        server_lock lock{*self->server_};
        if (!self->closed())
            step(*self, lock, ec, number);
    });
}

} // namespace forest::inline FOREST_FORM::detail

#endif
