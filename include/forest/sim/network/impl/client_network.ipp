// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_IMPL_CLIENT_NETWORK_IPP
#define FOREST_SIM_NETWORK_IMPL_CLIENT_NETWORK_IPP

#include <forest/sim/network/client_network.hpp>

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL client_network::client_network(host& owner, std::optional<connection_setup> setup)
    : owner_{&owner}, setup_{setup} {
    assert(!setup_ || setup_->valid());
}

FOREST_DECL forest::detail::name_state client_network::ask(std::string_view name, link& over,
                                                           bool after_failed_connect,
                                                           forest::detail::name_waiter& waiter) {
    using state = forest::detail::name_state;
    links_.try_emplace(std::string{name}).first->second = &over;
    const state found = book_.ask(name, after_failed_connect, waiter, owner_->timer_now(),
                                  [](std::string_view) { return false; });
    if (found == state::waiting || found == state::refreshing)
        ++waiting_;
    begin_all();
    return found;
}

FOREST_DECL void client_network::leave(forest::detail::name_waiter& waiter,
                                       bool has_last_good) noexcept {
    --waiting_;
    if (has_last_good)
        book_.lose_patience(waiter);
    else
        book_.leave(waiter);
}

FOREST_DECL void client_network::used(std::string_view name, unsigned number,
                                      bool answered) noexcept {
    book_.used(name, address(number), answered);
}

FOREST_DECL ip_address client_network::address(unsigned number) noexcept {
    ip_address made{};
    made.bytes[0] = 10;
    made.bytes[3] = static_cast<std::uint8_t>(number);
    return made;
}

FOREST_DECL void client_network::begin_all() {
    while (entry* const next = book_.next()) {
        ++lookups_;
        link& over = *links_.find(next->name)->second;
        over.look_up([this, alive = std::weak_ptr<void>{alive_}, next, &over] {
            if (!alive.expired())
                answer(*next, over);
        });
    }
}

FOREST_DECL void client_network::answer(entry& lookup, link& over) {
    --lookups_;
    const steady_time now = owner_->timer_now();
    if (over.unresolvable > 0) {
        unsettled_until_ = now + book_.limits().failure_lifetime;
        book_.answered(lookup, errc::resolve_failed, {}, {}, now);
    } else {
        std::array<ip_address, connection_setup::addresses_max> all;
        const auto count = static_cast<std::size_t>(setup_->addresses);
        for (unsigned number = 0; number < count; ++number)
            all[number] = address(number);
        book_.answered(lookup, {}, std::span{all}.first(count), {}, now);
    }
    begin_all();
}

} // namespace forest::inline FOREST_FORM::sim

#endif
