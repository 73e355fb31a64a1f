// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SERVER_IMPL_SERVER_EVICTION_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SERVER_IMPL_SERVER_EVICTION_IPP

#include <forest/adapters/asio/detail/server/server_eviction.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL std::shared_ptr<server_connection> first_to_give_way(const connection_list& list,
                                                                 const server_connection* asking) {
    const auto now = server_connection::clock::now();
    const auto found = std::find_if(list.begin(), list.end(), [&](const auto& each) {
        return each.get() != asking && each->gives_way(now);
    });
    return found == list.end() ? nullptr : *found;
}

FOREST_DECL std::shared_ptr<server_connection> next_to_give_way(const server_state& server,
                                                                const server_connection* asking) {
    if (auto stranger = first_to_give_way(server.strangers, asking))
        return stranger;
    if (asking != nullptr && asking->is_stranger())
        return nullptr;
    if (auto waiting = first_to_give_way(server.idle, asking))
        return waiting;
    return first_to_give_way(server.busy, asking);
}

FOREST_DECL accept_room make_place(server_state& server, std::unique_lock<std::mutex>& lock) {
    while (true) {
        const auto next = next_to_give_way(server);
        if (next == nullptr) {
            const auto held = std::find_if(server.busy.begin(), server.busy.end(),
                                           [](const auto& each) { return each->held(); });
            if (held != server.busy.end())
                (*held)->answer_now();
            return {accept_room::kind::none};
        }
        if (!next->is_stranger()) {
            next->close();
            return {accept_room::kind::made};
        }
        const auto stay = std::min<server_connection::clock::duration>(
            server.strangers.size() * stranger_stay, stranger_stay_max);
        const auto now = server_connection::clock::now();
        if (now < next->accepted_at() + stay)
            return {accept_room::kind::not_yet, next->accepted_at() + stay};
        next->look_once_more(lock);
        if (server.stopping)
            return {accept_room::kind::none};
        if (next->closed())
            return {accept_room::kind::made};
        if (!next->is_stranger() || !next->gives_way(now))
            continue; // A handler has taken its request.
        next->close();
        server.pressed_until = now + pressure_lasts;
        return {accept_room::kind::made};
    }
}

FOREST_DECL bool make_room(server_state& server, std::size_t bytes,
                           const server_connection& asking) {
    while (!server.memory.fits(bytes)) {
        const auto next = next_to_give_way(server, &asking);
        if (next == nullptr)
            return false;
        next->close();
    }
    return true;
}

FOREST_DECL void end_holds(server_state& server) {
    for (auto next = server.busy.begin(); next != server.busy.end();) {
        const std::shared_ptr<server_connection> connection = *next++;
        if (connection->held())
            connection->answer_now();
    }
}

FOREST_DECL void close_idle(server_state& server) {
    for (connection_list* list : {&server.strangers, &server.idle}) {
        for (auto next = list->begin(); next != list->end();) {
            const std::shared_ptr<server_connection> connection = *next++;
            if (connection->idle())
                connection->close();
        }
    }
}

FOREST_DECL void server_state::grace_end::take(const std::shared_ptr<void>& owner, std::uint64_t,
                                               const std::error_code& ec) {
    auto& server = *static_cast<server_state*>(owner.get());
    const server_lock cut_off{server};
    if (!ec)
        close_all(server);
}

FOREST_DECL void close_all(server_state& server) {
    for (connection_list* list : {&server.strangers, &server.idle, &server.busy}) {
        while (!list->empty()) {
            const std::shared_ptr<server_connection> connection = list->front();
            connection->close();
        }
    }
}

} // namespace forest::inline FOREST_FORM::detail

#endif
